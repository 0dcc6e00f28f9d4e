/*
 * moby21233: a transfer's watchers report progress to a consumer that leaves
 * after the first report; who releases the watchers waits for each to finish.
 * Mended: a report hears of the release.
 */
#include "case.h"

#define WATCHERS 3

struct watcher {
	struct strand_chan *progress;
	struct strand_chan *release;
	struct strand_chan *running;
};

static void
consume(void *argument)
{
	struct watcher *watcher = argument;

	take(watcher->progress);
}

static void
watch(void *argument)
{
	struct watcher *watcher = argument;

	if (case_mended) {
		SELECT(TO(watcher->progress), FROM(watcher->release));
	} else {
		put(watcher->progress);
	}
	take(watcher->release);
	strand_chan_close(watcher->running);
}

static void
run(void)
{
	struct watcher *watchers = case_memory(WATCHERS * sizeof(*watchers));
	struct strand_chan *progress = channel(0);

	for (int i = 0; i < WATCHERS; i++) {
		watchers[i].progress = progress;
		watchers[i].release = channel(0);
		watchers[i].running = channel(0);
		GO(watch, &watchers[i]);
		case_settle(); /* the first is served first */
	}
	GO(consume, &watchers[0]);
	case_settle();
	for (int i = 0; i < WATCHERS; i++) {
		strand_chan_close(watchers[i].release);
		take(watchers[i].running);
	}
}

CASE(moby21233) = {
	.name = "moby21233",
	.class = "C",
	.run = run,
	.waits = { { "run", "chan receive", 1 }, { "watch", "chan send", 2 } },
};
