/*
 * sessions_closures.c: sessions in a map that one task owns.
 *
 * Nobody else touches the map. Who wants something from it sends the owner a
 * closure, a function and its argument, and waits for the answer: there is no
 * lock, and no two tasks are ever served at the same time, not even readers.
 */
#include "sessions_load.h"

struct map {
	bool there[LOAD_NAMES];
};

/* What the owner is asked to do. */
struct closure {
	bool (*fn)(struct map *map, int name);
	int name;
	struct strand_chan *answer; /* of bool, unbuffered; the owner gets a
	                               reference of its own */
};

struct owned {
	struct sessions base;
	struct strand_chan *closures; /* of struct closure, unbuffered */
};

static void
owner(void *arg)
{
	struct strand_chan *closures = arg;
	struct map map = { { false } };
	struct closure closure;

	while (strand_chan_recv(closures, &closure, /* owner waits here */
		   STRAND_FOREVER) == 0) {
		bool answer = closure.fn(&map, closure.name);

		strand_chan_send(closure.answer, &answer, STRAND_FOREVER);
		strand_chan_unref(closure.answer);
	}
}

static bool
ask(struct sessions *sessions, bool (*fn)(struct map *, int), int name)
{
	struct owned *owned = (struct owned *) sessions;
	struct strand_chan *channel =
	    program_need(strand_chan_new(sizeof(bool), 0), "channel");
	struct closure closure = { fn, name, strand_chan_ref(channel) };
	bool answer;

	strand_chan_send(owned->closures, &closure, STRAND_FOREVER);
	strand_chan_recv(channel, &answer, STRAND_FOREVER);
	strand_chan_unref(channel);
	return answer;
}

static bool
map_get(struct map *map, int name)
{
	return map->there[name];
}

static bool
map_get_or_create(struct map *map, int name)
{
	bool created = !map->there[name];

	map->there[name] = true;
	return created;
}

static bool
map_delete(struct map *map, int name)
{
	bool deleted = map->there[name];

	map->there[name] = false;
	return deleted;
}

static bool
get(struct sessions *sessions, int name)
{
	return ask(sessions, map_get, name);
}

static bool
get_or_create(struct sessions *sessions, int name)
{
	return ask(sessions, map_get_or_create, name);
}

static bool delete (struct sessions *sessions, int name)
{
	return ask(sessions, map_delete, name);
}

int
main(void)
{
	struct owned owned = { { get, get_or_create, delete }, NULL };

	program_begin();
	owned.closures =
	    program_need(strand_chan_new(sizeof(struct closure), 0), "channel");
	program_check(strand_go("owner", owner, owned.closures), "task");
	if (!load_run(&owned.base)) {
		return 1;
	}
	printf("ready\n");
	program_wait();
	return 0;
}
