/*
 * wrap_once.c: running a routine once.
 *
 * Who calls pthread_once() runs the routine, or waits for the thread that does,
 * or has nothing to do. libc keeps in the control whether some thread does:
 * only then is a wait published. In all other cases the wrapper jumps on to
 * libc. No frame of ours lies between a routine and who calls it then, so an
 * exception that leaves the routine (std::call_once() allows for it) finds its
 * way as fast as without us; two frames took a fifth longer.
 *
 * If another thread begins between the look and the jump, this one waits
 * without a record. Then the kernel's word is what shows it, in the same state.
 *
 * Who waits may have to run the routine after all, if an exception has ended it
 * in the other thread. So a routine of ours stands in front of the caller's,
 * and takes the wait back. It has no argument: what it needs stands in a
 * thread-local pointer, from just before the call to its first line.
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

/* libc's bit in a control: some thread runs the routine. */
#define IN_PROGRESS 1

static inline __attribute__((always_inline)) bool
is_running(const int *control)
{
	return (load_relaxed(control) & IN_PROGRESS) != 0;
}

/* Has its last call made a jump. */
#ifdef __clang__
#define JUMPS
#define JUMP __attribute__((musttail)) return
#else
#define JUMPS __attribute__((optimize("optimize-sibling-calls")))
#define JUMP  return
#endif

WRAP_FIRST(int, pthread_once, (pthread_once_t * control, void (*routine)(void)),
    (control, routine))

PROBE_COLD static int
wait_for_pthread_once(pthread_once_t *control, void (*routine)(void))
{
	struct once once = { .routine = routine, .task = task_self };
	struct once *outer =
	    once_begin(&once, control, CALL_pthread_once, STATE_pthread_once);
	int error = real.pthread_once(control, run_routine);

	begun = outer;
	task_pop(once.task, &once.wait);
	return error;
}

PROBE_EXPORT JUMPS int
pthread_once(pthread_once_t *control, void (*routine)(void))
{
	if (unlikely(task_self == NULL)) {
		JUMP pthread_once_first(control, routine);
	}
	if (unlikely(is_running(control))) {
		JUMP wait_for_pthread_once(control, routine);
	}
	JUMP real.pthread_once(control, routine);
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

PROBE_COLD static void
wait_for_call_once(once_flag *flag, void (*routine)(void))
{
	struct once once = { .routine = routine, .task = task_self };
	struct once *outer =
	    once_begin(&once, flag, CALL_call_once, STATE_call_once);

	real.call_once(flag, run_routine);
	begun = outer;
	task_pop(once.task, &once.wait);
}

PROBE_EXPORT JUMPS void
call_once(once_flag *flag, void (*routine)(void))
{
	if (unlikely(task_self == NULL)) {
		JUMP call_once_first(flag, routine);
	}
	if (unlikely(is_running(&flag->__data))) {
		JUMP wait_for_call_once(flag, routine);
	}
	JUMP real.call_once(flag, routine);
}
