/*
 * cockroach7504: who acquires a lease by name locks the cache of names, then
 * the lease; who releases one locks the lease, then the cache.
 * Mended: the lease is given back before the cache is locked.
 */
#include "case.h"

struct leases {
	pthread_mutex_t names;
	pthread_mutex_t table;
	pthread_mutex_t lease;
	pthread_barrier_t both_have_one;
};

static void
acquire_by_name(void *argument)
{
	struct leases *leases = argument;

	lock(&leases->names);
	meet(&leases->both_have_one);
	lock(&leases->lease);
	unlock(&leases->lease);
	unlock(&leases->names);
}

static void
forget_name(struct leases *leases)
{
	lock(&leases->names);
	unlock(&leases->names);
}

static void
release(void *argument)
{
	struct leases *leases = argument;

	lock(&leases->table);
	lock(&leases->lease);
	meet(&leases->both_have_one);
	if (!case_mended) {
		forget_name(leases);
	}
	unlock(&leases->lease);
	unlock(&leases->table);
	if (case_mended) {
		forget_name(leases);
	}
}

static void
run(void)
{
	struct leases *leases = NEW(struct leases);

	meeting_init(&leases->both_have_one);
	GO(acquire_by_name, leases);
	GO(release, leases);
}

CASE(cockroach7504) = {
	.name = "cockroach7504",
	.class = "AB",
	.run = run,
	.waits = {
		{ "acquire_by_name", "mutex lock", 1 },
		{ "release", "mutex lock", 1 },
	},
};
