/*
 * lock.c: the slow path of the library's lock.
 *
 * One that finds the lock held looks again a few times, with pauses that are
 * long compared to a critical section: whoever holds the lock can then use it
 * several times while the cache line is at hand, which is what makes a stream
 * of elements between two processors fast. If that does not help, the holder
 * has probably lost its processor, and the waiter sleeps. (Drepper, "Futexes Are
 * Tricky", third mutex.)
 */
#include "lock.h"

#include "futex.h"
#include "spin.h"

enum {
	LOCK_LOOKS = 40,   /* before going to sleep: about 4 microseconds */
	LOCK_LOOK_STEPS = 2 /* steps of spin.h between two */
};

static bool
try_to_acquire(struct strand_lock *lock, uint32_t state)
{
	uint32_t expected = STRAND_LOCK_FREE;

	return atomic_load_explicit(&lock->state, memory_order_relaxed) ==
	    STRAND_LOCK_FREE &&
	    atomic_compare_exchange_strong_explicit(&lock->state, &expected,
	    state, memory_order_acquire, memory_order_relaxed);
}

void
strand_lock_contend(struct strand_lock *lock)
{
	for (int look = 0; look < LOCK_LOOKS; look++) {
		for (int step = 0; step < LOCK_LOOK_STEPS; step++)
			strand_spin_wait();
		if (try_to_acquire(lock, STRAND_LOCK_HELD))
			return;
	}
	while (atomic_exchange_explicit(&lock->state, STRAND_LOCK_AWAITED,
	    memory_order_acquire) != STRAND_LOCK_FREE)
		strand_futex_wait(&lock->state, STRAND_LOCK_AWAITED,
		    STRAND_FOREVER);
}

void
strand_lock_wake(struct strand_lock *lock)
{
	strand_futex_wake(&lock->state);
}
