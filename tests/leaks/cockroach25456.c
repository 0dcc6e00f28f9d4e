/*
 * cockroach25456: a queue is processed until the store is told to quiesce, by
 * the very task that processes it, afterwards.
 * Mended: the store is told before.
 */
#include "case.h"

struct store {
	struct strand_chan *quiesce;
};

static void
process(struct store *store)
{
	take(store->quiesce);
}

static void
stop(struct store *store)
{
	strand_chan_close(store->quiesce);
}

static void
run(void)
{
	struct store *store = NEW(struct store);

	store->quiesce = channel(0);
	if (case_mended) {
		stop(store);
		process(store);
	} else {
		process(store);
		stop(store);
	}
}

CASE(cockroach25456) = {
	.name = "cockroach25456",
	.class = "C",
	.run = run,
	.waits = { { "process", "chan receive", 1 } },
};
