/*
 * kubernetes30872: a controller's queue calls a handler with its lock held, and
 * the handler wants the deliverer's; the deliverer, with its own lock held,
 * asks the queue whether it is in sync. Who shall stop them all queues up.
 * Mended: the handler is called without the queue's lock.
 */
#include "case.h"

struct controller {
	pthread_mutex_t deliverer;
	pthread_rwlock_t queue;
	struct strand_chan *stop;
	pthread_barrier_t both_have_one;
};

static void
handle(struct controller *controller)
{
	lock(&controller->deliverer);
	unlock(&controller->deliverer);
}

static void
control(void *argument)
{
	struct controller *controller = argument;

	write_lock(&controller->queue);
	meet(&controller->both_have_one);
	if (!case_mended) {
		handle(controller);
	}
	rw_unlock(&controller->queue);
	if (case_mended) {
		handle(controller);
	}
}

static bool
has_synced(struct controller *controller)
{
	write_lock(&controller->queue);
	rw_unlock(&controller->queue);
	return true;
}

static void
deliver(void *argument)
{
	struct controller *controller = argument;

	lock(&controller->deliverer);
	meet(&controller->both_have_one);
	has_synced(controller);
	unlock(&controller->deliverer);
}

static void
stop_delivering(void *argument)
{
	struct controller *controller = argument;

	take(controller->stop);
	lock(&controller->deliverer);
	unlock(&controller->deliverer);
}

static void
run(void)
{
	struct controller *controller = NEW(struct controller);

	rwlock_init(&controller->queue);
	controller->stop = channel(0);
	meeting_init(&controller->both_have_one);
	GO(control, controller);
	GO(deliver, controller);
	GO(stop_delivering, controller);
	case_settle();
	strand_chan_close(controller->stop);
}

CASE(kubernetes30872) = {
	.name = "kubernetes30872",
	.class = "AB",
	.run = run,
	.waits = {
		{ "control", "mutex lock", 1 },
		{ "deliver", "rwlock write lock", 1 },
		{ "stop_delivering", "mutex lock", 1 },
	},
};
