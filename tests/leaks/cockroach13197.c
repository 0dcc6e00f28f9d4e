/*
 * cockroach13197: a transaction has a task that awaits its end, and its user
 * throws it away without a rollback.
 * Mended: the rollback.
 */
#include "case.h"

struct transaction {
	struct strand_chan *done;
};

static void
await_done(void *argument)
{
	struct transaction *transaction = argument;

	take(transaction->done);
}

static struct transaction *
begin(void)
{
	struct transaction *transaction = NEW(struct transaction);

	transaction->done = channel(0);
	GO(await_done, transaction);
	return transaction;
}

static void
rollback(struct transaction *transaction)
{
	strand_chan_close(transaction->done);
}

static void
run(void)
{
	struct transaction *transaction = begin();

	if (case_mended) {
		rollback(transaction);
	}
}

CASE(cockroach13197) = {
	.name = "cockroach13197",
	.class = "CX",
	.run = run,
	.waits = { { "await_done", "chan receive", 1 } },
};
