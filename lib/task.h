/*
 * task.h: what tasks offer to the rest of the library.
 */
#ifndef STRAND_TASK_H
#define STRAND_TASK_H

#include <pthread.h>

#include "public.h"

/*
 * Starts a detached thread of the library with small stack. Returns 0, or
 * EAGAIN if there is none to be had.
 */
int strand_task_thread(size_t stack_size, void *(*run)(void *), void *arg);

/* The stack size for new threads. */
size_t strand_task_stack_size(void);

/* The calling thread ends: it leaves its session, and ends its task. */
void strand_task_thread_ends(void);

#endif
