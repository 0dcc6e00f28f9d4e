/*
 * wrap_signal.c: waiting for signals. One that asks for a dump, and that the
 * application has no handler for, does not end such a wait.
 */
#include "probe/wrap.h"

#define WRAP_SIGNAL(name, flags, parameters, arguments, again)             \
	WRAP_FIRST(int, name, parameters, arguments)                       \
	PROBE_EXPORT int name parameters                                   \
	{                                                                  \
		struct task *task = task_self;                             \
		struct stranded_wait wait;                                 \
		struct timespec left __attribute__((unused));              \
		int result;                                                \
                                                                           \
		if (unlikely(task == NULL)) {                              \
			return name##_first arguments;                     \
		}                                                          \
		wrap_begin(task, &wait, STRANDED_SIGNAL_WAIT, NULL,        \
		    (flags), CALL_##name);                                 \
		result = real.name arguments;                              \
		while (wrap_again(result, task, &wait)) {                  \
			result = real.name again;                          \
		}                                                          \
		task_pop(task, &wait);                                     \
		return result;                                             \
	}

WRAP_SIGNAL(pause, 0, (void), (), ())
WRAP_SIGNAL(sigsuspend, 0, (const sigset_t *mask), (mask), (mask))
WRAP_SIGNAL(sigwaitinfo, 0,
    (const sigset_t *restrict set, siginfo_t *restrict info), (set, info),
    (set, info))
WRAP_SIGNAL(sigtimedwait, timeout != NULL ? STRANDED_WAIT_TIMED : 0,
    (const sigset_t *restrict set, siginfo_t *restrict info,
	const struct timespec *restrict timeout),
    (set, info, timeout), (set, info, wrap_left(task, &wait, timeout, &left)))

/* libc goes on with this one by itself, and returns no errno. */
WRAP(int, sigwait, SIGNAL_WAIT, NULL, 0,
    (const sigset_t *restrict set, int *restrict signal), (set, signal))
