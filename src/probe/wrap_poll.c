/*
 * wrap_poll.c: poll, select and epoll.
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

/*
 * The calls are of a kind: `declare_left` declares what the timeout becomes when
 * the call is made again, `set_left` computes it, `again` are the arguments of
 * that call. `count` is left for the agent, which looks at the descriptors
 * itself: what the caller points at is the kernel's to check.
 */
#define WRAP_POLL(name, object, flags, fd_count, parameters, arguments,    \
    declare_left, set_left, again)                                         \
	WRAP_FIRST(int, name, parameters, arguments)                       \
	PROBE_EXPORT int name parameters                                   \
	{                                                                  \
		struct task *task = task_self;                             \
		struct stranded_wait wait;                                 \
		declare_left;                                              \
		int result;                                                \
                                                                           \
		if (unlikely(task == NULL)) {                              \
			return name##_first arguments;                     \
		}                                                          \
		wait.case_count = (fd_count);                              \
		wrap_begin(task, &wait, STRANDED_IO_POLL, (object),        \
		    (flags), CALL_##name);                                 \
		result = real.name arguments;                              \
		while (wrap_again(result, task, &wait)) {                  \
			set_left;                                          \
			result = real.name again;                          \
		}                                                          \
		task_pop(task, &wait);                                     \
		return result;                                             \
	}

#define TIMED_IF(condition) ((condition) ? STRANDED_WAIT_TIMED : 0)

WRAP_POLL(poll, fds, TIMED_IF(timeout >= 0), count,
    (struct pollfd * fds, nfds_t count, int timeout),
    (fds, count, timeout), int left, left = left_ms(task, &wait, timeout),
    (fds, count, left))
WRAP_POLL(__poll_chk, fds, TIMED_IF(timeout >= 0), count,
    (struct pollfd * fds, nfds_t count, int timeout, size_t size),
    (fds, count, timeout, size), int left,
    left = left_ms(task, &wait, timeout), (fds, count, left, size))
WRAP_POLL(ppoll, fds, TIMED_IF(timeout != NULL), count,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask),
    (fds, count, timeout, mask), struct timespec left,
    const struct timespec *rest = wrap_left(task, &wait, timeout, &left),
    (fds, count, rest, mask))
WRAP_POLL(__ppoll_chk, fds, TIMED_IF(timeout != NULL), count,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask, size_t size),
    (fds, count, timeout, mask, size), struct timespec left,
    const struct timespec *rest = wrap_left(task, &wait, timeout, &left),
    (fds, count, rest, mask, size))

/* Linux leaves in the timeval what is left: the arguments are right again. */
WRAP_POLL(select, NULL, TIMED_IF(timeout != NULL), 0,
    (int count, fd_set *restrict in, fd_set *restrict out,
	fd_set *restrict except, struct timeval *restrict timeout),
    (count, in, out, except, timeout), , ,
    (count, in, out, except, timeout))
WRAP_POLL(pselect, NULL, TIMED_IF(timeout != NULL), 0,
    (int count, fd_set *restrict in, fd_set *restrict out,
	fd_set *restrict except, const struct timespec *restrict timeout,
	const sigset_t *restrict mask),
    (count, in, out, except, timeout, mask), struct timespec left,
    const struct timespec *rest = wrap_left(task, &wait, timeout, &left),
    (count, in, out, except, rest, mask))

#define EPOLL_FLAGS(timed) (STRANDED_WAIT_FD | TIMED_IF(timed))

WRAP_POLL(epoll_wait, WRAP_FD_OBJECT(fd), EPOLL_FLAGS(timeout >= 0), 0,
    (int fd, struct epoll_event *events, int count, int timeout),
    (fd, events, count, timeout), int left,
    left = left_ms(task, &wait, timeout), (fd, events, count, left))
WRAP_POLL(epoll_pwait, WRAP_FD_OBJECT(fd), EPOLL_FLAGS(timeout >= 0), 0,
    (int fd, struct epoll_event *events, int count, int timeout,
	const sigset_t *mask),
    (fd, events, count, timeout, mask), int left,
    left = left_ms(task, &wait, timeout), (fd, events, count, left, mask))
WRAP_POLL(epoll_pwait2, WRAP_FD_OBJECT(fd), EPOLL_FLAGS(timeout != NULL), 0,
    (int fd, struct epoll_event *events, int count,
	const struct timespec *timeout, const sigset_t *mask),
    (fd, events, count, timeout, mask), struct timespec left,
    const struct timespec *rest = wrap_left(task, &wait, timeout, &left),
    (fd, events, count, rest, mask))
