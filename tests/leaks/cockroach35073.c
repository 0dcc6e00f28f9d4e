/*
 * cockroach35073: rows are pushed to an outbox, which fails at its start, and
 * goes without a word to those who push. The channel is full.
 * Mended: the outbox says that it takes no more, by closing the channel.
 */
#include "case.h"

#define ROOM 16

struct flow {
	struct strand_chan *rows;
	struct strand_wg *pushers;
	struct strand_wg *outbox;
};

static void
push_one(void *argument)
{
	struct flow *flow = argument;

	put(flow->rows);
	strand_wg_done(flow->pushers);
}

static void
outbox(void *argument)
{
	struct flow *flow = argument;

	if (case_mended) {
		strand_chan_close(flow->rows);
	}
	strand_wg_done(flow->outbox);
}

static void
run(void)
{
	struct flow flow = {
		.rows = channel(ROOM),
		.pushers = wait_group(1),
		.outbox = wait_group(1),
	};

	for (int i = 0; i < ROOM; i++) {
		put(flow.rows);
	}
	GO(push_one, &flow);
	GO(outbox, &flow);
	wait_for(flow.outbox);
	put(flow.rows);
	wait_for(flow.pushers);
}

CASE(cockroach35073) = {
	.name = "cockroach35073",
	.class = "C",
	.run = run,
	.waits = { { "push_one", "chan send", 1 }, { "run", "chan send", 1 } },
};
