/*
 * self.h: what the library keeps for each thread.
 */
#ifndef STRAND_SELF_H
#define STRAND_SELF_H

#include "public.h"

struct strand_worker;

struct strand_self {
	struct strand_session *session; /* the task is in it, with a reference;
	                                   or NULL */
	struct strand_worker *worker;   /* of a thread of the pool; or NULL */
	uint64_t task;                  /* the observer's handle of the task
	                                   that it runs; 0: not asked yet */
	uint64_t random;                /* generator's state; 0: not seeded */
	uint32_t line;                  /* the thread's in reclaim.c, from 1;
	                                   0: none yet */
	uint32_t spin_skip;             /* waits to go before the next that
	                                   spins: see spin.c */
	uint8_t spin_failures;          /* spins in a row that were in vain */
	bool in_task;                   /* runs a task just now, and is counted
	                                   in spin.c */
	bool watched;                   /* strand_self_watch() was called */
};

/*
 * The initial-exec model spares each access a call. It takes a few bytes of the
 * room that the dynamic linker reserves for libraries that are loaded late.
 */
extern _Thread_local struct strand_self strand_self
    __attribute__((tls_model("initial-exec")));

/* The thread's next random number. */
uint64_t strand_self_random(void);

/*
 * Sees to it that strand_task_thread_ends() is called when the calling thread
 * ends, in whatever way. Returns 0, or ENOMEM or EAGAIN.
 */
int strand_self_watch(void);

#endif
