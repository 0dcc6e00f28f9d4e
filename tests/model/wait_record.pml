/*
 * wait_record.pml: how the agent reads a wait while its task goes on.
 *
 * The protocol of src/probe/task.h. A task pushes and pops waits, one of them
 * nested in another, at addresses that are used again and again; what it writes
 * after a pop is the stack's next use. The agent copies two words of the wait
 * at `top`, one after the other. Claim: a copy that passes the second look is
 * whole, and of the wait that was at `top` just then.
 *
 * Spin's memory is in order, a machine's is not. So what the program leaves
 * unordered is written here in every order: fill() and reuse() choose. Stores
 * that are ordered, by a release or a fence, follow each other.
 *
 * With one of these defined the claim must fail, or the model would prove
 * nothing:
 *
 *     BROKEN_NO_SECOND_LOOK  the agent believes its first
 *     BROKEN_NO_SEQ          ... or compares `top` alone
 *     BROKEN_LATE_FILL       `seq` is stored without a release
 *     BROKEN_EARLY_REUSE     no fence after a pop
 *     BROKEN_SAME_SEQ        a nested wait does not count
 */

#define NONE  0
#define OUTER 1 /* addresses */
#define INNER 2
#define PUSHES 5

#ifdef BROKEN_LATE_FILL
#define MAY_COUNT true
#else
#define MAY_COUNT ((filled & 3) == 3)
#endif

#ifdef BROKEN_SAME_SEQ
#define COUNTS(a) ((a) == OUTER)
#else
#define COUNTS(a) true
#endif

#ifdef BROKEN_EARLY_REUSE
#define MAY_REUSE true
#else
#define MAY_REUSE false
#endif

#ifdef BROKEN_NO_SECOND_LOOK
#define IS_SAME_TOP true
#define IS_SAME_SEQ true
#else
#define IS_SAME_TOP (top == was_top)
#ifdef BROKEN_NO_SEQ
#define IS_SAME_SEQ true
#else
#define IS_SAME_SEQ (seq == was_seq)
#endif
#endif

byte top = NONE;
byte seq = 0;
byte word0[3], word1[3]; /* of the wait at an address: its number, twice */
byte prev[3];
byte live[3];            /* which wait is published there: nobody reads it */

/*
 * The words of wait `n` at address `a`, in any order, and `seq`: after them, or
 * anywhere among them.
 */
inline fill(a, n)
{
	filled = 0;
	do
	:: !(filled & 1) -> word0[a] = n; filled = filled | 1
	:: !(filled & 2) -> word1[a] = n; filled = filled | 2
	:: !(filled & 4) && MAY_COUNT -> seq = count; filled = filled | 4
	:: filled == 7 -> break
	od
}

inline push(a)
{
	pushes++;
	if
	:: COUNTS(a) -> count++
	:: else
	fi;
	prev[a] = top;
	fill(a, count);
	atomic { top = a; live[a] = count }
}

/* The two words are used for something else; `top` changes before, or not. */
inline pop(a)
{
	if
	:: MAY_REUSE -> word0[a] = 0
	:: true
	fi;
	atomic { top = prev[a]; live[a] = 0 };
	if
	:: word0[a] = 0; word1[a] = 0
	:: word1[a] = 0; word0[a] = 0
	:: true /* not yet */
	fi
}

active proctype task()
{
	byte count = 0, pushes = 0;
	byte filled;

	do
	:: pushes < PUSHES ->
		push(OUTER);
		do
		:: pushes < PUSHES ->
			push(INNER);
			pop(INNER)
		:: break
		od;
		pop(OUTER)
	:: break
	od
}

active proctype agent()
{
	byte was_top, was_seq, copy0, copy1, then_live;

end:
	do
	:: was_top = top;
		was_seq = seq;
		if
		:: was_top == NONE
		:: else ->
			copy0 = word0[was_top];
			copy1 = word1[was_top];
			atomic {
				then_live = live[was_top];
				if
				:: IS_SAME_TOP
				:: else -> was_top = NONE
				fi
			};
			if
			:: was_top != NONE && IS_SAME_SEQ ->
				assert(copy0 == copy1);
				assert(copy0 == then_live)
			:: else
			fi
		fi
	od
}
