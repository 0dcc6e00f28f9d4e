/*
 * kubernetes70277: a task waits for its own stop channel, which it closes
 * itself, later. It had lent the channel to a poller, which has a timeout;
 * until that is over somebody who runs could close it, for all that can be
 * known.
 * Mended: the channel is closed first.
 */
#include "case.h"

struct poll {
	struct strand_chan *ticks;
	struct strand_chan *done;
	int64_t timeout;
};

/* Ticks once, and stays until it is told to go or its time is over. */
static void
poll(void *argument)
{
	struct poll *poll = argument;
	struct strand_timer *timeout =
	    strand_after(strand_now() + poll->timeout);

	put(poll->ticks);
	SELECT(FROM(poll->done), FROM(strand_timer_chan(timeout)));
	strand_timer_stop(timeout);
}

static void
wait_for_condition(struct strand_chan *done, int64_t timeout)
{
	struct poll *one = NEW(struct poll);

	one->ticks = channel(0);
	one->done = done;
	one->timeout = timeout;
	GO(poll, one);
	take(one->ticks);
}

static void
wait_and_stop(int64_t timeout)
{
	struct strand_chan *done = channel(0);

	wait_for_condition(done, timeout);
	if (case_mended) {
		strand_chan_close(done);
		take(done);
	} else {
		take(done);
		strand_chan_close(done);
	}
}

static void
run(void)
{
	wait_and_stop(CASE_TIMER);
	/* Its poller has gone when nothing moves. */
}

static void
run_early(void)
{
	wait_and_stop(3600 * STRAND_SECOND);
}

CASE(after) = {
	.name = "kubernetes70277",
	.class = "C",
	.run = run,
	.waits = { { "wait_and_stop", "chan receive", 1 } },
};

CASE(before) = {
	.name = "kubernetes70277_early",
	.class = "C",
	.run = run_early,
	.waits = {
		{ "wait_and_stop", "chan receive", 1 },
		{ "poll", "select", 1 },
	},
	.silent = true,
};
