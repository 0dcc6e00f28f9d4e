/*
 * select.pml: the claim, the park and the timeout of lib/wait.h and lib/park.c,
 * as select uses them, checked for all interleavings with Spin.
 *
 *	tests/model/run.sh
 *
 * The picture: a task selects over two channels, joining the queue of both, and
 * may run out of time. Two peers serve channel 0, one serves channel 1. Each
 * peer does what strand_chan_try_send() does: under the channel's lock it takes
 * the task out of the queue and claims its wait; if it wins it hands the
 * element over, and wakes the task after it has released the lock. The futex is
 * modelled with what makes it hard: it sleeps only if the word is still ASLEEP,
 * it may time out, and it may wake for no reason. The task selects ROUNDS
 * times, each time with the same memory, as a stack would have it, so that a
 * peer who is late meets the next round.
 *
 * What is checked:
 * - each element that a peer handed over is received, once, in the round in
 *   which it was handed over (assertions);
 * - a peer that wins never touches a wait that has ended, but for the wake of
 *   a futex, which may meet anybody (assertions);
 * - after the select the task is in no queue (assertion);
 * - nobody is left asleep (Spin's invalid end states).
 *
 * BROKEN_NO_CLAIM: a peer serves the task without claiming its wait.
 * BROKEN_NO_WAKE_AWAITED: a task whose time is up does not wait for the wake of
 * the one who has served it.
 */

#define ROUNDS 2
#define CHANS 2
#define PEERS 3

/* Where a wait was served: a channel, or one of these. */
#define NOBODY 7
#define SELF 6

mtype = { AWAKE, ASLEEP, WOKEN };

/* The task's wait. */
mtype state = AWAKE;          /* of the park */
byte served = NOBODY;
bool live = false;            /* the wait has begun and not ended */
byte handed = 0;              /* elements handed over in this round */
bool in_kernel = false;       /* the task sleeps on the futex */

/* The channels. */
bool locked[CHANS];
bool queued[CHANS];

byte given = 0;               /* by all peers, in all rounds */
byte taken = 0;               /* by the task */

inline lock(c) {
	atomic { !locked[c] -> locked[c] = true }
}

inline unlock(c) {
	locked[c] = false
}

/*
 * strand_park_wait(). `timed_out` tells how it ended; with `timed` 0 it cannot
 * time out. The compare-and-exchange, then the futex in a loop.
 */
inline park_wait(timed) {
	timed_out = false;
	atomic {
		if
		:: state == AWAKE -> state = ASLEEP
		:: else
		fi
	}
	do
	:: state == WOKEN -> break
	:: state != WOKEN && timed_out -> break
	:: state != WOKEN && !timed_out ->
		/* The kernel compares the word and sleeps in one step. */
		atomic {
			if
			:: state == ASLEEP -> in_kernel = true
			:: else
			fi
		}
		if
		:: !in_kernel               /* woken, or it did not sleep */
		:: timed && in_kernel ->    /* the deadline */
			atomic { in_kernel = false; timed_out = true }
		:: in_kernel ->             /* woken for no reason */
			in_kernel = false
		fi
	od;
	if
	:: state == WOKEN -> timed_out = false
	:: else
	fi
}

proctype task() {
	byte round = 0;
	bool timed_out;

	do
	:: round == ROUNDS -> break
	:: else ->
		/* All locks, in order; then join all queues. */
		lock(0);
		lock(1);
		assert(!queued[0] && !queued[1]);
		d_step {
			state = AWAKE;
			served = NOBODY;
			handed = 0;
			live = true;
			queued[0] = true;
			queued[1] = true
		}
		unlock(1);
		unlock(0);

		/* strand_wait_sleep() */
		park_wait(true);
		if
		:: timed_out ->
			atomic {
				if
				:: served == NOBODY -> served = SELF
				:: else
				fi
			}
			if
#ifdef BROKEN_NO_WAKE_AWAITED
			:: served != SELF -> skip
#else
			:: served != SELF -> park_wait(false)
#endif
			:: else
			fi
		:: else
		fi;

		/* Withdraw from all queues. */
		lock(0);
		lock(1);
		queued[0] = false;
		queued[1] = false;
		d_step {
			assert(served != NOBODY);
			assert(handed == (served == SELF -> 0 : 1));
			taken = taken + handed;
			live = false
		}
		unlock(1);
		unlock(0);
		round++
	od
}

/* Tries once to send on channel c. */
proctype peer(byte c) {
	bool won = false;
	bool wake = false;

	lock(c);
	if
	:: queued[c] ->
		queued[c] = false;
		atomic {
			assert(live);
			if
#ifdef BROKEN_NO_CLAIM
			:: true -> served = c; won = true
#else
			:: served == NOBODY -> served = c; won = true
#endif
			:: else
			fi
		}
	:: else
	fi;
	if
	:: won ->
		d_step { assert(live); handed++; given++ }
	:: else
	fi;
	unlock(c);
	if
	:: won ->
		/* strand_park_wake(): the exchange, then the system call. */
		atomic {
			assert(live && served == c);
			wake = (state == ASLEEP);
			state = WOKEN
		}
		if
		:: wake -> in_kernel = false
		:: else
		fi
	:: else
	fi
}

init {
	atomic {
		run task();
		run peer(0);
		run peer(0);
		run peer(1)
	}
	_nr_pr == 1 -> assert(given == taken)
}
