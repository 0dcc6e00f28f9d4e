/* wrap.c: see wrap.h. */
#include "probe/wrap.h"

#include <unwind.h>

#include "probe/init.h"
#include "probe/sys.h"

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
wrap_is_ours(struct task *task, struct stranded_wait *wait)
{
	if (errno != EINTR ||
	    load_relaxed(&task->interrupted) != wait->seq) {
		return false;
	}
	store_relaxed(&task->interrupted, 0);
	return true;
}

/* A thread under a filter is not made to ask for the time. */
int64_t
wrap_elapsed(const struct task *task, const struct stranded_wait *wait)
{
	int64_t now;

	if (load_relaxed(&task->aging.wait_seq) != wait->seq) {
		return 0;
	}
	now = init_confined ? load_relaxed(&task_clock) : sys_now();
	return now - load_relaxed(&task->aging.since);
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
