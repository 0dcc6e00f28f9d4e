/*
 * known.h: stacks that were sent before and are still good.
 *
 * Ten thousand tasks wait where they waited half a second ago. The probe sends
 * only stacks that are newer than the last snapshot of the connection
 * (WIRE_ONLY_NEW), and what is kept here of that snapshot fills in the others:
 * of a wait, by task and number of the wait; of a creation, by id. Frames are
 * the symbolizer's, so what is kept is a few words a task.
 */
#ifndef TOP_KNOWN_H
#define TOP_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "client/snapshot.h"

/* What is known of one stack. */
struct known_stack {
	uint64_t id;  /* of the task or the session */
	uint64_t seq; /* of the wait; 0 for a creation */
	struct stack stack;
};

/* Sorted by id. */
struct known_list {
	struct known_stack *stacks;
	size_t count;
	size_t room;
};

/* All zeroes knows nothing. */
struct known {
	struct known_list waits;
	struct known_list creations;
	struct known_list sessions;
};

void known_fini(struct known *known);

/*
 * Fills in the stacks that were not sent. False if one of them is not known
 * here either: then everything should be asked for again.
 */
bool known_fill(const struct known *known, struct snapshot *snapshot);

/* Keeps the stacks of a snapshot, analysed, in place of those before. */
void known_keep(struct known *known, const struct snapshot *snapshot);

#endif
