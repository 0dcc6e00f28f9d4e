/*
 * sys.h: system calls, made directly.
 *
 * They return what the kernel returns: a result, or minus an error number.
 * errno is not touched, no cancellation point is passed, and nobody can have
 * interposed them. The agent can use nothing else, because its thread is not
 * known to libc (see agent.c).
 */
#ifndef PROBE_SYS_H
#define PROBE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long
sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile(
	    "syscall"
	    : "=a"(result)
	    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	    : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

static inline long
sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else
#error "no system calls for this machine yet"
#endif

/* clang-format off */
#define SYS_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define SYS_0(n) sys_call((n), 0, 0, 0, 0, 0, 0)
#define SYS_1(n, a) sys_call((n), (long) (a), 0, 0, 0, 0, 0)
#define SYS_2(n, a, b) sys_call((n), (long) (a), (long) (b), 0, 0, 0, 0)
#define SYS_3(n, a, b, c) \
	sys_call((n), (long) (a), (long) (b), (long) (c), 0, 0, 0)
#define SYS_4(n, a, b, c, d) \
	sys_call((n), (long) (a), (long) (b), (long) (c), (long) (d), 0, 0)
#define SYS_5(n, a, b, c, d, e) \
	sys_call((n), (long) (a), (long) (b), (long) (c), (long) (d), \
	    (long) (e), 0)
#define SYS_6(n, a, b, c, d, e, f) \
	sys_call((n), (long) (a), (long) (b), (long) (c), (long) (d), \
	    (long) (e), (long) (f))
/* clang-format on */

/* sys(SYS_close, fd): any call, up to six arguments. */
#define sys(...)                                                               \
	SYS_PICK(__VA_ARGS__, SYS_6, SYS_5, SYS_4, SYS_3, SYS_2, SYS_1, SYS_0) \
	(__VA_ARGS__)

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t sys_now(void);

/* Anonymous memory, zeroed; NULL if there is none. */
void *sys_map(size_t size);
void sys_unmap(void *memory, size_t size);

/*
 * Copies `size` bytes of this process's memory that may vanish at any moment.
 * Returns how many bytes could be read, from the start; never faults.
 */
size_t sys_peek(const void *from, void *to, size_t size);

static inline bool
sys_peek_all(const void *from, void *to, size_t size)
{
	return sys_peek(from, to, size) == size;
}

/* Writes all of it, unless the other end stays full for `timeout_ms`. */
bool sys_write_all(int fd, const void *data, size_t size, int timeout_ms);

#endif
