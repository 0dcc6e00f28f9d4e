/*
 * capture.h: a piece of the running thread's stack, kept for later.
 *
 * Who created a task, opened a session, made a channel? The registers and the
 * bytes above the stack pointer, as many as there is room for, are copied; the
 * tool unwinds them when somebody asks.
 */
#ifndef PROBE_CAPTURE_H
#define PROBE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"
#include "stranded_observer.h"

struct capture {
	uint64_t pc; /* 0: nothing was captured */
	uint64_t sp;
	uint64_t fp;
	uint32_t size;      /* of the bytes that follow, from sp upward */
	uint32_t truncated; /* not 0: there were more */
	uint8_t bytes[];
};

/* Where the calling thread's stack lies; both 0 if that is not known. */
struct bounds {
	uintptr_t low;
	uintptr_t top;
};

/*
 * Captures the calling thread's stack from `by` upward into `capture`, which
 * has room for `room` bytes after the head. Bytes are only read where they are
 * sure to be there: inside `bounds`, or else on the page that the stack pointer
 * is on. (The kernel could read the rest without a fault, but a thread under a
 * seccomp filter must make no system call that is not the application's.)
 */
void capture_take(struct capture *capture, size_t room,
    const struct stranded_place *by, const struct bounds *bounds);

/*
 * Puts it into a message: fills `stack`, copies the bytes to `to`, which has
 * `room` bytes, as the capture has, and returns how many there are.
 */
size_t capture_send(const struct capture *capture, size_t room,
    struct wire_stack *stack, uint8_t *to);

#endif
