/*
 * lock.pml: the lock of lib/lock.h, whose release looks at the state and then
 * stores, checked for all interleavings with Spin.
 *
 *	tests/model/run.sh
 *
 * The picture: three tasks take the lock ROUNDS times each. One that finds it
 * held may go on looking, or writes AWAITED and sleeps, if the kernel still
 * finds AWAITED there; it wakes by a wake, when its nap is over, or for no
 * reason. One that releases the lock may be interrupted between its look and its
 * store, and between the store and the wake.
 *
 * What is checked:
 * - at most one task holds the lock (assertion);
 * - every task gets it in the end: none is left asleep while the lock is free
 *   (Spin's invalid end states).
 *
 * BROKEN_NO_NAP: one sleeps until it is woken. The one that is overlooked
 * between the look and the store then sleeps for ever.
 * BROKEN_BLIND_TAKE: one that wakes takes the lock without asking whether it is
 * free.
 */

#define ROUNDS 2

#define FREE 0
#define HELD 1
#define AWAITED 2

byte state = FREE;
byte holders = 0;
byte asleep = 0;   /* tasks in the futex's queue */
byte wakes = 0;    /* given to these, and not taken yet */

/* strand_lock_try() */
inline try_lock() {
	atomic {
		got = (state == FREE);
		if
		:: got -> state = HELD
		:: else
		fi
	}
}

/* The kernel compares and joins the queue in one step. */
inline futex_wait() {
	atomic {
		if
		:: state == AWAITED -> asleep++; sleeps = true
		:: else -> sleeps = false
		fi
	}
	if
	:: sleeps ->
		atomic {
			if
			:: wakes > 0 -> wakes--
#ifndef BROKEN_NO_NAP
			:: wakes == 0        /* the nap is over */
#endif
			fi;
			asleep--
		}
	:: else
	fi
}

inline futex_wake() {
	atomic {
		if
		:: asleep > wakes -> wakes++
		:: else
		fi
	}
}

/* The second half of strand_lock_contend(). */
inline contend() {
	do
	:: atomic {
		before = state;
		state = AWAITED
	   }
	   if
	   :: before == FREE -> break
	   :: else
	   fi;
	   futex_wait()
#ifdef BROKEN_BLIND_TAKE
	   ; break
#endif
	od
}

proctype task() {
	byte round = 0;
	byte before;
	bool got;
	bool sleeps;

	do
	:: round == ROUNDS -> break
	:: else ->
		try_lock();
		if
		:: got
		:: !got -> contend()
		fi;

		holders++;
		assert(holders == 1);
		holders--;

		before = state;
		state = FREE;
		if
		:: before == AWAITED -> futex_wake()
		:: else
		fi;
		round++
	od
}

init {
	atomic {
		run task();
		run task();
		run task()
	}
	_nr_pr == 1
}
