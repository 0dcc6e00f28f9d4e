/*
 * wrap_sleep.c: the sleeps. As in wrap_poll.c, one that the dump's signal broke
 * off goes on with what is left.
 *
 * What is left these tell themselves, so there is always a place for them to
 * write it to, and they go on from there.
 */
#include "probe/wrap.h"

#define TIMED STRANDED_WAIT_TIMED

/* Where the call shall write it: where the caller wants it, or here. */
static struct timespec *
or_here(struct timespec *rest, struct timespec *here)
{
	return rest != NULL ? rest : here;
}

#define REST_SOMEWHERE rest = or_here(rest, &left)

WRAP_CALL(int, nanosleep, NULL, TIMED, REST_SOMEWHERE,
    (const struct timespec *request, struct timespec *rest), (request, rest),
    WRAP_AGAIN, (rest, rest), )
WRAP_CALL(int, clock_nanosleep, NULL, TIMED, REST_SOMEWHERE,
    (clockid_t clock, int flags, const struct timespec *request,
	struct timespec *rest),
    (clock, flags, request, rest),
    unlikely(outcome == EINTR) && wrap_is_ours(task, &wait),
    (clock, flags, flags &TIMER_ABSTIME ? request : rest, rest), )
WRAP_CALL(int, thrd_sleep, NULL, TIMED, REST_SOMEWHERE,
    (const struct timespec *request, struct timespec *rest), (request, rest),
    unlikely(outcome == -1) && wrap_is_ours(task, &wait), (rest, rest), )

static useconds_t
left_us(const struct task *task, const struct stranded_wait *wait,
    useconds_t microseconds)
{
	int64_t elapsed = wrap_elapsed(task, wait) / 1000;

	return elapsed < microseconds ? microseconds - (useconds_t) elapsed : 0;
}

WRAP_CALL(int, usleep, NULL, TIMED, , (useconds_t microseconds), (microseconds),
    WRAP_AGAIN, (left_us(task, &wait, microseconds)), )

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
	wrap_begin(task, &wait, CALL_sleep, STATE_sleep, NULL, TIMED);
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
