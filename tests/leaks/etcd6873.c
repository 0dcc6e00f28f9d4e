/*
 * etcd6873: stop() holds the lock while it waits for the worker, which needs
 * the lock for each item that is left.
 * Mended: stop() gives it back first.
 */
#include "case.h"

struct broadcasts {
	pthread_mutex_t mutex;
	struct strand_chan *updates;
	struct strand_chan *done;
};

static void
coalesce(void *argument)
{
	struct broadcasts *broadcasts = argument;

	while (take(broadcasts->updates)) {
		lock(&broadcasts->mutex);
		unlock(&broadcasts->mutex);
	}
	strand_chan_close(broadcasts->done);
}

static void
stop(void *argument)
{
	struct broadcasts *broadcasts = argument;

	lock(&broadcasts->mutex);
	strand_chan_close(broadcasts->updates);
	if (case_mended) {
		unlock(&broadcasts->mutex);
	}
	take(broadcasts->done);
	if (!case_mended) {
		unlock(&broadcasts->mutex);
	}
}

static void
run(void)
{
	struct broadcasts *broadcasts = NEW(struct broadcasts);

	broadcasts->updates = channel(1);
	broadcasts->done = channel(0);
	put(broadcasts->updates);
	GO(stop, broadcasts);
	case_settle();
	GO(coalesce, broadcasts);
}

CASE(etcd6873) = {
	.name = "etcd6873",
	.class = "CL",
	.run = run,
	.waits = { { "stop", "chan receive", 1 },
	    { "coalesce", "mutex lock", 1 } },
};
