/*
 * cockroach18101: a producer has eight items for a channel that holds six; the
 * consumer takes one, and leaves when the context is cancelled.
 * Mended: the producer hears of it too.
 */
#include "case.h"

#define ROOM  6
#define ITEMS 8

struct restore {
	struct strand_chan *ready;
	struct strand_chan *cancelled;
};

static void
presplit(void *argument)
{
	struct restore *restore = argument;

	for (int i = 0; i < ITEMS; i++) {
		if (!case_mended) {
			put(restore->ready);
		} else if (SELECT(TO(restore->ready),
			       FROM(restore->cancelled)) == 1) {
			break;
		}
	}
	strand_chan_close(restore->ready);
}

static void
split(void *argument)
{
	struct restore *restore = argument;

	take(restore->ready);
	take(restore->cancelled);
}

static void
run(void)
{
	struct restore *restore = NEW(struct restore);

	restore->ready = channel(ROOM);
	restore->cancelled = channel(0);
	GO(presplit, restore);
	GO(split, restore);
	case_settle();
	strand_chan_close(restore->cancelled);
}

CASE(cockroach18101) = {
	.name = "cockroach18101",
	.class = "CX",
	.run = run,
	.waits = { { "presplit", "chan send", 1 } },
};
