/*
 * spin.h: waiting actively for a moment, where that is likely to pay.
 *
 *	struct strand_spin spin;
 *
 *	if (strand_spin_begin(&spin)) {
 *		do
 *			done = ...look...;
 *		while (!done && strand_spin_step(&spin));
 *		strand_spin_end(done);
 *	}
 */
#ifndef STRAND_SPIN_H
#define STRAND_SPIN_H

#include <stdatomic.h>

#include "public.h"

struct strand_spin {
	uint32_t steps; /* that are left */
};

/* Machine-specific: how many pauses make one step. Set before main(). */
extern uint32_t strand_spin_pauses;

static inline void
strand_spin_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* Lets about 50 ns pass. */
static inline void
strand_spin_wait(void)
{
	for (uint32_t i = strand_spin_pauses; i > 0; i--)
		strand_spin_pause();
}

/* Shall this wait spin? */
bool strand_spin_begin(struct strand_spin *spin);

/* Lets a moment pass; false when it has been long enough. */
static inline bool
strand_spin_step(struct strand_spin *spin)
{
	strand_spin_wait();
	return --spin->steps > 0;
}

/* What came of it; the thread learns from that. */
void strand_spin_end(bool success);

/* A task has begun to be runnable (+1), or is so no more (-1). */
void strand_spin_runnable(int delta);

/* In the child of a fork: there are `count` runnable tasks. */
void strand_spin_reset(int count);

#endif
