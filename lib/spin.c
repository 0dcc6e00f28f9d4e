/*
 * spin.c: when to wait actively.
 *
 * Problem: to put a thread to sleep and wake it costs several microseconds, and
 * tens on a virtual machine. Two tasks on two processors that exchange elements
 * can do so within a tenth of a microsecond, if the one that waits stays awake.
 * But one that stays awake in vain burns time that others could use.
 *
 * Idea: a wait spins for at most SPIN_STEPS steps of about 50 ns, which is
 * about what sleeping would cost, and only if
 * - there is more than one processor;
 * - no more tasks are runnable than there are processors: otherwise the one
 *   that is waited for may be waiting for this very processor;
 * - spinning has paid lately: after n spins in vain in a row, the thread's next
 *   2^n - 1 waits do not spin. The first that succeeds resets n.
 *
 * So a task that always waits long spins in one wait of 128, a server that is
 * idle not at all, and two that begin to work hand in hand find that out soon.
 *
 * Rejected: a limit that grows and shrinks with success. Once it is shorter
 * than a wake-up, two tasks that wake each other never again find each other
 * awake.
 */
#include "spin.h"

#include <sched.h>

#include "self.h"

enum {
	SPIN_STEPS = 400,      /* at most, in one wait: 20 microseconds */
	SPIN_FAILURES_MAX = 7, /* that count */
	STEP_NS = 50,          /* aimed at, for one step */
	STEP_PAUSES_MAX = 64,  /* where the clock is too coarse to tell */
	CALIBRATE_PAUSES = 64,
	CALIBRATE_ROUNDS = 4
};

uint32_t strand_spin_pauses = 1;

static int processors = 1;
static _Atomic int runnable;

/* A pause takes 5 to 70 ns, depending on the processor. */
static void
calibrate(void)
{
	int64_t best = INT64_MAX;

	for (int round = 0; round < CALIBRATE_ROUNDS; round++) {
		int64_t begin = strand_now();

		for (int i = 0; i < CALIBRATE_PAUSES; i++)
			strand_spin_pause();
		begin = strand_now() - begin;
		best = begin < best ? begin : best;
	}
	if (best <= 0 || best * STEP_PAUSES_MAX <= STEP_NS * CALIBRATE_PAUSES)
		strand_spin_pauses = STEP_PAUSES_MAX;
	else
		strand_spin_pauses =
		    (STEP_NS * CALIBRATE_PAUSES + best - 1) / best;
}

__attribute__((constructor)) static void
look_at_machine(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		processors = CPU_COUNT(&set);
	calibrate();
}

bool
strand_spin_begin(struct strand_spin *spin)
{
	int others = !strand_self.in_task;

	if (strand_self.spin_skip > 0) {
		strand_self.spin_skip--;
		return false;
	}
	spin->steps = SPIN_STEPS;
	return processors > 1 &&
	    atomic_load_explicit(&runnable, memory_order_relaxed) + others <=
	    processors;
}

void
strand_spin_end(bool success)
{
	if (success) {
		strand_self.spin_failures = 0;
		return;
	}
	if (strand_self.spin_failures < SPIN_FAILURES_MAX)
		strand_self.spin_failures++;
	strand_self.spin_skip = (1u << strand_self.spin_failures) - 1;
}

void
strand_spin_runnable(int delta)
{
	atomic_fetch_add_explicit(&runnable, delta, memory_order_relaxed);
}

void
strand_spin_reset(int count)
{
	atomic_store_explicit(&runnable, count, memory_order_relaxed);
}
