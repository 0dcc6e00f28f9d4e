/*
 * cockroach3710: a scan holds the store's read lock and, further down, takes it
 * again; in between a writer has queued, whom no reader may overtake.
 * Mended: who is further down relies on the lock that is held.
 */
#include "case.h"

struct store {
	pthread_rwlock_t replicas;
	pthread_mutex_t queue;
	pthread_barrier_t scanning;
};

static void
raft_status(struct store *store)
{
	if (!case_mended) {
		read_lock(&store->replicas);
		rw_unlock(&store->replicas);
	}
}

static void
scan(void *argument)
{
	struct store *store = argument;

	read_lock(&store->replicas);
	lock(&store->queue);
	meet(&store->scanning);
	rwlock_await_writer(&store->replicas);
	raft_status(store);
	unlock(&store->queue);
	rw_unlock(&store->replicas);
}

static void
process_raft(void *argument)
{
	struct store *store = argument;

	meet(&store->scanning);
	write_lock(&store->replicas);
	rw_unlock(&store->replicas);
}

static void
start_raft(void *argument)
{
	GO(process_raft, argument);
}

static void
run(void)
{
	struct store *store = NEW(struct store);

	rwlock_init(&store->replicas);
	meeting_init(&store->scanning);
	GO(scan, store);
	GO(start_raft, store);
}

CASE(cockroach3710) = {
	.name = "cockroach3710",
	.class = "RWR",
	.run = run,
	.waits = {
		{ "scan", "rwlock read lock", 1 },
		{ "process_raft", "rwlock write lock", 1 },
	},
};
