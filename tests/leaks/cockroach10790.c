/*
 * cockroach10790: when the context is cancelled, a drainer is started that
 * receives once from every command's channel. Whoever was to send there has
 * heard of the cancellation as well, and sends no more.
 * Mended: the drainer hears of it too.
 */
#include "case.h"

#define COMMANDS 2

struct replica {
	struct strand_chan *commands[COMMANDS];
	struct strand_chan *cancelled;
};

static void
drain(void *argument)
{
	struct replica *replica = argument;

	for (int i = 0; i < COMMANDS; i++) {
		if (case_mended) {
			SELECT(FROM(replica->commands[i]),
			    FROM(replica->cancelled));
		} else {
			take(replica->commands[i]);
		}
	}
}

static void
begin_commands(void *argument)
{
	struct replica *replica = argument;

	for (int i = 0; i < COMMANDS; i++) {
		if (SELECT(FROM(replica->commands[i]),
			FROM(replica->cancelled)) == 1) {
			GO(drain, replica);
		}
	}
}

static void
deliver(void *argument)
{
	struct replica *replica = argument;

	put(replica->commands[0]);
	take(replica->cancelled);
}

static void
run(void)
{
	struct replica *replica = NEW(struct replica);

	for (int i = 0; i < COMMANDS; i++) {
		replica->commands[i] = channel(0);
	}
	replica->cancelled = channel(0);
	GO(begin_commands, replica);
	GO(deliver, replica);
	case_settle();
	strand_chan_close(replica->cancelled);
}

CASE(cockroach10790) = {
	.name = "cockroach10790",
	.class = "CX",
	.run = run,
	.waits = { { "drain", "chan receive", 1 } },
};
