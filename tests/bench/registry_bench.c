/*
 * registry_bench: two tasks look up sessions by name, as fast as they can.
 * `registry_bench NAME` prints nanoseconds per lookup (time that passed,
 * divided by the lookups of both tasks together):
 *
 *	strand   libstrand's registry
 *	rwlock   a map behind a pthread read-write lock
 *	closure  a map that one task owns; it runs closures that the others send
 *	         it over an unbuffered channel, and each waits for its answer
 *	shared   libstrand's registry, each task asking for all sessions
 *	large    libstrand's registry with 100,000 sessions
 *	single   libstrand's registry, one task only
 *
 * Each task asks, in random order, for sessions of its own, as in a server each
 * has its own clients: half of them, where it is not said otherwise.
 *
 * The map of the second and third is a hash table, filled to a quarter, which
 * never changes during the measurement. A session found is referenced and given
 * back in all of them, as one that is to be used must be.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strand.h"

enum {
	SESSIONS = 1000,
	SESSIONS_LARGE = 100000,
	NAME_SIZE = 32,
	LOOKUPS = 2000000,       /* of each task */
	LOOKUPS_CLOSURE = 50000, /* of each task, where they are slow */
	TABLE = 4096,            /* places of the plain map */
	TASKS = 2                /* at most */
};

/* ---- A plain map, and who guards it ------------------------------------ */

struct plain {
	const char *name;
	_Atomic int refs;
};

static struct plain plain_sessions[SESSIONS];
static struct plain *plain_table[TABLE];
static pthread_rwlock_t plain_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct strand_chan *plain_owner; /* of closures */
static struct strand_registry *registry;
static char (*names)[NAME_SIZE];
static size_t name_count = SESSIONS;

static size_t
plain_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char) *name) * 16777619u;
	return hash;
}

static struct plain *
plain_find(const char *name)
{
	for (size_t i = plain_hash(name);; i++) {
		struct plain *found = plain_table[i % TABLE];

		if (!found || strcmp(found->name, name) == 0)
			return found;
	}
}

static void
plain_fill(void)
{
	for (size_t k = 0; k < SESSIONS; k++) {
		size_t i = plain_hash(names[k]);

		while (plain_table[i % TABLE])
			i++;
		plain_sessions[k].name = names[k];
		plain_table[i % TABLE] = &plain_sessions[k];
	}
}

/* ---- One lookup, in each manner ---------------------------------------- */

static void
lookup_strand(const char *name)
{
	strand_session_unref(strand_session_get(registry, name));
}

static void
lookup_rwlock(const char *name)
{
	struct plain *found;

	pthread_rwlock_rdlock(&plain_lock);
	found = plain_find(name);
	atomic_fetch_add(&found->refs, 1);
	pthread_rwlock_unlock(&plain_lock);
	atomic_fetch_sub(&found->refs, 1);
}

struct closure {
	void (*run)(struct closure *closure);
	const char *name;           /* to be found */
	struct strand_chan *answer; /* gets a struct plain * */
};

static void
run_lookup(struct closure *closure)
{
	struct plain *found = plain_find(closure->name);

	atomic_fetch_add(&found->refs, 1);
	strand_chan_send(closure->answer, &found, STRAND_FOREVER);
}

static void
own_map(void *unused)
{
	struct closure closure;

	while (strand_chan_recv(plain_owner, &closure, STRAND_FOREVER) == 0)
		closure.run(&closure);
}

static void
lookup_closure(const char *name)
{
	struct closure closure = {
		.run = run_lookup,
		.name = name,
		.answer = strand_chan_new(sizeof(struct plain *), 0),
	};
	struct plain *found;

	strand_chan_send(plain_owner, &closure, STRAND_FOREVER);
	strand_chan_recv(closure.answer, &found, STRAND_FOREVER);
	atomic_fetch_sub(&found->refs, 1);
	strand_chan_unref(closure.answer);
}

/* ---- The measurement --------------------------------------------------- */

struct client {
	void (*lookup)(const char *name);
	size_t lookups;
	size_t first; /* of the sessions it asks for */
	size_t count; /* of these */
	struct strand_wg *done;
};

static void
run_client(void *arg)
{
	struct client client = *(struct client *) arg;
	uint32_t random = (uint32_t) (uintptr_t) &client | 1;

	for (size_t i = 0; i < client.lookups; i++) {
		random = random * 1664525 + 1013904223;
		client.lookup(
		    names[client.first + (random >> 8) % client.count]);
	}
	strand_wg_done(client.done);
}

/* Each task asks for sessions of its own, or, if they share, for all. */
static double
measure(void (*lookup)(const char *name), size_t lookups, int tasks, bool share)
{
	struct client clients[TASKS];
	struct strand_wg *done = strand_wg_new();
	size_t each = share ? name_count : name_count / tasks;
	int64_t begin = strand_now();

	strand_wg_add(done, tasks);
	for (int i = 0; i < tasks; i++) {
		clients[i] = (struct client) { lookup, lookups,
			share ? 0 : i * each, each, done };
		if (strand_go("client", run_client, &clients[i]) != 0)
			abort();
	}
	strand_wg_wait(done, STRAND_FOREVER);
	return (double) (strand_now() - begin) / (lookups * tasks);
}

static void
prepare(void)
{
	names = calloc(name_count, sizeof(*names));
	registry = strand_registry_new("bench");
	for (size_t i = 0; i < name_count; i++) {
		snprintf(names[i], NAME_SIZE, "session-%zu", i);
		strand_session_unref(
		    strand_session_open(registry, names[i], NULL));
	}
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	double ns;

	if (strcmp(what, "large") == 0)
		name_count = SESSIONS_LARGE;
	prepare();
	if (strcmp(what, "strand") == 0 || strcmp(what, "large") == 0) {
		ns = measure(lookup_strand, LOOKUPS, 2, false);
	} else if (strcmp(what, "shared") == 0) {
		ns = measure(lookup_strand, LOOKUPS, 2, true);
	} else if (strcmp(what, "single") == 0) {
		ns = measure(lookup_strand, LOOKUPS, 1, false);
	} else if (strcmp(what, "rwlock") == 0) {
		plain_fill();
		ns = measure(lookup_rwlock, LOOKUPS, 2, false);
	} else if (strcmp(what, "closure") == 0) {
		plain_fill();
		plain_owner = strand_chan_new(sizeof(struct closure), 0);
		strand_go("owner", own_map, NULL);
		ns = measure(lookup_closure, LOOKUPS_CLOSURE, 2, false);
	} else {
		return 2;
	}
	printf("%.1f\n", ns);
	return 0;
}
