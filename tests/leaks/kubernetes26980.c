/*
 * kubernetes26980: pop() holds the lock, and with items pending waits only for
 * the word to stop. That comes from somebody who waits for a result, which
 * needs the lock.
 * Mended: pop() waits without the lock.
 */
#include "case.h"

struct processor {
	pthread_rwlock_t mutex;
	struct strand_chan *stop;
	struct strand_chan *result;
};

static void
pop(void *argument)
{
	struct processor *processor = argument;

	write_lock(&processor->mutex);
	if (case_mended) {
		rw_unlock(&processor->mutex);
	}
	take(processor->stop);
	if (!case_mended) {
		rw_unlock(&processor->mutex);
	}
}

static void
close_result(void *argument)
{
	struct processor *processor = argument;

	write_lock(&processor->mutex);
	strand_chan_close(processor->result);
	rw_unlock(&processor->mutex);
}

static void
run(void)
{
	struct processor *processor = NEW(struct processor);

	rwlock_init(&processor->mutex);
	processor->stop = channel(0);
	processor->result = channel(0);
	GO(pop, processor);
	case_settle();
	GO(close_result, processor);
	take(processor->result);
	strand_chan_close(processor->stop);
}

CASE(kubernetes26980) = {
	.name = "kubernetes26980",
	.class = "CL",
	.run = run,
	.waits = {
		{ "pop", "chan receive", 1 },
		{ "close_result", "rwlock write lock", 1 },
		{ "run", "chan receive", 1 },
	},
};
