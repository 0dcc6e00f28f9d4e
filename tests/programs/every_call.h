/*
 * every_call.h: what the cases of every_call are made of.
 */
#ifndef PROGRAMS_EVERY_CALL_H
#define PROGRAMS_EVERY_CALL_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "program.h"

#define ACTIONS_MAX 512

enum kind { NOTHING, FD, OBJECT, PASSES };

struct row {
	const char *name;
	bool (*call)(void); /* true: it has come to what it must */
	pthread_t thread;
	enum kind kind;  /* what it waits for, and that... */
	intptr_t object; /* ... itself */
	bool timed;
	bool right; /* what call() has returned */
};

static __thread struct row *own; /* the thread's */
static FILE *out;                /* standard output; a row has taken stdout */
static sem_t told;               /* posted by each row that is about to block */

/* ---- What is done at the release --------------------------------------- */

static struct action {
	void (*fn)(intptr_t);
	intptr_t argument;
} actions[ACTIONS_MAX];
static size_t action_count;

static void
later(void (*fn)(intptr_t), intptr_t argument)
{
	size_t place = __atomic_fetch_add(&action_count, 1, __ATOMIC_RELAXED);

	if (place >= ACTIONS_MAX) {
		abort();
	}
	actions[place] = (struct action) { fn, argument };
}

/* ---- Telling ----------------------------------------------------------- */

static void
tell(enum kind kind, intptr_t object)
{
	own->kind = kind;
	own->object = object;
	sem_post(&told);
}

static int
on_fd(int fd)
{
	tell(FD, fd);
	return fd;
}

static void *
on(void *object)
{
	tell(OBJECT, (intptr_t) object);
	return object;
}

/* Far away, and still before the year that a 32-bit time ends in. */
static const struct timespec *
some_time(void)
{
	static const struct timespec duration = { .tv_sec = 1000 };

	own->timed = true;
	return &duration;
}

static const struct timespec *
deadline(clockid_t clock)
{
	static __thread struct timespec end;

	clock_gettime(clock, &end);
	end.tv_sec += some_time()->tv_sec;
	return &end;
}

#define REAL_TIME deadline(CLOCK_REALTIME)
#define MONO_TIME CLOCK_MONOTONIC, deadline(CLOCK_MONOTONIC)

static bool
is_broken_off(long result)
{
	return result == -1 && errno == EINTR;
}

/* ---- Descriptors ------------------------------------------------------- */

static int
need(int result, const char *what)
{
	if (result == -1) {
		perror(what);
		exit(1);
	}
	return result;
}

/* What readers wait for: three bytes, and a line. */
#define TEXT "ab\n"

static void
say(intptr_t fd)
{
	need(write(fd, TEXT, 3), "say");
}

static void
drain(intptr_t fd)
{
	char bytes[4096];

	need(fcntl(fd, F_SETFL, O_NONBLOCK), "drain");
	while (read(fd, bytes, sizeof bytes) > 0) {
	}
}

static void
fill(int fd)
{
	static const char bytes[4096];

	need(fcntl(fd, F_SETFL, O_NONBLOCK), "fill");
	while (write(fd, bytes, sizeof bytes) > 0) {
	}
	while (write(fd, bytes, 1) > 0) {
	}
	need(fcntl(fd, F_SETFL, 0), "fill");
}

/* The end of a socket or a pipe that nothing comes from before the release. */
static int
quiet(void)
{
	int ends[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	later(say, ends[1]);
	return ends[0];
}

static int
quiet_pipe(void)
{
	int ends[2];

	need(pipe2(ends, O_CLOEXEC), "pipe");
	later(say, ends[1]);
	return ends[0];
}

/* The same with ends that nothing more goes into. */
static int
full(void)
{
	int ends[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	fill(ends[0]);
	later(drain, ends[1]);
	return ends[0];
}

static int
full_pipe(void)
{
	int ends[2];

	need(pipe2(ends, O_CLOEXEC), "pipe");
	fill(ends[1]);
	later(drain, ends[0]);
	return ends[1];
}

/* The end of a pipe that is empty. */
static int
sink(void)
{
	int ends[2];

	need(pipe2(ends, O_CLOEXEC), "pipe");
	return ends[1];
}

/* A file that holds the text. */
static int
file(void)
{
	int fd = need(memfd_create("file", MFD_CLOEXEC), "memfd");

	need(pwrite(fd, TEXT, 3, 0), "write");
	return fd;
}

/* A row's own, to read into. */
static char *
bytes(void)
{
	static __thread char room[64];

	return room;
}

static struct iovec *
parts(void)
{
	static __thread struct iovec part;

	part = (struct iovec) { bytes(), 3 };
	return &part;
}

static struct mmsghdr *
messages(void)
{
	static __thread struct mmsghdr message;

	message.msg_hdr.msg_iov = parts();
	message.msg_hdr.msg_iovlen = 1;
	return &message;
}

/* ---- Cases ------------------------------------------------------------- */

/*
 * CASE(name, statements): the case of a row, whose last statement returns.
 * The short forms: a reading or writing call on one of the descriptors above.
 */
#define CASE(name, ...)                                                        \
	static bool case_##name(void)                                          \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

#define READS(name, ...)                                                       \
	CASE(name, int fd = on_fd(quiet()); return name(fd, __VA_ARGS__) == 3;)
#define WRITES(name, ...)                                                      \
	CASE(name, int fd = on_fd(full()); return name(fd, __VA_ARGS__) == 3;)

/* On a file, where there is nothing to wait for but the disk. */
#define ON_FILE(name, ...)                                                     \
	CASE(name, int fd = file(); tell(PASSES, 0);                           \
	     return name(fd, __VA_ARGS__) == 3;)

#define ON_STREAM(name, fd, mode, ...)                                         \
	CASE(name, FILE *stream = program_need(fdopen(fd, mode), "fdopen");    \
	     on_fd(fileno(stream)); __VA_ARGS__)

#endif
