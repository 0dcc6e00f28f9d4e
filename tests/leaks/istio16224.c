/*
 * istio16224: the handler of an event says that it is done with a lock held;
 * who waits for that wants the lock first. The lock lies on a stack.
 * Mended: who waits does so first.
 */
#include "case.h"

struct controller {
	pthread_mutex_t *mutex;
	struct strand_chan *events;
	struct strand_chan *done;
	struct strand_chan *stop;
	pthread_barrier_t handling;
};

static void
monitor(void *argument)
{
	struct controller *controller = argument;

	while (SELECT(FROM(controller->stop), FROM(controller->events)) == 1) {
		lock(controller->mutex);
		meet(&controller->handling);
		put(controller->done);
		unlock(controller->mutex);
	}
}

static void
look_at_result(struct controller *controller)
{
	lock(controller->mutex);
	unlock(controller->mutex);
}

static void
run(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct controller controller = {
		.mutex = &mutex,
		.events = channel(0),
		.done = channel(0),
		.stop = channel(0),
	};

	meeting_init(&controller.handling);
	GO(monitor, &controller);
	put(controller.events);
	meet(&controller.handling);
	if (!case_mended) {
		look_at_result(&controller);
	}
	take(controller.done);
	look_at_result(&controller);
	strand_chan_close(controller.stop);
	case_settle(); /* the stack is the monitor's too */
}

CASE(istio16224) = {
	.name = "istio16224",
	.class = "CL",
	.run = run,
	.waits = { { "run", "mutex lock", 1 }, { "monitor", "chan send", 1 } },
};
