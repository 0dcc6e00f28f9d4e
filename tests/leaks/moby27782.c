/*
 * moby27782: who follows a log hears that the log is closed, and waits until
 * the watcher confirms that the file was removed. The watcher has a write to
 * report first, which nobody hears any more.
 * Mended: a write that nobody hears is dropped, and the removal confirmed.
 */
#include "case.h"

struct watcher {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool removed;
	struct strand_chan *events;
	struct strand_chan *done;
	struct strand_chan *closed;
};

static void
await_removal(struct watcher *watcher)
{
	lock(&watcher->mutex);
	while (!watcher->removed) {
		pthread_cond_wait(&watcher->changed, &watcher->mutex);
	}
	unlock(&watcher->mutex);
}

static void
read_logs(void *argument)
{
	struct watcher *watcher = argument;

	if (SELECT(FROM(watcher->events), FROM(watcher->closed)) == 1) {
		await_removal(watcher);
	}
	strand_chan_close(watcher->done);
}

static void
confirm_removal(struct watcher *watcher)
{
	lock(&watcher->mutex);
	watcher->removed = true;
	pthread_cond_broadcast(&watcher->changed);
	unlock(&watcher->mutex);
}

static void
read_events(void *argument)
{
	struct watcher *watcher = argument;

	if (case_mended) {
		SELECT_NOW(TO(watcher->events));
		confirm_removal(watcher);
	} else {
		SELECT(TO(watcher->events), FROM(watcher->done));
		confirm_removal(watcher);
	}
}

static void
run(void)
{
	struct watcher *watcher = NEW(struct watcher);

	watcher->events = channel(0);
	watcher->done = channel(0);
	watcher->closed = channel(0);
	strand_chan_close(watcher->closed);
	GO(read_logs, watcher);
	case_settle();
	GO(read_events, watcher);
}

CASE(moby27782) = {
	.name = "moby27782",
	.class = "CV",
	.run = run,
	.waits = { { "read_logs", "cond wait", 1 },
	    { "read_events", "select", 1 } },
};
