/* wrap_io.c: reading, writing, accepting and connecting. */
#include "probe/config.h"
#include "probe/connection.h"
#include "probe/init.h"
#include "probe/wrap.h"

/* preadv() and pwritev(), and the same with flags. */
#define WRAP_PARTS(name, type)                                                 \
	WRAP_FD(ssize_t, name, fd,                                             \
	    (int fd, const struct iovec *parts, int count, type offset),       \
	    (fd, parts, count, offset))
#define WRAP_PARTS2(name, type)                                                \
	WRAP_FD(ssize_t, name, fd,                                             \
	    (int fd, const struct iovec *parts, int count, type offset,        \
		int flags),                                                    \
	    (fd, parts, count, offset, flags))

WRAP_FD(
    ssize_t, read, fd, (int fd, void *data, size_t count), (fd, data, count))
WRAP_FD(ssize_t, readv, fd, (int fd, const struct iovec *parts, int count),
    (fd, parts, count))
WRAP_FD(ssize_t, pread, fd, (int fd, void *data, size_t count, off_t offset),
    (fd, data, count, offset))
WRAP_FD(ssize_t, pread64, fd,
    (int fd, void *data, size_t count, off64_t offset),
    (fd, data, count, offset))
WRAP_PARTS(preadv, off_t)
WRAP_PARTS(preadv64, off64_t)
WRAP_PARTS2(preadv2, off_t)
WRAP_PARTS2(preadv64v2, off64_t)
WRAP_FD(ssize_t, recv, fd, (int fd, void *data, size_t count, int flags),
    (fd, data, count, flags))
WRAP_FD(ssize_t, recvfrom, fd,
    (int fd, void *restrict data, size_t count, int flags,
	struct sockaddr *restrict address, socklen_t *restrict size),
    (fd, data, count, flags, address, size))

/* Descriptors may come with a message. */
#define RECEIVED(fd, message)                                                  \
	do {                                                                   \
		if (unlikely((message)->msg_controllen != 0)) {                \
			struct stranded_place by = STRANDED_CALLER();          \
                                                                               \
			connection_received((fd), (message), &by);             \
		}                                                              \
	} while (0)

WRAP_CALL(
    ssize_t, recvmsg, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD,
    session_touch(task, fd), (int fd, struct msghdr *message, int flags),
    (fd, message, flags), wrap_again_on(outcome, task, &wait, fd),
    (fd, message, flags), if (outcome >= 0) { RECEIVED(fd, message); })
WRAP_CALL(
    int, recvmmsg, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD,
    session_touch(task, fd),
    (int fd, struct mmsghdr *messages, unsigned int count, int flags,
	struct timespec *timeout),
    (fd, messages, count, flags, timeout),
    wrap_again_on(outcome, task, &wait, fd),
    (fd, messages, count, flags, timeout),
    for (int i = 0; i < outcome; i++) { RECEIVED(fd, &messages[i].msg_hdr); })

/* Either end may be what is waited for; mostly it is where data comes from. */
WRAP_FD(ssize_t, splice, from,
    (int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count,
	unsigned int flags),
    (from, from_offset, to, to_offset, count, flags))
WRAP_FD(ssize_t, tee, from,
    (int from, int to, size_t count, unsigned int flags),
    (from, to, count, flags))

/* A message queue is a descriptor. */
#define WRAP_QUEUE(result, name, parameters, arguments)                        \
	WRAP_CALL(result, name, WRAP_FD_OBJECT(queue),                         \
	    STRANDED_WAIT_FD | STRANDED_WAIT_TIMED, , parameters, arguments,   \
	    WRAP_AGAIN, arguments, )

WRAP_FD(ssize_t, mq_receive, queue,
    (mqd_t queue, char *message, size_t size, unsigned int *priority),
    (queue, message, size, priority))
WRAP_QUEUE(ssize_t, mq_timedreceive,
    (mqd_t queue, char *restrict message, size_t size,
	unsigned int *restrict priority,
	const struct timespec *restrict deadline),
    (queue, message, size, priority, deadline))
WRAP_FD(int, mq_send, queue,
    (mqd_t queue, const char *message, size_t size, unsigned int priority),
    (queue, message, size, priority))
WRAP_QUEUE(int, mq_timedsend,
    (mqd_t queue, const char *message, size_t size, unsigned int priority,
	const struct timespec *deadline),
    (queue, message, size, priority, deadline))

WRAP_FD(ssize_t, __read_chk, fd,
    (int fd, void *data, size_t count, size_t size), (fd, data, count, size))
WRAP_FD(ssize_t, __pread_chk, fd,
    (int fd, void *data, size_t count, off_t offset, size_t size),
    (fd, data, count, offset, size))
WRAP_FD(ssize_t, __pread64_chk, fd,
    (int fd, void *data, size_t count, off64_t offset, size_t size),
    (fd, data, count, offset, size))
WRAP_FD(ssize_t, __recv_chk, fd,
    (int fd, void *data, size_t count, size_t size, int flags),
    (fd, data, count, size, flags))
WRAP_FD(ssize_t, __recvfrom_chk, fd,
    (int fd, void *restrict data, size_t count, size_t size, int flags,
	struct sockaddr *restrict address, socklen_t *restrict address_size),
    (fd, data, count, size, flags, address, address_size))

WRAP_FD(ssize_t, write, fd, (int fd, const void *data, size_t count),
    (fd, data, count))
WRAP_FD(ssize_t, writev, fd, (int fd, const struct iovec *parts, int count),
    (fd, parts, count))
WRAP_FD(ssize_t, pwrite, fd,
    (int fd, const void *data, size_t count, off_t offset),
    (fd, data, count, offset))
WRAP_FD(ssize_t, pwrite64, fd,
    (int fd, const void *data, size_t count, off64_t offset),
    (fd, data, count, offset))
WRAP_PARTS(pwritev, off_t)
WRAP_PARTS(pwritev64, off64_t)
WRAP_PARTS2(pwritev2, off_t)
WRAP_PARTS2(pwritev64v2, off64_t)
WRAP_FD(ssize_t, send, fd, (int fd, const void *data, size_t count, int flags),
    (fd, data, count, flags))
WRAP_FD(ssize_t, sendto, fd,
    (int fd, const void *data, size_t count, int flags,
	const struct sockaddr *address, socklen_t size),
    (fd, data, count, flags, address, size))
WRAP_FD(ssize_t, sendmsg, fd, (int fd, const struct msghdr *message, int flags),
    (fd, message, flags))
WRAP_FD(int, sendmmsg, fd,
    (int fd, struct mmsghdr *messages, unsigned int count, int flags),
    (fd, messages, count, flags))
WRAP_FD(ssize_t, sendfile, to, (int to, int from, off_t *offset, size_t count),
    (to, from, offset, count))
WRAP_FD(ssize_t, sendfile64, to,
    (int to, int from, off64_t *offset, size_t count),
    (to, from, offset, count))
WRAP_FD(ssize_t, vmsplice, fd,
    (int fd, const struct iovec *parts, size_t count, unsigned int flags),
    (fd, parts, count, flags))

/*
 * connect() is not restarted here: where the kernel breaks it off for good, the
 * connection goes on being made, and a second call would say EALREADY.
 */
WRAP_CALL(
    int, connect, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD, ,
    (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size), false, (fd, address, size),
    if (unlikely(config.connect) &&
	(outcome == 0 || errno == EINPROGRESS || errno == EINTR)) {
	    struct stranded_place by = STRANDED_CALLER();

	    connection_made(fd, address, size, &by);
    })

/*
 * What accept() has written of the peer's address: it tells how long that is,
 * not how much of it there was room for.
 */
static socklen_t
whole_address(
    const struct sockaddr *address, const socklen_t *size, socklen_t room)
{
	return address != NULL && *size <= room ? *size : 0;
}

/* Under a filter the address is not asked for again: then the room matters. */
#define ACCEPT_ROOM                                                            \
	(init_is_confined() && address != NULL && size != NULL ? *size : 0)

/* Who has called accept() is who has opened the session. */
#define WRAP_ACCEPT(name, parameters, arguments)                               \
	WRAP_CALL(                                                             \
	    int, name, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD,                   \
	    struct stranded_place by = STRANDED_CALLER();                      \
	    socklen_t room = ACCEPT_ROOM, parameters, arguments,               \
	    wrap_again_on(outcome, task, &wait, fd), arguments,                \
	    if (outcome >= 0) {                                                \
		    session_accepted(outcome, address,                         \
			whole_address(address, size, room), &by);              \
	    })

WRAP_ACCEPT(accept,
    (int fd, struct sockaddr *restrict address, socklen_t *restrict size),
    (fd, address, size))
WRAP_ACCEPT(accept4,
    (int fd, struct sockaddr *restrict address, socklen_t *restrict size,
	int flags),
    (fd, address, size, flags))
