/*
 * analyze_capture.h: a stack as the probe would send it, taken by the task
 * itself. For tests of unwinding: the bytes stay what they were, whatever the
 * task does afterwards.
 */
#ifndef ANALYZE_CAPTURE_H
#define ANALYZE_CAPTURE_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/snapshot.h"
#include "stranded_observer.h"

#define CAPTURE_MAX 16384

struct capture {
	struct wire_stack raw;
	uint8_t bytes[CAPTURE_MAX];
};

static uintptr_t
capture_stack_end(void)
{
	pthread_attr_t attributes;
	void *start;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attributes) ||
	    pthread_attr_getstack(&attributes, &start, &size)) {
		abort();
	}
	pthread_attr_destroy(&attributes);
	return (uintptr_t) start + size;
}

/* Not for memcpy() and not for a sanitizer: it reads whatever lies there. */
__attribute__((noinline, no_sanitize("address", "thread"))) static void
capture_bytes(struct capture *to)
{
	const volatile uint8_t *from =
	    (const volatile uint8_t *) (uintptr_t) to->raw.base;

	for (uint32_t i = 0; i < to->raw.size; i++) {
		to->bytes[i] = from[i];
	}
}

/* The stack of the caller, which begins at `leaf` if that is not NULL. */
__attribute__((noinline)) static void
capture_stack(struct capture *to, const void *leaf)
{
	struct stranded_place place = STRANDED_CALLER();
	uintptr_t room = capture_stack_end() - (uintptr_t) place.sp;

	to->raw = (struct wire_stack) {
		.leaf_pc = (uintptr_t) leaf,
		.pc = (uintptr_t) place.pc,
		.sp = (uintptr_t) place.sp,
		.fp = (uintptr_t) place.fp,
		.base = (uintptr_t) place.sp,
		.size = room < CAPTURE_MAX ? room : CAPTURE_MAX,
	};
	capture_bytes(to);
}

/* Lets `stack` be what was captured. */
static inline void
capture_fill(const struct capture *from, struct stack *stack)
{
	*stack = (struct stack) { .raw = from->raw, .bytes = from->bytes };
}

#endif
