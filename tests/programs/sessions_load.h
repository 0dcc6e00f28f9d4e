/*
 * sessions_load.h: the same work for each way of keeping sessions in a map.
 *
 * A number of tasks get, get or create, and delete sessions of the same few
 * names. Each success is counted; at the end as many sessions must be there as
 * were created and not deleted, and each must be found.
 */
#ifndef PROGRAMS_SESSIONS_LOAD_H
#define PROGRAMS_SESSIONS_LOAD_H

#include "strand.h"
#include "program.h"

#define LOAD_TASKS  8
#define LOAD_ROUNDS 2000
#define LOAD_NAMES  64

/* A map of sessions, by number. Each operation may be called by any task. */
struct sessions {
	/* Is there a session `name`? */
	bool (*get)(struct sessions *sessions, int name);
	/* Creates it if there is none; true if this call did. */
	bool (*get_or_create)(struct sessions *sessions, int name);
	/* True if this call deleted it. */
	bool (*delete)(struct sessions *sessions, int name);
};

struct load {
	struct sessions *sessions;
	struct strand_wg *done;
	unsigned int seed; /* the next task's */
	long found;        /* successes of each operation, in all tasks */
	long created;
	long deleted;
};

static void
load_task(void *arg)
{
	struct load *load = arg;
	struct sessions *sessions = load->sessions;
	struct strand_wg *done = strand_wg_ref(load->done);
	unsigned int seed =
	    __atomic_add_fetch(&load->seed, 1, __ATOMIC_RELAXED);
	long found = 0, created = 0, deleted = 0;

	for (int i = 0; i < LOAD_ROUNDS; i++) {
		int name = rand_r(&seed) % LOAD_NAMES;

		created += sessions->get_or_create(sessions, name);
		found += sessions->get(sessions, rand_r(&seed) % LOAD_NAMES);
		if (rand_r(&seed) % 2) {
			deleted += sessions->delete (sessions, name);
		}
	}
	__atomic_add_fetch(&load->found, found, __ATOMIC_RELAXED);
	__atomic_add_fetch(&load->created, created, __ATOMIC_RELAXED);
	__atomic_add_fetch(&load->deleted, deleted, __ATOMIC_RELAXED);
	strand_wg_done(done); /* the load may be gone from here on */
	strand_wg_unref(done);
}

/* Runs the load, prints what came of it, and returns whether it adds up. */
static bool
load_run(struct sessions *sessions)
{
	struct load load = { .sessions = sessions };
	long left = 0;
	bool right;

	load.done = program_need(strand_wg_new(), "wait group");
	strand_wg_add(load.done, LOAD_TASKS);
	for (int i = 0; i < LOAD_TASKS; i++) {
		program_check(strand_go("load", load_task, &load), "task");
	}
	strand_wg_wait(load.done, STRAND_FOREVER);
	strand_wg_unref(load.done);
	for (int name = 0; name < LOAD_NAMES; name++) {
		left += sessions->get(sessions, name);
	}
	right = load.created - load.deleted == left;
	printf("created %ld, deleted %ld, found %ld, left %ld: %s\n",
	    load.created, load.deleted, load.found, left,
	    right ? "right" : "WRONG");
	return right;
}

#endif
