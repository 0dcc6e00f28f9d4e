/*
 * asleep.h: who sleeps without a record of it.
 *
 * A thread that sleeps in a call which the probe does not stand in front of (a
 * system call made by hand, a lock of libc's own) has no wait on record; one
 * that was not made by libc, or has a libc of its own, is not even a task. The
 * kernel knows of both, and is asked: when somebody wants to know, and now and
 * then, so that it can be said how long it has lasted. Each answer costs some
 * system calls, so what the records tell is never asked again.
 */
#ifndef PROBE_ASLEEP_H
#define PROBE_ASLEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/aging.h"
#include "probe/kernel.h"
#include "probe/task.h"

/* A sleep on no record. */
struct asleep {
	struct kernel_wait kernel;
	int64_t since; /* when it was first seen */
};

/* Does the task, which has no wait on record, sleep all the same? */
bool asleep_task(struct task *task, int64_t now, struct asleep *asleep);

/*
 * Has the task been woken from the condition that it waits for, and does it
 * wait for the mutex? libc takes that inside the same call: what tells is the
 * address that the kernel has it sleep on.
 */
bool asleep_for_mutex(struct task *task, const struct view *view, int64_t now,
    struct asleep *asleep);

/* ---- Threads that are no tasks ----------------------------------------- */

struct asleep_thread {
	uint64_t id;     /* as a task's: never reused */
	int64_t started; /* together with tid it names the thread */
	uint64_t runs;   /* of the sleep that was seen last */
	int64_t since;   /* when it was first seen */
	uint32_t tid;
};

/* Looks which there are. Returns how many. */
unsigned int asleep_look(int64_t now);

/* How many there were at the last look; those after that are others. */
unsigned int asleep_count(void);

/* The one of that number, and what it does. */
const struct asleep_thread *asleep_at(unsigned int index);
enum kernel_answer asleep_thread(
    unsigned int index, int64_t now, struct asleep *asleep);

/* To be called at every tick: looks now and then. */
void asleep_tick(int64_t now);

/* After fork, in the child. */
void asleep_reset(void);

#endif
