/*
 * lock.c: the slow path of the library's lock.
 *
 * One that finds the lock held looks again a few times. If that does not help,
 * the holder has probably lost its processor, and the waiter sleeps. (Drepper,
 * "Futexes Are Tricky", third mutex.)
 *
 * How long to wait between two looks depends on what the lock guards. Where the
 * next thing to do is at hand, one should come soon. Where the holder will come
 * again and again, as one does that fills a buffer, one should be patient: it
 * can then use the lock many times while it has the cache line, and each look
 * takes the line away.
 *
 * To release the lock by an exchange would cost as much as all the rest of a
 * short critical section, since an atomic operation waits for all stores before
 * it. So the holder looks at the state, and then stores. One that writes
 * AWAITED exactly between the two is overlooked. As a rule the kernel, which
 * compares the state once more, sees the store then, and does not let it sleep;
 * but the holder may be interrupted there. Therefore nobody sleeps longer than
 * NAP before it looks again. tests/model/lock.pml checks this.
 *
 * Rejected: membarrier(2) in the one that is about to sleep, which would make
 * the holder's look certain; it is not there on every kernel.
 */
#include "lock.h"

#include "futex.h"
#include "spin.h"

enum {
	LOOKS = 16,         /* before going to sleep: some microseconds */
	PATIENT_STEPS = 10, /* steps of spin.h before each, if patient */
	HASTY_PAUSES = 16   /* pauses before each, at most, if not */
};

#define NAP STRAND_MILLISECOND /* the longest sleep */

static void
wait_before_look(int look, bool patient)
{
	int pauses = look < 4 ? 1 << look : HASTY_PAUSES;

	if (patient) {
		for (int step = 0; step < PATIENT_STEPS; step++)
			strand_spin_wait();
		return;
	}
	while (pauses-- > 0)
		strand_spin_pause();
}

void
strand_lock_contend(struct strand_lock *lock, bool patient)
{
	for (int look = 0; look < LOOKS; look++) {
		wait_before_look(look, patient);
		if (atomic_load_explicit(&lock->state, memory_order_relaxed) ==
			STRAND_LOCK_FREE &&
		    strand_lock_try(lock))
			return;
	}
	while (atomic_exchange_explicit(&lock->state, STRAND_LOCK_AWAITED,
		   memory_order_acquire) != STRAND_LOCK_FREE)
		strand_futex_wait(
		    &lock->state, STRAND_LOCK_AWAITED, strand_now() + NAP);
}

void
strand_lock_wake(struct strand_lock *lock)
{
	strand_futex_wake(&lock->state);
}
