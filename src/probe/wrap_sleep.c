/*
 * wrap_sleep.c: the sleeps. As wrap_poll.c: a sleep that the dump's signal broke
 * off goes on with what is left.
 */
#include "probe/wrap.h"

WRAP_FIRST(int, nanosleep,
    (const struct timespec *request, struct timespec *rest), (request, rest))

PROBE_EXPORT int
nanosleep(const struct timespec *request, struct timespec *rest)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	struct timespec left;
	int result;

	if (unlikely(task == NULL)) {
		return nanosleep_first(request, rest);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_nanosleep);
	result = real.nanosleep(request, rest != NULL ? rest : &left);
	while (wrap_again(result, task, &wait)) {
		left = rest != NULL ? *rest : left;
		result = real.nanosleep(&left, rest != NULL ? rest : &left);
	}
	task_pop(task, &wait);
	return result;
}

WRAP_FIRST(int, clock_nanosleep,
    (clockid_t clock, int flags, const struct timespec *request,
	struct timespec *rest), (clock, flags, request, rest))

PROBE_EXPORT int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
    struct timespec *rest)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	bool absolute = (flags & TIMER_ABSTIME) != 0;
	struct timespec left;
	int result;

	if (unlikely(task == NULL)) {
		return clock_nanosleep_first(clock, flags, request, rest);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_clock_nanosleep);
	result = real.clock_nanosleep(clock, flags, request,
	    rest != NULL ? rest : &left);
	while (unlikely(result == EINTR)) {
		errno = EINTR;
		if (!wrap_is_ours(task, &wait)) {
			break;
		}
		if (!absolute) {
			left = rest != NULL ? *rest : left;
		}
		result = real.clock_nanosleep(clock, flags,
		    absolute ? request : &left, rest != NULL ? rest : &left);
	}
	task_pop(task, &wait);
	return result;
}

/* Sleeps for what is left of `total` nanoseconds. */
static int
sleep_on(const struct task *task, const struct stranded_wait *wait,
    int64_t total, struct timespec *rest)
{
	int64_t left = total - wrap_elapsed(task, wait);

	if (left < 0) {
		left = 0;
	}
	*rest = (struct timespec) {
		left / NS_PER_SECOND, left % NS_PER_SECOND
	};
	return real.nanosleep(rest, rest);
}

WRAP_FIRST(unsigned int, sleep,
    (unsigned int seconds), (seconds))

PROBE_EXPORT unsigned int
sleep(unsigned int seconds)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	unsigned int left;

	if (unlikely(task == NULL)) {
		return sleep_first(seconds);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_sleep);
	left = real.sleep(seconds);
	while (unlikely(left > 0) && wrap_is_ours(task, &wait)) {
		struct timespec rest;

		left = 0;
		if (sleep_on(task, &wait, seconds * NS_PER_SECOND, &rest) < 0) {
			/* Not 0, even if it was nearly done. */
			left = (unsigned int) rest.tv_sec + 1;
		}
	}
	task_pop(task, &wait);
	return left;
}

WRAP_FIRST(int, usleep,
    (useconds_t microseconds), (microseconds))

PROBE_EXPORT int
usleep(useconds_t microseconds)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	int result;

	if (unlikely(task == NULL)) {
		return usleep_first(microseconds);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_usleep);
	result = real.usleep(microseconds);
	while (wrap_again(result, task, &wait)) {
		struct timespec rest;

		result = sleep_on(task, &wait, microseconds * INT64_C(1000),
		    &rest);
	}
	task_pop(task, &wait);
	return result;
}
