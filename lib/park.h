/*
 * park.h: putting a task to sleep and waking it.
 *
 * This is all that the rest of the library knows about how tasks sleep. Today a
 * task is a thread and sleeps on a futex; a scheduler of user-level tasks would
 * replace park.c and nothing else.
 *
 * A struct strand_park is good for one sleep. Its owner initialises it, makes
 * it known to those who shall wake it, and waits. Exactly one of them wakes it,
 * at any time after the initialisation, even before the wait. All that the
 * waker did before is visible to the owner afterwards. A wait that ended in
 * ETIMEDOUT may be repeated.
 *
 * The park may lie on the owner's stack: the waker does not look at it again
 * after the owner may have gone on.
 */
#ifndef STRAND_PARK_H
#define STRAND_PARK_H

#include <stdatomic.h>

#include "public.h"

enum strand_park_state {
	STRAND_PARK_AWAKE,  /* the owner has not gone to sleep yet */
	STRAND_PARK_ASLEEP, /* the owner sleeps, or is about to */
	STRAND_PARK_WOKEN   /* it need not, or no longer */
};

struct strand_park {
	_Atomic uint32_t state; /* enum strand_park_state */
};

static inline void
strand_park_init(struct strand_park *park)
{
	atomic_init(&park->state, STRAND_PARK_AWAKE);
}

/* Waits for a short while, awake, if that may pay. True if woken meanwhile. */
bool strand_park_spin(struct strand_park *park);

/* Sleeps until woken (0) or until the deadline has passed (ETIMEDOUT). */
int strand_park_wait(struct strand_park *park, int64_t deadline);

/* Wakes the owner. */
void strand_park_wake(struct strand_park *park);

#endif
