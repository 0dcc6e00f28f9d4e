/*
 * every_call_io.h: reading and writing, messages, streams, polls.
 */
#ifndef PROGRAMS_EVERY_CALL_IO_H
#define PROGRAMS_EVERY_CALL_IO_H

#include <aio.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/un.h>

#include "every_call.h"
#include "probe/real.h" /* what FORTIFY makes of some */

/* ---- Reading and writing ----------------------------------------------- */

READS(read, bytes(), 3)
READS(readv, parts(), 1)
READS(preadv2, parts(), 1, -1, 0)
READS(preadv64v2, parts(), 1, -1, 0)
READS(recv, bytes(), 3, 0)
READS(recvfrom, bytes(), 3, 0, NULL, NULL)
READS(recvmsg, &messages()->msg_hdr, 0)
READS(__read_chk, bytes(), 3, 64)
READS(__recv_chk, bytes(), 3, 64, 0)
READS(__recvfrom_chk, bytes(), 3, 64, 0, NULL, NULL)
CASE(recvmmsg, int fd = on_fd(quiet());
     return recvmmsg(fd, messages(), 1, 0, NULL) == 1;)
CASE(splice, int from = on_fd(quiet_pipe());
     return splice(from, NULL, sink(), NULL, 3, 0) == 3;)
CASE(tee, int from = on_fd(quiet_pipe()); return tee(from, sink(), 3, 0) == 3;)

WRITES(write, TEXT, 3)
WRITES(writev, parts(), 1)
WRITES(pwritev2, parts(), 1, -1, 0)
WRITES(pwritev64v2, parts(), 1, -1, 0)
WRITES(send, TEXT, 3, 0)
WRITES(sendto, TEXT, 3, 0, NULL, 0)
WRITES(sendmsg, &messages()->msg_hdr, 0)
WRITES(sendfile, file(), NULL, 3)
WRITES(sendfile64, file(), NULL, 3)
CASE(sendmmsg, int fd = on_fd(full());
     return sendmmsg(fd, messages(), 1, 0) == 1;)
CASE(vmsplice, int fd = on_fd(full_pipe());
     return vmsplice(fd, parts(), 1, 0) == 3;)

ON_FILE(pread, bytes(), 3, 0)
ON_FILE(pread64, bytes(), 3, 0)
ON_FILE(__pread_chk, bytes(), 3, 0, 64)
ON_FILE(__pread64_chk, bytes(), 3, 0, 64)
ON_FILE(preadv, parts(), 1, 0)
ON_FILE(preadv64, parts(), 1, 0)
ON_FILE(pwrite, TEXT, 3, 0)
ON_FILE(pwrite64, TEXT, 3, 0)
ON_FILE(pwritev, parts(), 1, 0)
ON_FILE(pwritev64, parts(), 1, 0)

static struct sockaddr_un
address_of(int listener, socklen_t *size)
{
	struct sockaddr_un address;

	*size = sizeof address;
	need(getsockname(listener, (struct sockaddr *) &address, size), "name");
	return address;
}

static int
listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	need(bind(fd, (struct sockaddr *) &address, sizeof(sa_family_t)),
	    "bind");
	need(listen(fd, 0), "listen");
	return fd;
}

/* A new connection to it; 0, or -1. */
static int
knock_on(int fd, int flags)
{
	socklen_t size;
	struct sockaddr_un address = address_of(fd, &size);

	return connect(socket(AF_UNIX, SOCK_STREAM | flags, 0),
	    (struct sockaddr *) &address, size);
}

static void
knock(intptr_t fd)
{
	need(knock_on(fd, 0), "knock");
}

static void
open_door(intptr_t fd)
{
	need(fcntl(fd, F_SETFL, O_NONBLOCK), "open_door");
	while (accept(fd, NULL, NULL) >= 0) {
	}
}

CASE(accept, int fd = on_fd(listener()); later(knock, fd);
     return accept(fd, NULL, NULL) >= 0;)
CASE(accept4, int fd = on_fd(listener()); later(knock, fd);
     return accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0;)
CASE(
    connect, int fd = listener();
    while (knock_on(fd, SOCK_NONBLOCK) == 0) {} socklen_t size;
    struct sockaddr_un address = address_of(fd, &size);
    int own_fd = need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    later(open_door, fd);
    return connect(on_fd(own_fd), (struct sockaddr *) &address, size) == 0;)

/* ---- Queues ------------------------------------------------------------ */

static void
put_message(intptr_t queue)
{
	need(mq_send(queue, TEXT, 3, 0), "mq_send");
}

static void
take_message(intptr_t queue)
{
	char message[8];

	need(mq_receive(queue, message, sizeof message, NULL), "mq_receive");
}

/* A queue that holds one message. */
static mqd_t
queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof name, "/%d-%s", getpid(), own->name);
	queue = need(
	    mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr), "mq_open");
	mq_unlink(name);
	return queue;
}

static mqd_t
full_queue(void)
{
	mqd_t fd = queue();

	put_message(fd);
	later(take_message, fd);
	return on_fd(fd);
}

static mqd_t
empty_queue(void)
{
	mqd_t fd = queue();

	later(put_message, fd);
	return on_fd(fd);
}

CASE(mq_receive, return mq_receive(empty_queue(), bytes(), 8, NULL) == 3;)
CASE(mq_timedreceive, const struct timespec *end = REAL_TIME;
     return mq_timedreceive(empty_queue(), bytes(), 8, NULL, end) == 3;)
CASE(mq_send, return mq_send(full_queue(), TEXT, 3, 0) == 0;)
CASE(mq_timedsend, const struct timespec *end = REAL_TIME;
     return mq_timedsend(full_queue(), TEXT, 3, 0, end) == 0;)

static void
remove_semaphores(intptr_t id)
{
	need(semctl(id, 0, IPC_RMID), "semctl");
}

static void
remove_messages(intptr_t id)
{
	need(msgctl(id, IPC_RMID, NULL), "msgctl");
}

static int
semaphores(void)
{
	int id = need(semget(IPC_PRIVATE, 1, 0600), "semget");

	later(remove_semaphores, id);
	tell(OBJECT, id);
	return id;
}

static struct sembuf one_less = { .sem_op = -1 };

CASE(semop, return semop(semaphores(), &one_less, 1) == -1 && errno == EIDRM;)
CASE(semtimedop, const struct timespec *limit = some_time();
     return semtimedop(semaphores(), &one_less, 1, limit) == -1 &&
     errno == EIDRM;)

static struct message {
	long type;
	char bytes[1024];
} message = { .type = 1 };

static int
message_queue(void)
{
	int id = need(msgget(IPC_PRIVATE, 0600), "msgget");

	later(remove_messages, id);
	return id;
}

CASE(msgrcv, int id = message_queue(); struct message taken; tell(OBJECT, id);
     return msgrcv(id, &taken, sizeof taken.bytes, 0, 0) == -1 &&
     errno == EIDRM;)
CASE(
    msgsnd, int id = message_queue();
    while (msgsnd(id, &message, sizeof message.bytes, IPC_NOWAIT) == 0) {} tell(
	OBJECT, id);
    return msgsnd(id, &message, sizeof message.bytes, 0) == -1 &&
    errno == EIDRM;)

/* ---- Streams ----------------------------------------------------------- */

ON_STREAM(fread, quiet(), "r", return fread(bytes(), 1, 3, stream) == 3;)
ON_STREAM(__fread_chk, quiet(), "r",
	  return __fread_chk(bytes(), 64, 1, 3, stream) == 3;)
ON_STREAM(fgets, quiet(), "r", return fgets(bytes(), 64, stream) == bytes();)
ON_STREAM(__fgets_chk, quiet(), "r",
	  return __fgets_chk(bytes(), 64, 64, stream) == bytes();)
ON_STREAM(getdelim, quiet(), "r", char *line = NULL; size_t size = 0;
	  return getdelim(&line, &size, '\n', stream) == 3;)
ON_STREAM(__getdelim, quiet(), "r", char *line = NULL; size_t size = 0;
	  return __getdelim(&line, &size, '\n', stream) == 3;)
/* The header makes another call of it if it is called by its name. */
ON_STREAM(getline, quiet(), "r", char *line = NULL; size_t size = 0;
	  ssize_t(*volatile call)(char **, size_t *, FILE *) = getline;
	  return call(&line, &size, stream) == 3;)
ON_STREAM(__uflow, quiet(), "r", return __uflow(stream) == 'a';)

#define UNBUFFERED setvbuf(stream, NULL, _IONBF, 0)

ON_STREAM(fwrite, full(), "w", UNBUFFERED;
	  return fwrite(TEXT, 1, 3, stream) == 3;)
ON_STREAM(fputs, full(), "w", UNBUFFERED; return fputs(TEXT, stream) >= 0;)
ON_STREAM(__overflow, full(), "w", UNBUFFERED;
	  return __overflow(stream, 'a') == 'a';)
ON_STREAM(fflush, full(), "w",
	  return fputs(TEXT, stream) >= 0 && fflush(stream) == 0;)
ON_STREAM(puts, full(), "w", UNBUFFERED; stdout = stream;
	  return puts("ab") >= 0;)

/* ---- Polls ------------------------------------------------------------- */

static struct pollfd *
polled(void)
{
	static __thread struct pollfd one;

	one = (struct pollfd) { .fd = on_fd(quiet()), .events = POLLIN };
	return &one;
}

CASE(poll, return poll(polled(), 1, -1) == 1;)
CASE(ppoll, const struct timespec *limit = some_time();
     return ppoll(polled(), 1, limit, NULL) == 1;)
CASE(__poll_chk, own->timed = true;
     return __poll_chk(polled(), 1, 1000000, sizeof(struct pollfd)) == 1;)
CASE(__ppoll_chk,
     return __ppoll_chk(polled(), 1, NULL, NULL, sizeof(struct pollfd)) == 1;)

static fd_set *
selected(int fd)
{
	static __thread fd_set set;

	FD_SET(fd, &set);
	tell(NOTHING, 0);
	return &set;
}

CASE(select, int fd = quiet(); struct timeval limit = { .tv_sec = 1000 };
     own->timed = true;
     return select(fd + 1, selected(fd), NULL, NULL, &limit) == 1;)
CASE(pselect, int fd = quiet();
     return pselect(fd + 1, selected(fd), NULL, NULL, NULL, NULL) == 1;)

/* The first is the epoll's, of one that is quiet. */
static int
epolled(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = need(epoll_create1(EPOLL_CLOEXEC), "epoll");

	need(epoll_ctl(fd, EPOLL_CTL_ADD, quiet(), &event), "epoll_ctl");
	return on_fd(fd);
}

CASE(epoll_wait, struct epoll_event event;
     return epoll_wait(epolled(), &event, 1, -1) == 1;)
CASE(epoll_pwait, struct epoll_event event; own->timed = true;
     return epoll_pwait(epolled(), &event, 1, 1000000, NULL) == 1;)
CASE(epoll_pwait2, struct epoll_event event;
     const struct timespec *limit = some_time();
     return epoll_pwait2(epolled(), &event, 1, limit, NULL) == 1;)

#define SUSPENDS(name, type, read, error, limit)                               \
	CASE(name,                                                             \
	     struct type request = { .aio_fildes = quiet_pipe(),               \
		 .aio_buf = bytes(),                                           \
		 .aio_nbytes = 3 };                                            \
	     const struct type *const list[] = { &request };                   \
	     const struct timespec *end = limit;                               \
	     need(read(&request), "aio_read"); tell(NOTHING, 0);               \
	     return name(list, 1, end) == 0 && error(&request) == 0;)

SUSPENDS(aio_suspend, aiocb, aio_read, aio_error, NULL)
SUSPENDS(aio_suspend64, aiocb64, aio_read64, aio_error64, some_time())

#endif
