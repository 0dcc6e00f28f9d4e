/*
 * session.c: the registry of sessions.
 *
 * Problem: in a server every message asks for its session. A map that one task
 * owns, or that a lock guards, makes all of them queue; so does a reader's
 * lock, whose counter is written by every reader.
 *
 * Idea: the registry is divided into shards by the hash of the name. A shard is
 * a table with open addressing, in which those that open and close sessions
 * write under the shard's lock, and others look without any: they only see to
 * it that nothing is freed under their eyes (reclaim.h), and take a reference,
 * which fails if the session is dead: the last one has been given back. A table
 * is never changed but in two ways: an empty place gets a session, and a
 * session becomes GONE. When it is too full, a new table takes its place, and
 * the old one is freed later; a reader that still looks there finds what was
 * there when it began, and knows by the session's own mark that one has been
 * closed since.
 *
 * References. The one who opens a session gets one, each who finds it another,
 * and the registry has one as long as the session is open. A session holds on
 * to the memory of its registry, so that it can be closed by anyone at any
 * time, also while the last reference to the registry is given back.
 *
 * A shard's sessions are also in a list, for those who visit all of them. A
 * visitor's place in the list is a node of its own, which others step over; so
 * a visit needs no memory, and sessions may come and go meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "lock.h"
#include "public.h"
#include "reclaim.h"
#include "self.h"
#include "stranded_observer.h"

enum {
	SHARDS = 32,
	TABLE_FIRST = 8 /* places of a shard's first table */
};

/* A link in the list of a shard. */
struct link {
	struct link *next;
	struct link *prev;
	bool is_session; /* of a session; else a visitor's place */
};

/*
 * Two cache lines. The first changes with every use; the second, with the name,
 * stays in the caches of all who look for sessions.
 */
struct strand_session {
	_Alignas(64) _Atomic uint32_t refs; /* or DEAD, and whatever else */
	void *owner;
	uint64_t id;
	struct strand_garbage
	    garbage;      /* valid when the last reference is gone */
	struct link link; /* in the shard's list, while open */

	_Alignas(64) uint64_t hash; /* of the name */
	struct strand_registry *registry;
	uint64_t handle;   /* the observer's */
	_Atomic bool open; /* changed under the shard's lock */
	char name[];
};

#define DEAD (UINT32_C(1) << 31)

struct place {
	_Atomic uint64_t hash; /* valid if there is a session,
	                                            or was */
	_Atomic(struct strand_session *) session; /* NULL: empty, and has always
	                                             been; GONE: no longer */
};

#define GONE ((struct strand_session *) 1)

struct table {
	struct strand_garbage garbage; /* valid when the table is replaced */
	size_t mask;                   /* number of places, less 1 */
	size_t used; /* places that are not empty; GONE counts */
	struct place places[];
};

struct shard {
	_Alignas(STRAND_LINE) struct strand_lock lock; /* guards all of this */
	_Atomic(struct table *) table;                 /* NULL: none yet */
	_Atomic size_t count;                          /* open sessions */
	struct link list;                              /* its head */
};

struct strand_registry {
	struct shard shards[SHARDS];
	_Atomic size_t refs;  /* the users' */
	_Atomic size_t holds; /* who needs the memory: each session, and the
	                         users together */
	char name[];          /* for those who look with a debugger */
};

static _Atomic uint64_t next_id = 1;

/* ---- Names --------------------------------------------------------------- */

/* Fewer than eight, in one word, without a loop. */
static inline uint64_t
last_bytes(const char *name, size_t length)
{
	uint32_t first = 0;
	uint32_t last = 0;

	if (length >= 4) {
		memcpy(&first, name, 4);
		memcpy(&last, name + length - 4, 4);
	} else if (length > 0) {
		first = (unsigned char) name[0] |
		    (unsigned char) name[length / 2] << 8;
		last = (unsigned char) name[length - 1];
	}
	return (uint64_t) last << 32 | first;
}

/*
 * Clients choose names, so they must not be able to choose ones that collide:
 * the hash depends on a secret, which the kernel gives to each program at its
 * start. The step is that of wyhash (Wang Yi): the two halves of a product.
 */
static uint64_t secret[2];

__attribute__((constructor)) static void
learn_secret(void)
{
	const void *random = (const void *) getauxval(AT_RANDOM);

	if (random)
		memcpy(secret, random, sizeof(secret));
	secret[1] |= 1;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static uint64_t
hash_name(const char *name, size_t length)
{
	uint64_t hash = secret[0] ^ length;
	uint64_t word;

	for (; length >= 8; length -= 8, name += 8) {
		memcpy(&word, name, 8);
		hash = mix(hash ^ word, secret[1]);
	}
	hash = mix(hash ^ last_bytes(name, length), secret[1]);
	return mix(hash, secret[1] ^ secret[0] << 1);
}

static struct shard *
shard_of(struct strand_registry *registry, uint64_t hash)
{
	return &registry->shards[hash >> 48 & (SHARDS - 1)];
}

/* ---- References ---------------------------------------------------------- */

static void
release_hold(struct strand_registry *registry)
{
	if (atomic_fetch_sub_explicit(
		&registry->holds, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		free(atomic_load(&registry->shards[i].table));
	free(registry);
}

static void
free_session(struct strand_garbage *garbage)
{
	free((char *) garbage - offsetof(struct strand_session, garbage));
}

struct strand_session *
strand_session_ref(struct strand_session *session)
{
	if (session)
		atomic_fetch_add_explicit(
		    &session->refs, 1, memory_order_relaxed);
	return session;
}

/* The last reference is gone, unless somebody has just found the session. */
static void
end(struct strand_session *session)
{
	uint32_t none = 0;

	if (!atomic_compare_exchange_strong_explicit(&session->refs, &none,
		DEAD, memory_order_acq_rel, memory_order_relaxed))
		return;
	release_hold(session->registry);
	strand_reclaim_free(&session->garbage, free_session);
}

void
strand_session_unref(struct strand_session *session)
{
	if (session &&
	    atomic_fetch_sub_explicit(
		&session->refs, 1, memory_order_acq_rel) == 1)
		end(session);
}

/*
 * Takes a reference, unless the session is dead. It is added without a look:
 * a look would fetch the cache line once more.
 */
static bool
try_ref(struct strand_session *session)
{
	return !(
	    atomic_fetch_add_explicit(&session->refs, 1, memory_order_acquire) &
	    DEAD);
}

/* ---- Tables -------------------------------------------------------------- */

static struct table *
table_new(size_t places)
{
	struct table *table =
	    calloc(1, sizeof(*table) + places * sizeof(table->places[0]));

	if (table)
		table->mask = places - 1;
	return table;
}

static void
free_table(struct strand_garbage *garbage)
{
	free(garbage);
}

/* The place of the session of that name, or NULL. */
static inline struct place *
table_find(struct table *table, uint64_t hash, const char *name)
{
	if (!table)
		return NULL;
	for (size_t i = hash;; i++) {
		struct place *place = &table->places[i & table->mask];
		struct strand_session *session = atomic_load(&place->session);

		if (!session)
			return NULL;
		if (session == GONE ||
		    atomic_load_explicit(&place->hash, memory_order_relaxed) !=
			hash)
			continue;
		__builtin_prefetch(session, 1); /* for the reference */
		if (strcmp(session->name, name) == 0)
			return place;
	}
}

/* There is an empty place, and the session is not in the table. */
static void
table_insert(struct table *table, struct strand_session *session)
{
	size_t i = session->hash;
	struct place *place;

	do
		place = &table->places[i++ & table->mask];
	while (atomic_load_explicit(&place->session, memory_order_relaxed));
	atomic_store_explicit(
	    &place->hash, session->hash, memory_order_relaxed);
	atomic_store(&place->session, session);
	table->used++;
}

/*
 * Sees to it that the shard's table has room for one more: at most half of the
 * places are not empty, for a reader that looks at one place in vain guesses
 * wrong how its loop goes on, and that costs more than the memory of a place.
 * The next table has room for twice the sessions that are open, so that closing
 * and opening at a steady count pays for it in many steps. The lock is held.
 */
static int
reserve(struct shard *shard)
{
	struct table *old = atomic_load(&shard->table);
	size_t places = TABLE_FIRST;
	struct table *table;

	if (old && old->used < (old->mask + 1) / 2)
		return 0;
	while (places / 4 < atomic_load(&shard->count) + 1)
		places *= 2;
	table = table_new(places);
	if (!table)
		return ENOMEM;
	for (size_t i = 0; old && i <= old->mask; i++) {
		struct strand_session *session =
		    atomic_load(&old->places[i].session);

		if (session && session != GONE)
			table_insert(table, session);
	}
	atomic_store(&shard->table, table);
	if (old)
		strand_reclaim_free(&old->garbage, free_table);
	return 0;
}

/* ---- The list ------------------------------------------------------------ */

static void
list_insert(struct link *after, struct link *link)
{
	link->prev = after;
	link->next = after->next;
	after->next->prev = link;
	after->next = link;
}

static void
list_remove(struct link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

static struct strand_session *
session_of(struct link *link)
{
	return (void *) ((char *) link - offsetof(struct strand_session, link));
}

/* ---- Finding ------------------------------------------------------------- */

/*
 * Looks in a table. A session that was closed after the table was replaced is
 * still there, so its own mark is looked at, too. Returns a reference.
 */
static struct strand_session *
find(struct table *table, uint64_t hash, const char *name)
{
	struct place *place = table_find(table, hash, name);
	struct strand_session *session;

	if (!place)
		return NULL;
	session = atomic_load(&place->session);
	if (session == GONE || !atomic_load(&session->open) ||
	    !try_ref(session))
		return NULL;
	return session;
}

static struct strand_session *
get(struct shard *shard, uint64_t hash, const char *name)
{
	_Atomic uint32_t *readers = strand_reclaim_enter();
	struct strand_session *session =
	    find(atomic_load(&shard->table), hash, name);

	strand_reclaim_leave(readers);
	if (session)
		stranded_session_used(session->handle);
	return session;
}

struct strand_session *
strand_session_get(struct strand_registry *registry, const char *name)
{
	struct strand_session *session = NULL;
	uint64_t hash;

	if (name) {
		hash = hash_name(name, strlen(name));
		session = get(shard_of(registry, hash), hash, name);
	}
	if (!session)
		errno = ENOENT;
	return session;
}

/* ---- Opening and closing ------------------------------------------------- */

/* Not open yet; with one reference for the caller, and one for the registry. */
static struct strand_session *
session_new(struct strand_registry *registry, const char *name, size_t length,
    void *owner)
{
	size_t size = sizeof(struct strand_session) + length + 64;
	struct strand_session *session = aligned_alloc(64, size & ~(size_t) 63);

	if (!session)
		return NULL;
	memset(session, 0, sizeof(*session));
	memcpy(session->name, name, length + 1);
	atomic_init(&session->refs, 2);
	atomic_init(&session->open, true);
	session->hash = hash_name(name, length);
	session->owner = owner;
	session->registry = registry;
	session->link.is_session = true;
	return session;
}

/* Puts the session into the shard, which has room. The lock is held. */
static void
publish(struct shard *shard, struct strand_session *session,
    const struct stranded_place *place)
{
	session->id =
	    atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
	session->handle = stranded_session_open(session->name, place);
	atomic_fetch_add_explicit(
	    &session->registry->holds, 1, memory_order_relaxed);
	list_insert(shard->list.prev, &session->link);
	table_insert(atomic_load(&shard->table), session);
	atomic_fetch_add_explicit(&shard->count, 1, memory_order_relaxed);
}

/*
 * Opens a session, on behalf of `place`. If the name is taken it fails with
 * EEXIST, and `*taken` is a reference to that session.
 */
static int
open_session(struct strand_session *session, struct strand_session **taken,
    const struct stranded_place *place)
{
	struct shard *shard = shard_of(session->registry, session->hash);
	int error;

	strand_lock_acquire(&shard->lock);
	*taken = find(atomic_load(&shard->table), session->hash, session->name);
	error = *taken ? EEXIST : reserve(shard);
	if (!error)
		publish(shard, session, place);
	strand_lock_release(&shard->lock);
	return error;
}

static struct strand_session *
get_or_open(struct strand_registry *registry, const char *name, void *owner,
    struct strand_session **taken, const struct stranded_place *place)
{
	struct strand_session *session;
	int error;

	*taken = NULL;
	if (!name) {
		errno = EINVAL;
		return NULL;
	}
	session = session_new(registry, name, strlen(name), owner);
	if (!session)
		return NULL;
	error = open_session(session, taken, place);
	if (!error)
		return session;
	free(session);
	errno = error;
	return NULL;
}

STRAND_NOINLINE struct strand_session *
strand_session_open(
    struct strand_registry *registry, const char *name, void *owner)
{
	struct stranded_place place = STRANDED_CALLER();
	struct strand_session *taken;
	struct strand_session *session =
	    get_or_open(registry, name, owner, &taken, &place);

	strand_session_unref(taken);
	return session;
}

STRAND_NOINLINE struct strand_session *
strand_session_get_or_open(struct strand_registry *registry, const char *name,
    void *owner, bool *opened)
{
	struct stranded_place place = STRANDED_CALLER();
	int saved = errno;
	struct strand_session *session = strand_session_get(registry, name);
	struct strand_session *taken = session;

	if (!session)
		session = get_or_open(registry, name, owner, &taken, &place);
	if (opened)
		*opened = session && !taken;
	if (!taken)
		return session;
	if (!session)
		stranded_session_used(taken->handle);
	errno = saved;
	return taken;
}

/* Takes the session out of its shard. False if it is closed already. */
static bool
withdraw(struct strand_session *session)
{
	struct shard *shard = shard_of(session->registry, session->hash);
	struct place *place;
	bool open;

	strand_lock_acquire(&shard->lock);
	open = atomic_load(&session->open);
	if (open) {
		place = table_find(
		    atomic_load(&shard->table), session->hash, session->name);
		atomic_store(&session->open, false);
		atomic_store(&place->session, GONE);
		list_remove(&session->link);
		atomic_fetch_sub_explicit(
		    &shard->count, 1, memory_order_relaxed);
	}
	strand_lock_release(&shard->lock);
	return open;
}

int
strand_session_close(struct strand_session *session)
{
	if (!withdraw(session))
		return ENOENT;
	stranded_session_close(session->handle);
	strand_session_unref(session);
	return 0;
}

/* ---- The registry -------------------------------------------------------- */

struct strand_registry *
strand_registry_new(const char *name)
{
	size_t length = name ? strlen(name) : 0;
	size_t size = sizeof(struct strand_registry) + length + STRAND_LINE;
	struct strand_registry *registry =
	    aligned_alloc(STRAND_LINE, size & ~(size_t) (STRAND_LINE - 1));

	if (!registry)
		return NULL;
	memset(registry, 0, sizeof(*registry));
	memcpy(registry->name, name ? name : "", length + 1);
	atomic_init(&registry->refs, 1);
	atomic_init(&registry->holds, 1);
	for (size_t i = 0; i < SHARDS; i++) {
		struct link *list = &registry->shards[i].list;

		list->next = list->prev = list;
	}
	return registry;
}

struct strand_registry *
strand_registry_ref(struct strand_registry *registry)
{
	if (registry)
		atomic_fetch_add_explicit(
		    &registry->refs, 1, memory_order_relaxed);
	return registry;
}

static bool
close_visited(struct strand_session *session, void *unused)
{
	strand_session_close(session);
	return true;
}

void
strand_registry_unref(struct strand_registry *registry)
{
	if (!registry ||
	    atomic_fetch_sub_explicit(
		&registry->refs, 1, memory_order_acq_rel) > 1)
		return;
	strand_session_each(registry, close_visited, NULL);
	release_hold(registry);
}

size_t
strand_registry_count(const struct strand_registry *registry)
{
	size_t count = 0;

	for (size_t i = 0; i < SHARDS; i++)
		count += atomic_load_explicit(
		    &registry->shards[i].count, memory_order_relaxed);
	return count;
}

/*
 * Moves a visitor's place behind the next session, and returns a reference to
 * that; at the end it takes the place out of the list and returns NULL. The
 * lock is held. The registry's own reference is there as long as the session is
 * in the list.
 */
static struct strand_session *
step(struct shard *shard, struct link *visitor)
{
	struct link *at = visitor->next;

	while (at != &shard->list && !at->is_session)
		at = at->next;
	list_remove(visitor);
	if (at == &shard->list)
		return NULL;
	list_insert(at, visitor);
	return strand_session_ref(session_of(at));
}

/* False if fn() wanted no more. */
static bool
visit_shard(struct shard *shard, strand_session_fn *fn, void *arg)
{
	struct link visitor = { .is_session = false };
	struct strand_session *session;
	bool more = true;

	strand_lock_acquire(&shard->lock);
	list_insert(&shard->list, &visitor);
	while (more && (session = step(shard, &visitor))) {
		strand_lock_release(&shard->lock);
		more = fn(session, arg);
		strand_session_unref(session);
		strand_lock_acquire(&shard->lock);
	}
	if (!more)
		list_remove(&visitor);
	strand_lock_release(&shard->lock);
	return more;
}

void
strand_session_each(
    struct strand_registry *registry, strand_session_fn *fn, void *arg)
{
	for (size_t i = 0; i < SHARDS; i++) {
		if (!visit_shard(&registry->shards[i], fn, arg))
			break;
	}
}

/* ---- One session --------------------------------------------------------- */

const char *
strand_session_name(const struct strand_session *session)
{
	return session->name;
}

void *
strand_session_owner(const struct strand_session *session)
{
	return session->owner;
}

uint64_t
strand_session_id(const struct strand_session *session)
{
	return session->id;
}

bool
strand_session_is_open(const struct strand_session *session)
{
	return atomic_load(&session->open);
}

/*
 * A handle that has been closed is dead to the observer. Without memory for the
 * watch a thread that is no task keeps its reference when it ends.
 */
struct strand_session *
strand_session_enter(struct strand_session *session)
{
	struct strand_session *before = strand_self.session;

	if (session)
		strand_self_watch();
	strand_self.session = strand_session_ref(session);
	stranded_session_enter(
	    session && strand_session_is_open(session) ? session->handle : 0);
	return before;
}

struct strand_session *
strand_session_current(void)
{
	return strand_self.session;
}
