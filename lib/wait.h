/*
 * wait.h: what all waits have in common: deadlines, and the claim.
 *
 * A task that waits shows itself to others in one place (a channel's queue), or
 * in several at once (a select). At most one of them may serve it. So the wait
 * has a field that the first to come sets: one of those others, naming the
 * place where it served the task, or the task itself, when its time is up.
 * Whoever sets it decides how the wait ends:
 *
 * - One who serves the task removes it from its place, claims the wait, copies
 *   the element, and wakes the task. If the claim fails, somebody else was
 *   faster, and it turns to the next in the queue.
 * - A task whose time is up claims its wait itself. If that fails it has been
 *   served already, the wake is on its way, and it waits for that.
 *
 * tests/model/select.pml checks this for all interleavings.
 */
#ifndef STRAND_WAIT_H
#define STRAND_WAIT_H

#include <errno.h>
#include <stdatomic.h>

#include "park.h"
#include "public.h"
#include "stranded_observer.h"

struct strand_wait {
	struct strand_park park;
	int error;                    /* what the wait shall return; set by the
	                                 one who serves it, before the wake */
	_Atomic(const void *) served; /* where it was served; NULL: not yet; the
	                                 wait itself: its time was up */
};

static inline void
strand_wait_init(struct strand_wait *wait)
{
	strand_park_init(&wait->park);
	wait->error = 0;
	atomic_init(&wait->served, NULL);
}

/* Claims the wait for `place`; true for exactly one caller. */
static inline bool
strand_wait_claim(struct strand_wait *wait, const void *place)
{
	const void *nobody = NULL;

	return atomic_compare_exchange_strong_explicit(&wait->served, &nobody,
	    place, memory_order_acq_rel, memory_order_acquire);
}

static inline bool
strand_wait_is_claimed(struct strand_wait *wait)
{
	return atomic_load_explicit(&wait->served, memory_order_acquire) !=
	    NULL;
}

/* Wakes the task, whose wait the caller has claimed. */
static inline void
strand_wait_serve(struct strand_wait *wait, int error)
{
	wait->error = error;
	strand_park_wake(&wait->park);
}

/* Where the wait was served; NULL if its time was up. */
static inline const void *
strand_wait_place(struct strand_wait *wait)
{
	const void *place =
	    atomic_load_explicit(&wait->served, memory_order_acquire);

	return place == wait ? NULL : place;
}

/*
 * Sleeps until the wait has been served, and returns the place; NULL if the
 * deadline came first.
 */
const void *strand_wait_sleep(struct strand_wait *wait, int64_t deadline);

/* Has the time come? */
static inline bool
strand_wait_is_over(int64_t deadline)
{
	return deadline != STRAND_FOREVER &&
	    (deadline <= 0 || deadline <= strand_now());
}

/* The error of a wait whose time is up. */
static inline int
strand_wait_expired(int64_t deadline)
{
	return deadline == STRAND_NOWAIT ? EAGAIN : ETIMEDOUT;
}

/* The flags of the record of a wait with that deadline. */
static inline unsigned
strand_wait_flags(int64_t deadline)
{
	return deadline == STRAND_FOREVER ? 0 : STRANDED_WAIT_TIMED;
}

/*
 * Waits in `state` (enum stranded_state) for something that never comes, until
 * the deadline. Returns EAGAIN or ETIMEDOUT. The record shows the caller as the
 * function that waits.
 */
int strand_wait_in_vain(int state, int64_t deadline);

#endif
