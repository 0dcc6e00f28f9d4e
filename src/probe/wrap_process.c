/*
 * wrap_process.c: calls that change what the probe may do, or that it would be
 * in the way of; and syscall(), which may be one of them, or wait.
 *
 * Under a seccomp filter a system call that the application does not expect to
 * make may be its end. From then on none is made in its threads. The agent, who
 * was there before, is not under the filter, unless all threads are put under
 * it: then it is stopped before, and the process can be looked at no more.
 *
 * A new user namespace and the like are only for processes of one thread: the
 * agent is stopped before, and started afterwards.
 */
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "probe/agent.h"
#include "probe/check.h"
#include "probe/glib.h"
#include "probe/init.h"
#include "probe/sys.h"
#include "probe/wrap.h"

/*
 * `filter` 0: whether the kernel has filters at all, and with these flags, is
 * asked by putting one in force that is nowhere.
 */
static PROBE_COLD void
confine(unsigned long operation, unsigned long flags, unsigned long filter)
{
	if (operation == SECCOMP_SET_MODE_STRICT) {
		init_confine();
	} else if (operation == SECCOMP_SET_MODE_FILTER && filter != 0) {
		init_confine();
		if (flags & SECCOMP_FILTER_FLAG_TSYNC) {
			agent_stop();
		}
	}
}

PROBE_EXPORT int
prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list arguments;

	va_start(arguments, option);
	a = va_arg(arguments, unsigned long);
	b = va_arg(arguments, unsigned long);
	c = va_arg(arguments, unsigned long);
	d = va_arg(arguments, unsigned long);
	va_end(arguments);
	init_probe();
	if (option == PR_SET_SECCOMP) {
		confine(a == SECCOMP_MODE_FILTER ? SECCOMP_SET_MODE_FILTER :
						   SECCOMP_SET_MODE_STRICT,
		    0, b);
	}
	return real.prctl(option, a, b, c, d);
}

/* ---- syscall() --------------------------------------------------------- */

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13 /* since Linux 5.14 */
#endif

static bool
is_futex_wait(long operation)
{
	switch (operation & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_REQUEUE_PI:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return true;
	default:
		return false;
	}
}

/*
 * Is the thread in a wait already? Then somebody who knows has said what for,
 * and the futex is how it is done.
 */
static __attribute__((noinline)) bool
is_known_wait(void)
{
	const struct task *task = task_self;
	struct stranded_wait here;

	return task != NULL && task->top != NULL &&
	    task_encloses(task, task->top, &here);
}

/* All but one take a point in time; that one goes on with what is left. */
static long
futex_timeout(const struct task *task, const struct stranded_wait *wait,
    long operation, long timeout, struct timespec *left)
{
	if ((operation & FUTEX_CMD_MASK) != FUTEX_WAIT) {
		return timeout;
	}
	return (long) wrap_left(
	    task, wait, (const struct timespec *) timeout, left);
}

/*
 * Has the arguments of syscall(), which can so jump here: then it has no frame,
 * and its caller is this one's.
 */
static __attribute__((noinline)) long
futex_wait(long number, long word, long operation, long value, long timeout,
    long second, long third)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();
	struct glib_wait seen = { STATE_syscall, (const void *) word };
	struct stranded_wait wait;
	struct timespec left;
	long outcome;

	if (task == NULL) {
		return real.syscall(
		    number, word, operation, value, timeout, second, third);
	}
	glib_name(__builtin_return_address(0), (const uint32_t *) word, &seen);
	wrap_begin(task, &wait, CALL_syscall, (enum call_state) seen.state,
	    seen.object, timeout != 0 ? STRANDED_WAIT_TIMED : 0);
	outcome = real.syscall(
	    number, word, operation, value, timeout, second, third);
	while (WRAP_AGAIN) {
		outcome = real.syscall(number, word, operation, value,
		    futex_timeout(task, &wait, operation, timeout, &left),
		    second, third);
	}
	task_pop(task, &wait);
	return outcome;
}

/*
 * syscall() is declared with an ellipsis, but always reads as many arguments as
 * a system call can have. The last lines are jumps: a call that returns twice,
 * or on another stack, must not find a frame of ours.
 */
PROBE_EXPORT __attribute__((optimize("optimize-sibling-calls"))) long
probe_syscall(long number, long a, long b, long c, long d, long e,
    long f) __asm__("syscall");

__attribute__((optimize("optimize-sibling-calls"))) long
probe_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (unlikely(number == SYS_seccomp)) {
		init_probe();
		confine(
		    (unsigned long) a, (unsigned long) b, (unsigned long) c);
	} else if (unlikely(number == SYS_exit)) {
		init_exit_status = (int) a & 255;
	} else if (unlikely(number == SYS_futex) && is_futex_wait(b) &&
	    !is_known_wait()) {
		return futex_wait(number, a, b, c, d, e, f);
	}
	return real.syscall(number, a, b, c, d, e, f);
}

/* ---- Namespaces -------------------------------------------------------- */

/*
 * The end of a process that calls no destructors, so that it waits here to be
 * judged, if it is. (One that does call them waits in ours: init.c.)
 */
PROBE_EXPORT void
quick_exit(int status)
{
	init_probe();
	check_at("quick_exit", WIRE_CHECK_EXIT);
	real.quick_exit(status);
	__builtin_unreachable();
}

PROBE_EXPORT void
_exit(int status)
{
	init_probe();
	check_at("_exit", WIRE_CHECK_EXIT);
	real._exit(status);
	__builtin_unreachable();
}

PROBE_EXPORT void
_Exit(int status)
{
	init_probe();
	check_at("_Exit", WIRE_CHECK_EXIT);
	real._Exit(status);
	__builtin_unreachable();
}

PROBE_EXPORT int
unshare(int flags)
{
	bool stopped;
	int result;

	init_probe();
	stopped =
	    (flags &
		(CLONE_NEWUSER | CLONE_THREAD | CLONE_VM | CLONE_SIGHAND)) !=
		0 &&
	    agent_stop();
	result = real.unshare(flags);
	if (stopped) {
		agent_start(false);
	}
	return result;
}

PROBE_EXPORT int
setns(int fd, int type)
{
	bool stopped;
	int result;

	init_probe();
	stopped = (type == 0 ||
		      (type & (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWTIME))) &&
	    agent_stop();
	result = real.setns(fd, type);
	if (stopped) {
		agent_start(false);
	}
	return result;
}
