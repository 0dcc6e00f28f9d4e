/*
 * unwind_bench.c: how long it takes to unwind and to name ten thousand stacks.
 *
 * The stacks are this program's own: each is captured at the bottom of a dozen
 * calls, as the probe would, at a place of its own, and then the copies are
 * unwound as if they came from another process. The second round is that of a
 * viewer which looks again.
 */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyze/analyze.h"
#include "client/memory.h"
#include "stranded_observer.h"

#define STACKS 10000
#define CALLS  10

static const char *top; /* the end of what is copied */
static struct snapshot snapshot;

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

__attribute__((noinline)) static void
capture(struct stack *stack)
{
	struct stranded_place place = STRANDED_CALLER();
	const char *sp = place.sp;
	size_t size = top - sp;
	uint8_t *bytes = memory_new(size, 1);

	memcpy(bytes, sp, size);
	*stack = (struct stack){
		.raw = {
			.pc = (uintptr_t) place.pc,
			.sp = (uintptr_t) place.sp,
			.fp = (uintptr_t) place.fp,
			.base = (uintptr_t) sp,
			.size = size,
		},
		.bytes = bytes,
	};
}

/* A dozen different functions that call one another. */
static void (*const calls[CALLS + 1])(struct stack *stack);

/* clang-format off */
#define CALL(number)                                                      \
	__attribute__((noinline)) static void                             \
	call_##number(struct stack *stack)                                \
	{                                                                 \
		volatile char room[16 * number + 8];                      \
									  \
		room[0] = number;                                         \
		calls[room[0] + 1](stack);                                \
		room[0] = 0;                                              \
	}

CALL(0) CALL(1) CALL(2) CALL(3) CALL(4)
CALL(5) CALL(6) CALL(7) CALL(8) CALL(9)

static void (*const calls[CALLS + 1])(struct stack *stack) = {
	call_0, call_1, call_2, call_3, call_4, call_5, call_6, call_7,
	call_8, call_9, capture,
};
/* clang-format on */

__attribute__((noinline)) static void
descend(struct stack *stack, size_t depth)
{
	volatile char *room = alloca(depth);

	room[0] = 0;
	calls[(size_t) room[0]](stack);
	room[0] = 1;
}

static void
capture_all(void)
{
	for (size_t i = 0; i < STACKS; i++) {
		struct stack *stack = &snapshot.tasks[i].stack;

		descend(stack, 16 * (i % 64 + 1));
		snapshot.blocks[i] = (uint8_t *) stack->bytes;
	}
}

static void
round_of(const char *what, struct symbolizer *symbolizer)
{
	int64_t begin;

	snapshot.tasks = memory_new(STACKS, sizeof(*snapshot.tasks));
	snapshot.task_count = STACKS;
	snapshot.blocks = memory_new(STACKS, sizeof(*snapshot.blocks));
	snapshot.block_count = STACKS;
	capture_all();
	begin = now();
	analyze_stacks(&snapshot, symbolizer);
	printf("%-12s %7.1f ms  (%d stacks of %zu frames%s)\n", what,
	    (now() - begin) / 1e6, STACKS, snapshot.tasks[0].stack.frame_count,
	    snapshot.tasks[0].stack.cut ? ", cut" : "");
	free(snapshot.tasks);
}

int
main(int argc, char **argv)
{
	struct failure failure;
	struct symbolizer *symbolizer;

	top = (const char *) (argv + 1);
	symbolizer = symbolizer_new(getpid(), NULL, &failure);
	if (!symbolizer) {
		fprintf(stderr, "%s\n", failure.text);
		return 1;
	}
	round_of("first", symbolizer);
	round_of("second", symbolizer);
	symbolizer_free(symbolizer);
	return 0;
}
