/* wrap.c: see wrap.h. */
#include "probe/wrap.h"

#include <unwind.h>

#include "probe/init.h"
#include "probe/signal.h"
#include "probe/sys.h"

/*
 * So often a wait is begun again that nobody seems to have broken off: a call
 * that can do nothing else but fail shall not hold the thread for good.
 */
#define EXCUSES_MAX 1000

/*
 * Called for each wrapper's frame that is unwound over: by pthread_cancel(),
 * pthread_exit() in a handler, or an exception. Frames are unwound from the
 * innermost outward, so the wait to take back is the newest.
 */
__attribute__((visibility("hidden"))) _Unwind_Reason_Code probe_personality(
    int version, _Unwind_Action actions, _Unwind_Exception_Class class,
    struct _Unwind_Exception *exception, struct _Unwind_Context *context);

_Unwind_Reason_Code
probe_personality(int version, _Unwind_Action actions,
    _Unwind_Exception_Class class, struct _Unwind_Exception *exception,
    struct _Unwind_Context *context)
{
	struct task *task = task_self;

	if ((actions & _UA_CLEANUP_PHASE) && task != NULL &&
	    task->top != NULL) {
		store_relaxed(&task->top, task->top->prev);
	}
	return _URC_CONTINUE_UNWIND;
}

bool
wrap_is_ours(struct task *task, const struct stranded_wait *wait)
{
	if (load_relaxed(&task->interrupted) != wait->seq) {
		return false;
	}
	store_relaxed(&task->interrupted, 0);
	errno = load_relaxed(&task->errno_before);
	return true;
}

bool
wrap_goes_on(struct task *task, const struct stranded_wait *wait)
{
	if (wrap_is_ours(task, wait)) {
		return true;
	}
	if (task->excused != wait->seq) {
		task->excused = wait->seq;
		task->excuses = 0;
	}
	return ++task->excuses < EXCUSES_MAX && signal_is_only_ours();
}

/*
 * Waits until the descriptor is ready. 0, or an error number: EAGAIN if the
 * time passes, EINTR if a signal comes that is not ours.
 */
static int
wait_ready(struct task *task, const struct stranded_wait *wait, int fd,
    int events, const struct timespec *timeout)
{
	struct pollfd polled = { fd, (short) events, 0 };
	struct timespec left;
	long result;

	do {
		wrap_left(task, wait, timeout, &left);
		result = sys(SYS_ppoll, &polled, 1, &left, NULL, 0);
	} while (result == -EINTR && wrap_goes_on(task, wait));
	if (result == -EINTR) {
		return EINTR;
	}
	return result == 0 ? EAGAIN : 0;
}

bool
wrap_goes_on_with(struct task *task, const struct stranded_wait *wait, int fd)
{
	bool writes = wait->state == STRANDED_IO_WRITE;
	struct timeval limit = { 0, 0 };
	uint32_t size = sizeof(limit);
	struct timespec timeout;
	int error;

	if (!wrap_goes_on(task, wait)) {
		return false;
	}
	if (init_is_confined() ||
	    sys(SYS_getsockopt, fd, SOL_SOCKET,
		writes ? SO_SNDTIMEO : SO_RCVTIMEO, &limit, &size) != 0 ||
	    (limit.tv_sec == 0 && limit.tv_usec == 0)) {
		return true;
	}
	timeout.tv_sec = limit.tv_sec;
	timeout.tv_nsec = limit.tv_usec * 1000;
	error = wait_ready(task, wait, fd, writes ? POLLOUT : POLLIN, &timeout);
	if (error != 0) {
		errno = error;
	}
	return error == 0;
}

int64_t
wrap_elapsed(const struct task *task, const struct stranded_wait *wait)
{
	int64_t now;

	if (load_acquire(&task->aging.wait_seq) != wait->seq) {
		return 0;
	}
	now = init_is_confined() ? load_relaxed(&task_clock) : sys_now();
	now -= load_relaxed(&task->aging.since);
	return now > 0 ? now : 0;
}

const struct timespec *
wrap_left(const struct task *task, const struct stranded_wait *wait,
    const struct timespec *timeout, struct timespec *left)
{
	int64_t rest;

	if (timeout == NULL) {
		return NULL;
	}
	rest = timeout->tv_sec * NS_PER_SECOND + timeout->tv_nsec -
	    wrap_elapsed(task, wait);
	if (rest < 0) {
		rest = 0;
	}
	left->tv_sec = rest / NS_PER_SECOND;
	left->tv_nsec = rest % NS_PER_SECOND;
	return left;
}
