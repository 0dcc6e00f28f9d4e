/*
 * kernel_waits.c: threads that wait where the probe cannot see it: in system
 * calls made by hand, in a lock of libc's own, in a thread that libc does not
 * know. Each is named by what it does.
 */
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "program.h"

#define CLONE_STACK (64 << 10)

/* A function that stands where unwinding must find it without its help. */
#define FRAME __attribute__((noinline, optimize("omit-frame-pointer")))

static uint32_t word;
static int empty[2]; /* a pipe */
static FILE *locked;

#if defined(__x86_64__)
/* The fifth argument is 0. */
static inline long
raw(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = 0;
	long result;

	__asm__ volatile(
	    "syscall"
	    : "=a"(result)
	    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
	    : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long
raw(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = 0;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}
#endif

static FRAME void *
wait_futex(void *argument)
{
	raw(SYS_futex, (long) &word, FUTEX_WAIT_PRIVATE, 0, 0);
	return argument;
}

static FRAME void *
wait_futex_timed(void *argument)
{
	struct timespec timeout = { PROGRAM_LIFE, 0 };

	raw(SYS_futex, (long) &word, FUTEX_WAIT_PRIVATE, 0, (long) &timeout);
	return argument;
}

static FRAME void *
wait_read(void *argument)
{
	char byte;

	raw(SYS_read, empty[0], (long) &byte, 1, 0);
	return argument;
}

static FRAME void *
wait_poll(void *argument)
{
	struct pollfd polled = { empty[0], POLLIN, 0 };

	raw(SYS_ppoll, (long) &polled, 1, 0, 0);
	return argument;
}

static FRAME void *
wait_sleep(void *argument)
{
	struct timespec time = { PROGRAM_LIFE, 0 };

	raw(SYS_nanosleep, (long) &time, 0, 0, 0);
	return argument;
}

/* A call of which no state is the counterpart: no request is under way. */
static FRAME void *
wait_events(void *argument)
{
	unsigned long requests = 0;
	uint64_t event[4];

	if (raw(SYS_io_setup, 1, (long) &requests, 0, 0) == 0) {
		raw(SYS_io_getevents, (long) requests, 1, 1, (long) event);
	}
	return argument;
}

/* Another has locked the stream: libc waits for it inside of fprintf(). */
static FRAME void *
wait_stdio(void *argument)
{
	fprintf(locked, "%p\n", argument);
	return argument;
}

/* No calls of libc's here: it does not know the thread. */
static FRAME int
wait_cloned(void *argument)
{
	char byte;

	raw(SYS_read, empty[0], (long) &byte, 1, 0);
	return 0;
}

static void
start_cloned(void)
{
	uint8_t *stack =
	    program_need(aligned_alloc(4096, CLONE_STACK), "memory");
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	    CLONE_THREAD | CLONE_SYSVSEM;

	if (clone(wait_cloned, stack + CLONE_STACK, flags, NULL) < 0) {
		perror("clone");
		exit(1);
	}
}

static void
start(const char *name, void *(*function)(void *) )
{
	pthread_t thread;

	program_check(pthread_create(&thread, NULL, function, NULL), name);
	pthread_setname_np(thread, name);
}

int
main(void)
{
	char byte;

	program_begin();
	program_check(pipe(empty) == 0 ? 0 : 1, "pipe");
	locked = program_need(tmpfile(), "tmpfile");
	flockfile(locked);
	start("futex", wait_futex);
	start("futex timed", wait_futex_timed);
	start("read", wait_read);
	start("poll", wait_poll);
	start("sleep", wait_sleep);
	start("events", wait_events);
	start("stdio", wait_stdio);
	start_cloned();
	puts("ready 0");
	while (raw(SYS_read, 0, (long) &byte, 1, 0) > 0) {
	}
	_exit(0);
}
