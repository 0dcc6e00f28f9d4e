/*
 * futex.h: the two futex operations that the library uses.
 *
 * The system call is made directly and not through libc's syscall(): that one
 * sets errno, which the library leaves alone, and may be wrapped by an observer
 * that would take the library's inner workings for a wait of the application.
 *
 * Every waiter must expect to be woken for no reason: a word may lie on the
 * stack of a task that has gone on, and a late wake then meets whatever uses
 * the address next.
 */
#ifndef STRAND_FUTEX_H
#define STRAND_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "public.h"

#if defined(__x86_64__)

/*
 * The system call, in a function of its own (futex.c), which keeps nothing in
 * vector registers or below the stack pointer, and of which a note says so.
 */
long strand_futex(_Atomic uint32_t *word, long operation, uint64_t value,
    const struct timespec *deadline);

#else

/* Returns what the kernel returned: a number, or a negative errno value. */
static inline long
strand_futex(_Atomic uint32_t *word, int operation, uint32_t value,
    const struct timespec *deadline)
{
#if defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_futex;
	register long x0 __asm__("x0") = (long) word;
	register long x1 __asm__("x1") = operation;
	register long x2 __asm__("x2") = (long) value;
	register const struct timespec *x3 __asm__("x3") = deadline;
	register void *x4 __asm__("x4") = NULL;
	register long x5 __asm__("x5") = (long) FUTEX_BITSET_MATCH_ANY;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	int saved = errno;
	long result = syscall(SYS_futex, word, operation, value, deadline, NULL,
	    FUTEX_BITSET_MATCH_ANY);

	result = result == -1 ? -errno : result;
	errno = saved;
	return result;
#endif
}

#endif

/*
 * Sleeps while the word is `value`, at most until `deadline`. Returns
 * -ETIMEDOUT if the deadline has passed, anything else for any other reason.
 */
static inline long
strand_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline)
{
	struct timespec at = {
		.tv_sec = deadline / STRAND_SECOND,
		.tv_nsec = deadline % STRAND_SECOND,
	};

	if (deadline <= 0)
		return -ETIMEDOUT;
	return strand_futex(word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
	    deadline == STRAND_FOREVER ? NULL : &at);
}

/* Wakes one that sleeps on the word. */
static inline void
strand_futex_wake(_Atomic uint32_t *word)
{
	strand_futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL);
}

#endif
