/*
 * kubernetes1321: events are handed to a watcher with the lock held, and the
 * watcher, who reads none, wants the lock to say that it stops.
 * Mended: it says that it stops before, and who hands on hears of it.
 */
#include "case.h"

struct mux {
	pthread_mutex_t mutex;
	struct strand_chan *result;
	struct strand_chan *stopped;
};

static void
distribute(void *argument)
{
	struct mux *mux = argument;

	lock(&mux->mutex);
	if (case_mended) {
		SELECT(TO(mux->result), FROM(mux->stopped));
	} else {
		put(mux->result);
	}
	unlock(&mux->mutex);
}

static void
stop_watching(void *argument)
{
	struct mux *mux = argument;

	if (case_mended) {
		strand_chan_close(mux->stopped);
	}
	lock(&mux->mutex);
	strand_chan_close(mux->result);
	unlock(&mux->mutex);
}

static void
run(void)
{
	struct mux *mux = NEW(struct mux);

	mux->result = channel(0);
	mux->stopped = channel(0);
	GO(distribute, mux);
	case_settle();
	GO(stop_watching, mux);
}

CASE(kubernetes1321) = {
	.name = "kubernetes1321",
	.class = "CL",
	.run = run,
	.waits = {
		{ "distribute", "chan send", 1 },
		{ "stop_watching", "mutex lock", 1 },
	},
};
