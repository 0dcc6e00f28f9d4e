/*
 * kubernetes58107: a worker waits for work with the read lock held; a writer
 * waits for the worker, and the next worker for the writer.
 * Mended: workers wait for work without the lock.
 */
#include "case.h"

struct controller {
	pthread_rwlock_t mutex;
	pthread_mutex_t queue;
	pthread_cond_t filled;
	bool shut;
};

static void
get(struct controller *controller)
{
	lock(&controller->queue);
	while (!controller->shut) {
		pthread_cond_wait(&controller->filled, &controller->queue);
	}
	unlock(&controller->queue);
}

static void
work(void *argument)
{
	struct controller *controller = argument;

	if (case_mended) {
		get(controller);
		read_lock(&controller->mutex);
	} else {
		read_lock(&controller->mutex);
		get(controller);
	}
	rw_unlock(&controller->mutex);
}

/* What shuts the queue in the end. */
static void
synchronise(void *argument)
{
	struct controller *controller = argument;

	write_lock(&controller->mutex);
	lock(&controller->queue);
	controller->shut = true;
	pthread_cond_broadcast(&controller->filled);
	unlock(&controller->queue);
	rw_unlock(&controller->mutex);
}

static void
run(void)
{
	struct controller *controller = NEW(struct controller);

	rwlock_init(&controller->mutex);
	GO(work, controller);
	case_settle();
	GO(synchronise, controller);
	case_settle();
	GO(work, controller);
}

CASE(kubernetes58107) = {
	.name = "kubernetes58107",
	.class = "RWR",
	.run = run,
	.waits = {
		{ "work", "cond wait", 1 },
		{ "synchronise", "rwlock write lock", 1 },
		{ "work", "rwlock read lock", 1 },
	},
};
