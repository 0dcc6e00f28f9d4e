/*
 * lock.h: a lock for the library's own short critical sections.
 *
 * Four bytes, so that it fits into the cache line that it guards, and no
 * pthread mutex, so that an observer of mutexes sees only the application's.
 * Nobody blocks or calls foreign code with one held, save the observer, which
 * does not block.
 */
#ifndef STRAND_LOCK_H
#define STRAND_LOCK_H

#include <stdatomic.h>

#include "public.h"

enum strand_lock_state {
	STRAND_LOCK_FREE,
	STRAND_LOCK_HELD,
	STRAND_LOCK_AWAITED /* held, and somebody may sleep for it */
};

struct strand_lock {
	_Atomic uint32_t state; /* enum strand_lock_state */
};

static inline void
strand_lock_init(struct strand_lock *lock)
{
	atomic_init(&lock->state, STRAND_LOCK_FREE);
}

/* The slow halves of the functions below. */
void strand_lock_contend(struct strand_lock *lock, bool patient);
void strand_lock_wake(struct strand_lock *lock);

static inline bool
strand_lock_try(struct strand_lock *lock)
{
	uint32_t expected = STRAND_LOCK_FREE;

	return atomic_compare_exchange_strong_explicit(&lock->state, &expected,
	    STRAND_LOCK_HELD, memory_order_acquire, memory_order_relaxed);
}

static inline void
strand_lock_acquire(struct strand_lock *lock)
{
	if (STRAND_UNLIKELY(!strand_lock_try(lock)))
		strand_lock_contend(lock, false);
}

/*
 * A store, where an exchange would be certain to see one that awaits the lock:
 * see lock.c.
 */
static inline void
strand_lock_release(struct strand_lock *lock)
{
	uint32_t state =
	    atomic_load_explicit(&lock->state, memory_order_relaxed);

	atomic_store_explicit(
	    &lock->state, STRAND_LOCK_FREE, memory_order_release);
	if (STRAND_UNLIKELY(state == STRAND_LOCK_AWAITED))
		strand_lock_wake(lock);
}

#endif
