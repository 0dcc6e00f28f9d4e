/*
 * kubernetes62464: a state is looked up with the read lock held, by a function
 * that takes the read lock; in between a writer has queued.
 * Mended: the lock is given back before the function is called.
 */
#include "case.h"

struct state {
	pthread_rwlock_t mutex;
	bool assigned;
	pthread_barrier_t reading;
};

static bool
get(struct state *state)
{
	bool assigned;

	read_lock(&state->mutex);
	assigned = state->assigned;
	rw_unlock(&state->mutex);
	return assigned;
}

static bool
get_or_default(struct state *state)
{
	bool assigned;

	read_lock(&state->mutex);
	meet(&state->reading);
	rwlock_await_writer(&state->mutex);
	if (case_mended) {
		rw_unlock(&state->mutex);
		return get(state);
	}
	assigned = get(state);
	rw_unlock(&state->mutex);
	return assigned;
}

static void
reconcile(void *argument)
{
	get_or_default(argument);
}

static void
remove_container(void *argument)
{
	struct state *state = argument;

	get(state);
	meet(&state->reading);
	write_lock(&state->mutex);
	rw_unlock(&state->mutex);
}

static void
run(void)
{
	struct state *state = NEW(struct state);

	rwlock_init(&state->mutex);
	meeting_init(&state->reading);
	GO(reconcile, state);
	GO(remove_container, state);
}

CASE(kubernetes62464) = {
	.name = "kubernetes62464",
	.class = "RWR",
	.run = run,
	.waits = {
		{ "reconcile", "rwlock read lock", 1 },
		{ "remove_container", "rwlock write lock", 1 },
	},
};
