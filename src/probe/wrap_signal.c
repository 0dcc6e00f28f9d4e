/*
 * wrap_signal.c: waiting for signals. One that asks for a dump, and that the
 * application has no handler for, does not end such a wait.
 */
#include "probe/wrap.h"

WRAP(int, pause, NULL, 0, (void), ())
WRAP(int, sigsuspend, NULL, 0, (const sigset_t *mask), (mask))
WRAP(int, __xpg_sigpause, NULL, 0, (int signal), (signal))
WRAP(int, sigwaitinfo, NULL, 0,
    (const sigset_t *restrict set, siginfo_t *restrict info), (set, info))
WRAP_CALL(int, sigtimedwait, NULL, timeout != NULL ? STRANDED_WAIT_TIMED : 0, ,
    (const sigset_t *restrict set, siginfo_t *restrict info,
	const struct timespec *restrict timeout),
    (set, info, timeout), WRAP_AGAIN,
    (set, info, wrap_left(task, &wait, timeout, &left)), )

/* libc goes on with this one by itself; errno is all that is left to mend. */
WRAP_CALL(int, sigwait, NULL, 0, ,
    (const sigset_t *restrict set, int *restrict signal), (set, signal), false,
    (set, signal), wrap_is_ours(task, &wait))
