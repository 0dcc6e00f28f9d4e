/*
 * wrap_sleep.c: the sleeps. As in wrap_poll.c, one that the dump's signal broke
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
	struct timespec *rest),
    (clock, flags, request, rest))

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
	result = real.clock_nanosleep(
	    clock, flags, request, rest != NULL ? rest : &left);
	while (unlikely(result == EINTR) && wrap_is_ours(task, &wait)) {
		if (!absolute) {
			left = rest != NULL ? *rest : left;
		}
		result = real.clock_nanosleep(clock, flags,
		    absolute ? request : &left, rest != NULL ? rest : &left);
	}
	task_pop(task, &wait);
	return result;
}

WRAP_FIRST(unsigned int, sleep, (unsigned int seconds), (seconds))

/*
 * Made of nanosleep(): what the real one returns is whole seconds, and what is
 * left of a second would be lost when it is called again.
 */
PROBE_EXPORT unsigned int
sleep(unsigned int seconds)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	struct timespec left = { seconds, 0 };
	int saved_errno = errno;
	int result;

	if (unlikely(task == NULL)) {
		return sleep_first(seconds);
	}
	wrap_begin(
	    task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED, CALL_sleep);
	do {
		result = real.nanosleep(&left, &left);
	} while (wrap_again(result, task, &wait));
	task_pop(task, &wait);
	if (result != 0) {
		return (unsigned int) left.tv_sec;
	}
	errno = saved_errno;
	return 0;
}

WRAP_FIRST(int, usleep, (useconds_t microseconds), (microseconds))

PROBE_EXPORT int
usleep(useconds_t microseconds)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	struct timespec left;
	int result;

	if (unlikely(task == NULL)) {
		return usleep_first(microseconds);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_usleep);
	result = real.usleep(microseconds);
	if (wrap_again(result, task, &wait)) {
		left.tv_sec = microseconds / 1000000;
		left.tv_nsec = microseconds % 1000000 * 1000;
		wrap_left(task, &wait, &left, &left);
		do {
			result = real.nanosleep(&left, &left);
		} while (wrap_again(result, task, &wait));
	}
	task_pop(task, &wait);
	return result;
}

WRAP_FIRST(int, thrd_sleep,
    (const struct timespec *request, struct timespec *rest), (request, rest))

PROBE_EXPORT int
thrd_sleep(const struct timespec *request, struct timespec *rest)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	struct timespec left;
	int result;

	if (unlikely(task == NULL)) {
		return thrd_sleep_first(request, rest);
	}
	wrap_begin(task, &wait, STRANDED_SLEEP, NULL, STRANDED_WAIT_TIMED,
	    CALL_thrd_sleep);
	result = real.thrd_sleep(request, rest != NULL ? rest : &left);
	while (unlikely(result == -1) && wrap_is_ours(task, &wait)) {
		left = rest != NULL ? *rest : left;
		result = real.thrd_sleep(&left, rest != NULL ? rest : &left);
	}
	task_pop(task, &wait);
	return result;
}
