/*
 * wrap_process.c: calls that change what the probe may do, or that it would be
 * in the way of.
 *
 * Under a seccomp filter a system call that the application does not expect to
 * make may be its end. From then on none is made in its threads. The agent, who
 * was there before, is not under the filter, unless all threads are put under
 * it: then it is stopped before, and the process can be looked at no more.
 *
 * A new user namespace and the like are only for processes of one thread: the
 * agent is stopped before, and started afterwards.
 */
#include <linux/seccomp.h>
#include <stdarg.h>

#include "probe/agent.h"
#include "probe/init.h"
#include "probe/sys.h"
#include "probe/wrap.h"

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
		init_confine();
	}
	return real.prctl(option, a, b, c, d);
}

static PROBE_COLD void
confine(unsigned long operation, unsigned long flags)
{
	if (operation != SECCOMP_SET_MODE_FILTER &&
	    operation != SECCOMP_SET_MODE_STRICT) {
		return;
	}
	init_confine();
	if (operation == SECCOMP_SET_MODE_FILTER &&
	    (flags & SECCOMP_FILTER_FLAG_TSYNC)) {
		agent_stop();
	}
}

/*
 * syscall() is declared with an ellipsis, but always reads as many arguments as
 * a system call can have. The last line is a jump: a call that returns twice,
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
		confine((unsigned long) a, (unsigned long) b);
	} else if (unlikely(number == SYS_exit)) {
		init_exit_status = (int) a & 255;
	}
	return real.syscall(number, a, b, c, d, e, f);
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
