/*
 * cockroach10214: a store's heartbeat takes the store's lock and, for each
 * replica, the replica's; a replica's tick takes them the other way round.
 * Mended: the tick gives its locks back before it takes the store's.
 */
#include "case.h"

struct replica {
	pthread_mutex_t raft;
	pthread_mutex_t state;
	struct store *store;
};

struct store {
	pthread_mutex_t coalesced;
	struct replica *replica;
	pthread_barrier_t both_have_one;
};

static void
report_unreachable(struct replica *replica)
{
	lock(&replica->raft);
	unlock(&replica->raft);
}

static void
heartbeat(void *argument)
{
	struct store *store = argument;

	lock(&store->coalesced);
	meet(&store->both_have_one);
	report_unreachable(store->replica);
	unlock(&store->coalesced);
}

static void
give_back(struct replica *replica)
{
	unlock(&replica->state);
	unlock(&replica->raft);
}

static void
tick(void *argument)
{
	struct replica *replica = argument;
	struct store *store = replica->store;

	lock(&replica->raft);
	lock(&replica->state);
	meet(&store->both_have_one);
	if (case_mended) {
		give_back(replica);
	}
	lock(&store->coalesced);
	unlock(&store->coalesced);
	if (!case_mended) {
		give_back(replica);
	}
}

static void
run(void)
{
	struct store *store = NEW(struct store);

	store->replica = NEW(struct replica);
	store->replica->store = store;
	meeting_init(&store->both_have_one);
	GO(heartbeat, store);
	GO(tick, store->replica);
}

CASE(cockroach10214) = {
	.name = "cockroach10214",
	.class = "AB",
	.run = run,
	.waits = { { "heartbeat", "mutex lock", 1 },
	    { "tick", "mutex lock", 1 } },
};
