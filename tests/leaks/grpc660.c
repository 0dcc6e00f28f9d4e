/*
 * grpc660: each round of a benchmark starts a call and waits for its end, or
 * for the word to stop; after that word nobody waits for the last call.
 * Mended: the channel has room for a call's one result.
 */
#include "case.h"

struct call {
	struct strand_chan *done;
	pthread_barrier_t stopped;
};

static void
call_unary(void *argument)
{
	struct call *call = argument;

	meet(&call->stopped);
	put(call->done);
}

static struct call *
close_loop(struct strand_chan *stop)
{
	for (;;) {
		struct call *call = NEW(struct call);

		call->done = channel(case_mended ? 1 : 0);
		meeting_init(&call->stopped);
		GO(call_unary, call);
		if (SELECT(FROM(stop), FROM(call->done)) == 0) {
			return call;
		}
	}
}

static void
run(void)
{
	struct strand_chan *stop = channel(0);

	strand_chan_close(stop);
	meet(&close_loop(stop)->stopped);
}

CASE(grpc660) = {
	.name = "grpc660",
	.class = "C",
	.run = run,
	.waits = { { "call_unary", "chan send", 1 } },
};
