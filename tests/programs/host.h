/*
 * host.h: what host.c and host_waits.c have in common. Both are collections of
 * what a program may rely on, and a library inside it could spoil.
 *
 *     PROGRAM [--dump] CASE [ARG]...
 *
 * Each case does one thing, says in a line what has come of it and ends with a
 * status. Nothing of that depends on the moment or the machine, so it must be
 * the same under the probe and without it. With --dump, which makes sense under
 * the probe only, the signal that asks for a dump comes while it is done; and
 * still all must be the same.
 */
#ifndef PROGRAMS_HOST_H
#define PROGRAMS_HOST_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include "program.h"

/* The status of a case that cannot be done here. It says why. */
#define HOST_CANNOT 77

static pthread_t host_thread;              /* the main thread */
static bool host_dumps;                    /* --dump was given */
static volatile sig_atomic_t host_handled; /* signals */

/* Call first: the arguments, from the name of the case on. */
static inline char **
host_begin(char **argv)
{
	alarm(PROGRAM_LIFE);
	host_thread = pthread_self();
	host_dumps = argv[1] && strcmp(argv[1], "--dump") == 0;
	return argv + 1 + host_dumps;
}

static inline int
host_usage(void)
{
	fprintf(stderr, "usage: [--dump] CASE [ARG]...\n");
	return 2;
}

/* One system call, and no other: a filter may be in force. */
static inline void
host_say(const char *format, ...)
{
	char line[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	(void) !write(STDOUT_FILENO, line, length);
}

/* Ends the program if what was done has failed; returns what came of it. */
static inline int
host_need(int result, const char *what)
{
	if (result == -1) {
		program_check(errno, what);
	}
	return result;
}

static inline int
host_cannot(const char *why)
{
	host_say("cannot: %s\n", why);
	return HOST_CANNOT;
}

/* The name of what has come of a call. */
static inline const char *
host_outcome(int result)
{
	return result == -1 ? strerrorname_np(errno) : "done";
}

static inline int64_t
host_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Sleeps without any of the functions that are looked at here. */
static inline void
host_rest(int ms)
{
	int64_t end = host_now() + ms;

	for (int64_t left = ms; left > 0; left = end - host_now()) {
		poll(NULL, 0, left);
	}
}

static inline void
host_ask(pthread_t thread)
{
	if (host_dumps) {
		pthread_kill(thread, SIGQUIT);
	}
}

static inline pthread_t
host_start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	program_check(pthread_create(&thread, NULL, fn, arg), "thread");
	return thread;
}

/* Becomes this program again, with another case. */
static inline int
host_become(const char *name)
{
	const char *dump = host_dumps ? "--dump" : name;

	execl("/proc/self/exe", "host", dump, host_dumps ? name : NULL, NULL);
	return host_cannot("exec");
}

static inline void
host_handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	host_need(sigaction(signal, &action, NULL), "sigaction");
}

static inline void
host_on_signal(int number)
{
	host_handled++;
}

#endif
