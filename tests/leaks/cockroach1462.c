/*
 * cockroach1462: a worker has looked whether it shall stop, and then sends; the
 * one that received has been told to stop meanwhile. Who told them waits for
 * both.
 * Mended: the send hears of the stop.
 */
#include "case.h"

struct stopper {
	struct strand_chan *events;
	struct strand_chan *stop;
	struct strand_wg *workers;
	pthread_barrier_t stopped;
};

static void
produce(void *argument)
{
	struct stopper *stopper = argument;

	while (SELECT_NOW(FROM(stopper->stop)) != 0) {
		meet(&stopper->stopped);
		if (case_mended) {
			SELECT(TO(stopper->events), FROM(stopper->stop));
		} else {
			put(stopper->events);
		}
	}
	strand_wg_done(stopper->workers);
}

static void
consume(void *argument)
{
	struct stopper *stopper = argument;

	while (SELECT(FROM(stopper->events), FROM(stopper->stop)) == 0) {
	}
	strand_wg_done(stopper->workers);
}

static void
stop(void *argument)
{
	struct stopper *stopper = argument;

	strand_chan_close(stopper->stop);
	wait_for(stopper->workers);
}

static void
run(void)
{
	struct stopper *stopper = NEW(struct stopper);

	stopper->events = channel(0);
	stopper->stop = channel(0);
	stopper->workers = wait_group(2);
	meeting_init(&stopper->stopped);
	GO(produce, stopper);
	GO(consume, stopper);
	case_settle();
	GO(stop, stopper);
	case_settle();
	meet(&stopper->stopped);
}

CASE(cockroach1462) = {
	.name = "cockroach1462",
	.class = "W",
	.run = run,
	.waits = { { "produce", "chan send", 1 },
	    { "stop", "waitgroup wait", 1 } },
};
