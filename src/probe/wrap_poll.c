/*
 * wrap_poll.c: poll, select, epoll, and what is like them.
 *
 * The kernel breaks these off for any signal that is handled, whatever
 * SA_RESTART says. If it was the dump's, they are called again with the time
 * that is left; that is known to a tick (TICK_NS), and rounded up.
 */
#include "probe/wrap.h"

static int
left_ms(const struct task *task, const struct stranded_wait *wait, int timeout)
{
	int64_t elapsed;

	if (timeout < 0) {
		return timeout;
	}
	elapsed = wrap_elapsed(task, wait) / NS_PER_MS;
	return elapsed < timeout ? timeout - (int) elapsed : 0;
}

#define LEFT_MS   left_ms(task, &wait, timeout)
#define LEFT_TIME wrap_left(task, &wait, timeout, &left)

#define TIMED_IF(condition) ((condition) ? STRANDED_WAIT_TIMED : 0)

/*
 * How many descriptors there are is left for the agent, which looks at them
 * itself: what the caller points at is the kernel's to check.
 */
#define WRAP_POLL(name, timed, parameters, arguments, again)                   \
	WRAP_CALL(int, name, fds, TIMED_IF(timed), wait.case_count = count,    \
	    parameters, arguments, WRAP_AGAIN, again, )

WRAP_POLL(poll, timeout >= 0, (struct pollfd * fds, nfds_t count, int timeout),
    (fds, count, timeout), (fds, count, LEFT_MS))
WRAP_POLL(__poll_chk, timeout >= 0,
    (struct pollfd * fds, nfds_t count, int timeout, size_t size),
    (fds, count, timeout, size), (fds, count, LEFT_MS, size))
WRAP_POLL(ppoll, timeout != NULL,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask),
    (fds, count, timeout, mask), (fds, count, LEFT_TIME, mask))
WRAP_POLL(__ppoll_chk, timeout != NULL,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask, size_t size),
    (fds, count, timeout, mask, size), (fds, count, LEFT_TIME, mask, size))

#define WRAP_SELECT(name, parameters, arguments, again)                        \
	WRAP_CALL(int, name, NULL, TIMED_IF(timeout != NULL),                  \
	    wait.case_count = 0, parameters, arguments, WRAP_AGAIN, again, )

/* Linux leaves in the timeval what is left: the arguments are right again. */
WRAP_SELECT(select,
    (int count, fd_set *restrict in, fd_set *restrict out,
	fd_set *restrict except, struct timeval *restrict timeout),
    (count, in, out, except, timeout), (count, in, out, except, timeout))
WRAP_SELECT(pselect,
    (int count, fd_set *restrict in, fd_set *restrict out,
	fd_set *restrict except, const struct timespec *restrict timeout,
	const sigset_t *restrict mask),
    (count, in, out, except, timeout, mask),
    (count, in, out, except, LEFT_TIME, mask))

#define WRAP_EPOLL(name, timed, parameters, arguments, again)                  \
	WRAP_CALL(int, name, WRAP_FD_OBJECT(fd),                               \
	    STRANDED_WAIT_FD | TIMED_IF(timed), , parameters, arguments,       \
	    WRAP_AGAIN, again, )

WRAP_EPOLL(epoll_wait, timeout >= 0,
    (int fd, struct epoll_event *events, int count, int timeout),
    (fd, events, count, timeout), (fd, events, count, LEFT_MS))
WRAP_EPOLL(epoll_pwait, timeout >= 0,
    (int fd, struct epoll_event *events, int count, int timeout,
	const sigset_t *mask),
    (fd, events, count, timeout, mask), (fd, events, count, LEFT_MS, mask))
WRAP_EPOLL(epoll_pwait2, timeout != NULL,
    (int fd, struct epoll_event *events, int count,
	const struct timespec *timeout, const sigset_t *mask),
    (fd, events, count, timeout, mask), (fd, events, count, LEFT_TIME, mask))

/* What the caller has asked for is done by threads of libc's own. */
#define WRAP_SUSPEND(name, type)                                               \
	WRAP_CALL(int, name, NULL, TIMED_IF(timeout != NULL),                  \
	    wait.case_count = 0,                                               \
	    (const struct type *const requests[], int count,                   \
		const struct timespec *restrict timeout),                      \
	    (requests, count, timeout), WRAP_AGAIN,                            \
	    (requests, count, LEFT_TIME), )

WRAP_SUSPEND(aio_suspend, aiocb)
WRAP_SUSPEND(aio_suspend64, aiocb64)
