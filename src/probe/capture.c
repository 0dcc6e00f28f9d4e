/* capture.c: see capture.h. */
#include "probe/capture.h"

#include "probe/probe.h"

#define PAGE 4096 /* or a multiple of it: the smallest page there is */

/* Where reading from `sp` upward must end at the latest. */
static uintptr_t
readable_end(uintptr_t sp, const struct bounds *bounds)
{
	if (sp >= bounds->low && sp < bounds->top) {
		return bounds->top;
	}
	/* The word below, the return address, is sure to be there. */
	return ((sp - 1) | (PAGE - 1)) + 1;
}

void
capture_take(struct capture *capture, size_t room,
    const struct stranded_place *by, const struct bounds *bounds)
{
	uintptr_t sp = (uintptr_t) by->sp;
	uintptr_t end = readable_end(sp, bounds);
	size_t size = end - sp < room ? end - sp : room;

	capture->pc = (uintptr_t) by->pc;
	capture->sp = sp;
	capture->fp = (uintptr_t) by->fp;
	capture->truncated = sp + size != bounds->top;
	capture->size = (uint32_t) size;
	__builtin_memcpy(capture->bytes, (const void *) sp, size);
}

size_t
capture_send(const struct capture *capture, size_t room,
    struct wire_stack *stack, uint8_t *to)
{
	/* The record may be changing hands: believe nothing in it. */
	uint32_t size = load_relaxed(&capture->size);

	if (size > room) {
		size = (uint32_t) room;
	}
	*stack = (struct wire_stack) {
		.pc = capture->pc,
		.sp = capture->sp,
		.fp = capture->fp,
		.base = capture->sp,
		.size = size,
		.flags = capture->truncated ? WIRE_STACK_TRUNCATED : 0,
	};
	if (stack->pc == 0 || stack->base + size < stack->base) {
		*stack = (struct wire_stack) { 0 };
		return 0;
	}
	__builtin_memcpy(to, capture->bytes, size);
	return size;
}
