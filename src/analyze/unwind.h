/*
 * unwind.h: from the copy of a stack to the calls that are on it.
 */
#ifndef ANALYZE_UNWIND_H
#define ANALYZE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/objects.h"
#include "client/snapshot.h"

#define UNWIND_MAX 256 /* calls of one stack that are followed */

struct unwinder;

/* One stack, unwound. */
struct walk {
	uint64_t pcs[UNWIND_MAX]; /* inside each call, innermost first */
	size_t count;
	bool cut; /* there are more, or that is not known */
};

struct unwinder *unwinder_new(struct objects *objects);
void unwinder_free(struct unwinder *unwinder);

/* Forgets what it knows of the code: the target's map has changed. */
void unwinder_forget(struct unwinder *unwinder);

/* Unwinds a stack that has a pc. The bytes may be anything. */
void unwinder_walk(
    struct unwinder *unwinder, const struct stack *stack, struct walk *walk);

#endif
