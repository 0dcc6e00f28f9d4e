/*
 * kubernetes25331: a watch that gets an error cancels its context, and sends a
 * last result; who caused the error, by stopping it, reads no results.
 * Mended: the channel has room for it.
 */
#include "case.h"

struct watch {
	struct strand_chan *errors;
	struct strand_chan *results;
	struct strand_chan *cancelled;
};

static void
watch(void *argument)
{
	struct watch *watch = argument;

	take(watch->errors);
	strand_chan_close(watch->cancelled);
	put(watch->results);
}

static void
stop(struct watch *watch)
{
	put(watch->errors);
	take(watch->cancelled);
}

static void
run(void)
{
	struct watch *one = NEW(struct watch);

	one->errors = channel(0);
	one->results = channel(case_mended ? 1 : 0);
	one->cancelled = channel(0);
	GO(watch, one);
	stop(one);
}

CASE(kubernetes25331) = {
	.name = "kubernetes25331",
	.class = "CX",
	.run = run,
	.waits = { { "watch", "chan send", 1 } },
};
