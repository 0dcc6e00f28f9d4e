/*
 * kubernetes13135: a cacher fills its cache with its own lock held, which a
 * callback of the cache gives back; in the second round somebody adds to the
 * cache, whose callback wants the cacher's lock with the cache's held.
 * Mended: that callback is called when the cache's lock has been given back.
 */
#include "case.h"

#define ROUNDS 2

struct cacher {
	pthread_mutex_t mutex;
	pthread_rwlock_t cache;
	struct strand_wg *initialized;
	int round;
	pthread_barrier_t both_have_one;
};

static void
on_replace(struct cacher *cacher)
{
	if (++cacher->round == 1) {
		strand_wg_done(cacher->initialized);
	}
	unlock(&cacher->mutex);
}

static void
replace(struct cacher *cacher)
{
	write_lock(&cacher->cache);
	on_replace(cacher);
	rw_unlock(&cacher->cache);
}

static void
start_caching(void *argument)
{
	struct cacher *cacher = argument;

	for (int i = 0; i < ROUNDS; i++) {
		lock(&cacher->mutex);
		if (i > 0) {
			meet(&cacher->both_have_one);
		}
		replace(cacher);
	}
}

static void
on_event(struct cacher *cacher)
{
	lock(&cacher->mutex);
	unlock(&cacher->mutex);
}

static void
add(void *argument)
{
	struct cacher *cacher = argument;

	wait_for(cacher->initialized);
	write_lock(&cacher->cache);
	meet(&cacher->both_have_one);
	if (!case_mended) {
		on_event(cacher);
	}
	rw_unlock(&cacher->cache);
	if (case_mended) {
		on_event(cacher);
	}
}

static void
run(void)
{
	struct cacher *cacher = NEW(struct cacher);

	rwlock_init(&cacher->cache);
	cacher->initialized = wait_group(1);
	meeting_init(&cacher->both_have_one);
	GO(start_caching, cacher);
	GO(add, cacher);
}

CASE(kubernetes13135) = {
	.name = "kubernetes13135",
	.class = "AB",
	.run = run,
	.waits = {
		{ "start_caching", "rwlock write lock", 1 },
		{ "add", "mutex lock", 1 },
	},
};
