/*
 * wrap_once.c: running a routine once.
 *
 * Who calls pthread_once() either waits for the thread that runs the routine or
 * runs it himself, and libc alone knows which. So a wait is published in any
 * case, and a routine of ours stands in front of the caller's, which takes it
 * back: who gets there does not wait. Afterwards nothing is left to wait for.
 *
 * The routine has no argument: what it needs stands in a thread-local pointer,
 * from just before the call to its first line.
 *
 * No personality here (wrap.h): the wait is over when the routine is unwound by
 * an exception, and waiting for it is no point of cancellation.
 */
#include "probe/wrap.h"

struct once {
	void (*routine)(void);
	struct task *task;
	struct stranded_wait wait; /* until the routine begins */
};

static __thread struct once *begun __attribute__((tls_model("initial-exec")));

static void
run_routine(void)
{
	struct once *once = begun;

	task_pop(once->task, &once->wait);
	once->routine();
	__asm__ volatile("" : : : "memory"); /* a call, not a jump */
}

/* A part of the wrapper. Returns what `begun` is afterwards. */
static inline __attribute__((always_inline)) struct once *
once_begin(struct once *once, const void *control, enum call call,
    enum call_state state)
{
	struct once *outer = begun;

	wrap_publish(once->task, &once->wait, call, state, control, 0);
	begun = once;
	return outer;
}

WRAP_FIRST(int, pthread_once, (pthread_once_t * control, void (*routine)(void)),
    (control, routine))

PROBE_EXPORT int
pthread_once(pthread_once_t *control, void (*routine)(void))
{
	struct once once = { .routine = routine, .task = task_self };
	struct once *outer;
	int error;

	if (unlikely(once.task == NULL)) {
		return pthread_once_first(control, routine);
	}
	outer =
	    once_begin(&once, control, CALL_pthread_once, STATE_pthread_once);
	error = real.pthread_once(control, run_routine);
	begun = outer;
	task_pop(once.task, &once.wait);
	return error;
}

PROBE_COLD static void
call_once_first(once_flag *flag, void (*routine)(void))
{
	if (task_adopt() == NULL) {
		real.call_once(flag, routine);
	} else {
		call_once(flag, routine);
	}
}

PROBE_EXPORT void
call_once(once_flag *flag, void (*routine)(void))
{
	struct once once = { .routine = routine, .task = task_self };
	struct once *outer;

	if (unlikely(once.task == NULL)) {
		call_once_first(flag, routine);
		return;
	}
	outer = once_begin(&once, flag, CALL_call_once, STATE_call_once);
	real.call_once(flag, run_routine);
	begun = outer;
	task_pop(once.task, &once.wait);
}
