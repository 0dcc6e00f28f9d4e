/*
 * etcd7902: clients wait for the leader to resign, with the lock held that the
 * leader needs for it. What they share lies on their parent's stack.
 * Mended: they wait without the lock.
 */
#include "case.h"

#define CLIENTS 3

struct election {
	pthread_mutex_t mutex;
	struct strand_chan *next; /* closed when the leader resigns */
	struct strand_wg *clients;
};

static void
follow(void *argument)
{
	struct election *election = argument;
	struct strand_chan *next;

	lock(&election->mutex);
	next = election->next;
	if (case_mended) {
		unlock(&election->mutex);
	}
	take(next);
	if (!case_mended) {
		unlock(&election->mutex);
	}
	strand_wg_done(election->clients);
}

static void
lead(void *argument)
{
	struct election *election = argument;
	struct strand_chan *next;

	lock(&election->mutex);
	next = election->next;
	election->next = channel(0);
	strand_chan_close(next);
	unlock(&election->mutex);
	strand_wg_done(election->clients);
}

/* Looks who comes next, and has nothing to wait for. */
static void
observe(void *argument)
{
	struct election *election = argument;

	lock(&election->mutex);
	unlock(&election->mutex);
	strand_wg_done(election->clients);
}

static void
run(void)
{
	struct election election = {
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.next = channel(0),
		.clients = wait_group(CLIENTS),
	};

	GO(follow, &election);
	case_settle();
	GO(lead, &election);
	GO(observe, &election);
	wait_for(election.clients);
}

CASE(etcd7902) = {
	.name = "etcd7902",
	.class = "CL",
	.run = run,
	.waits = {
		{ "run", "waitgroup wait", 1 },
		{ "follow", "chan receive", 1 },
		{ "lead", "mutex lock", 1 },
		{ "observe", "mutex lock", 1 },
	},
};
