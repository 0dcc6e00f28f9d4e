/*
 * aging.h: what each task waits for, seen from the agent, and for how long.
 *
 * A wait has no time in it, because reading a clock would cost the task more
 * than the rest of its record. The agent looks at all tasks at every tick, and
 * notes when it has seen a wait for the first time.
 */
#ifndef PROBE_AGING_H
#define PROBE_AGING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"
#include "probe/task.h"

/* A wait as it was read: `wait` is what stood at `top`. */
struct view {
	uint64_t id;                     /* of the task */
	const struct stranded_wait *top; /* NULL: the task runs */
	uint64_t seq;
	struct stranded_wait wait;
};

/* Reads the task's innermost wait. The task goes on meanwhile. */
void aging_read(const struct task *task, struct view *view);

/* Has the task been in this wait all the time since it was read? */
bool aging_still(const struct task *task, const struct view *view);

/* When the wait was first seen: it is noted if that is now. */
int64_t aging_since(struct task *task, const struct view *view, int64_t now);

/*
 * The same of a sleep that is on no record; `runs` tells it from others, or 0
 * from none.
 */
int64_t aging_asleep(struct task *task, uint64_t runs, int64_t now);

/* Looks at all tasks and sessions. */
void aging_look(int64_t now);

/*
 * Is this a task that is shown? Carriers are not, nor free records, nor threads
 * that have not begun: a signal's handler may have ended one before it could.
 */
bool aging_is_shown(const struct task *task);

/*
 * Counts what there is. If it is to be exact, the kernel is asked as well, as
 * for a snapshot; if not, what sleeps on no record counts as running.
 */
void aging_counts(struct wire_counts *counts, bool exact);

#endif
