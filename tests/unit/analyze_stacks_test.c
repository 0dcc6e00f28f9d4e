/*
 * analyze_stacks_test.c: stacks of this very program, unwound and named as if
 * they were somebody else's.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/analyze.h"
#include "analyze/arch.h"
#include "analyze_capture.h"

/* A place whose line is known: the macro notes it. */
#define AT_LINE(line, what)                                                    \
	do {                                                                   \
		(line) = __LINE__;                                             \
		what;                                                          \
	} while (0)

#define HOSTILE 500 /* spoiled stacks in one snapshot */

static struct symbolizer *symbolizer;
static struct capture captured;
static volatile int sink; /* keeps calls from being tail calls */

static unsigned int wait_line, call_line, inlined_line, outer_line;

__attribute__((noinline)) static void
wait_here(void)
{
	AT_LINE(wait_line, capture_stack(&captured, STRANDED_HERE()));
	sink++;
}

static inline __attribute__((always_inline)) void
inlined_into(void)
{
	AT_LINE(call_line, wait_here());
	sink++;
}

static inline __attribute__((always_inline)) void
inlined_twice(void)
{
	AT_LINE(inlined_line, inlined_into());
	sink++;
}

__attribute__((noinline)) static void
outer(void)
{
	AT_LINE(outer_line, inlined_twice());
	sink++;
}

static int
set_up(void **state)
{
	struct failure failure;

	symbolizer = symbolizer_new(getpid(), NULL, &failure);
	return symbolizer ? 0 : -1;
}

static int
tear_down(void **state)
{
	symbolizer_free(symbolizer);
	return 0;
}

/* Analyzes one stack as the only one of a snapshot. */
static struct stack
analyze(const struct capture *capture)
{
	struct task task = { .id = 1 };
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	capture_fill(capture, &task.stack);
	analyze_stacks(&snapshot, symbolizer);
	assert_non_null(task.stack.frames);
	assert_null(task.stack.bytes);
	return task.stack;
}

static void
check_frame(const struct frame *frame, const char *function, unsigned int line,
    bool inlined)
{
	assert_non_null(frame->function);
	assert_string_equal(frame->function, function);
	assert_int_equal(frame->line, line);
	assert_non_null(frame->file);
	assert_non_null(strstr(frame->file, "analyze_stacks_test.c"));
	assert_non_null(strstr(frame->module, "analyze_stacks_test"));
	assert_int_equal(frame->inlined, inlined);
	assert_false(frame->probe);
	if (inlined) {
		assert_int_equal(frame->function_offset, 0);
	} else {
		assert_true(frame->function_offset < 4096);
	}
}

/* Is there a frame of the function from index `from` on? */
static size_t
find(const struct stack *stack, size_t from, const char *function)
{
	for (size_t i = from; i < stack->frame_count; i++) {
		const char *name = stack->frames[i]->function;

		if (name && strcmp(name, function) == 0) {
			return i;
		}
	}
	fail_msg("%s is not on the stack", function);
	return 0;
}

static void
functions_lines_and_inlined_frames(void **state)
{
	struct stack stack;
	size_t i;

	outer();
	stack = analyze(&captured);
	assert_false(stack.cut);
	assert_true(stack.frame_count > 6);
	/* The leaf, and the call on the same line. */
	check_frame(stack.frames[0], "wait_here", wait_line, false);
	assert_int_equal(stack.frames[0]->pc, captured.raw.leaf_pc);
	check_frame(stack.frames[1], "wait_here", wait_line, false);
	assert_int_equal(stack.frames[1]->pc, captured.raw.pc - 1);
	check_frame(stack.frames[2], "inlined_into", call_line, true);
	check_frame(stack.frames[3], "inlined_twice", inlined_line, true);
	check_frame(stack.frames[4], "outer", outer_line, false);
	assert_int_equal(stack.frames[2]->pc, stack.frames[4]->pc);
	check_frame(stack.frames[5], "functions_lines_and_inlined_frames",
	    stack.frames[5]->line, false);
	i = find(&stack, 6, "main");
	/* Not __libc_start_main_impl, as its source has it. */
	i = find(&stack, i, "__libc_start_main");
	/* It stands between functions of this file, but is not of this file. */
	i = find(&stack, i, "_start");
	assert_null(stack.frames[i]->file);
}

static void
equal_stacks_are_one(void **state)
{
	struct stack first = { 0 }, second, third;
	const struct frame *const *frames;

	/* Volatile: unrolled, it would be three places. */
	for (volatile int i = 0; i < 3; i++) {
		outer();
		first = analyze(&captured);
		frames = i == 0 ? first.frames : frames;
		assert_ptr_equal(first.frames, frames);
	}
	second = analyze(&captured);
	assert_ptr_equal(first.frames, second.frames);
	captured.raw.leaf_pc = 0;
	third = analyze(&captured);
	assert_int_equal(third.frame_count, first.frame_count - 1);
	assert_ptr_equal(third.frames[0], first.frames[1]);
}

static void *
run_thread(void *unused)
{
	outer();
	return NULL;
}

static void
a_thread_ends_where_it_was_started(void **state)
{
	struct stack stack;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
	pthread_join(thread, NULL);
	stack = analyze(&captured);
	assert_false(stack.cut);
	find(&stack, 0, "run_thread");
}

static void
handle(int number)
{
	outer();
	sink++;
}

static void
through_a_signal_handler(void **state)
{
	struct sigaction action = { .sa_handler = handle };
	struct sigaction before;
	struct stack stack;
	uint64_t code;
	size_t i;

	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	stack = analyze(&captured);
	assert_false(stack.cut);
	i = find(&stack, 0, "handle");
	/* Where it returns to is told as it is, since nobody called that. */
	memcpy(
	    &code, (void *) (uintptr_t) stack.frames[i + 1]->pc, sizeof(code));
	assert_int_equal(code, ARCH_TRAMPOLINE);
	find(&stack, i, "through_a_signal_handler");
}

__attribute__((noinline)) static void
recurse(int depth)
{
	if (depth > 0) {
		recurse(depth - 1);
	} else {
		capture_stack(&captured, NULL);
	}
	sink++;
}

static void
too_deep_a_stack_is_cut(void **state)
{
	struct stack stack;

	recurse(1000);
	stack = analyze(&captured);
	assert_true(stack.cut);
	assert_true(stack.frame_count > 50);
	for (size_t i = 0; i < stack.frame_count; i++) {
		assert_string_equal(stack.frames[i]->function, "recurse");
	}
}

static void
too_few_bytes_cut_it(void **state)
{
	struct stack whole, part;

	outer();
	whole = analyze(&captured);
	for (uint32_t size = 0; size < 512; size += 8) {
		captured.raw.size = size;
		part = analyze(&captured);
		assert_true(part.cut);
		assert_true(part.frame_count >= 2);
		assert_true(part.frame_count < whole.frame_count);
		assert_memory_equal(part.frames, whole.frames,
		    part.frame_count * sizeof(*part.frames));
		if (part.frame_count > 10) {
			break; /* what follows is libc's */
		}
	}
}

static void
no_stack_no_frames(void **state)
{
	struct capture capture = { .raw = { .pc = 0 } };
	struct stack stack = analyze(&capture);

	assert_int_equal(stack.frame_count, 0);
	assert_false(stack.cut);
	outer();
	captured.raw.flags = WIRE_STACK_MOVED;
	stack = analyze(&captured);
	assert_int_equal(stack.frame_count, 0);
}

static void
a_place_in_no_object(void **state)
{
	struct capture capture = { .raw = { .leaf_pc = 4096, .pc = 0x5000 } };
	struct stack stack = analyze(&capture);

	assert_true(stack.cut);
	assert_int_equal(stack.frame_count, 1);
	assert_null(stack.frames[0]->module);
	assert_null(stack.frames[0]->function);
	assert_int_equal(stack.frames[0]->pc, 4096);
}

/* What has frames, from an older snapshot, is left alone. */
static void
known_stacks_stay(void **state)
{
	static const struct frame frame = { .pc = 1 };
	static const struct frame *const frames[] = { &frame };
	struct task task = {
		.stack = { .frames = frames,
		    .frame_count = 1,
		    .raw = { .flags = WIRE_STACK_KNOWN } },
	};
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	analyze_stacks(&snapshot, symbolizer);
	assert_ptr_equal(task.stack.frames, frames);
	assert_int_equal(task.stack.frame_count, 1);
}

static void
all_kinds_of_stacks(void **state)
{
	struct task task = { .id = 1 };
	struct session session = { .id = 2 };
	struct channel channel = { .id = 3 };
	uint8_t **blocks = calloc(1, sizeof(*blocks));
	struct snapshot snapshot = {
		.tasks = &task,
		.task_count = 1,
		.sessions = &session,
		.session_count = 1,
		.channels = &channel,
		.channel_count = 1,
		.blocks = blocks,
		.block_count = 1,
	};

	blocks[0] = malloc(64);
	outer();
	capture_fill(&captured, &task.created_by);
	capture_fill(&captured, &session.opened_by);
	capture_fill(&captured, &channel.created_by);
	analyze_stacks(&snapshot, symbolizer);
	assert_int_equal(task.stack.frame_count, 0);
	assert_true(task.created_by.frame_count > 3);
	assert_ptr_equal(session.opened_by.frames, task.created_by.frames);
	assert_ptr_equal(channel.created_by.frames, task.created_by.frames);
	assert_null(snapshot.blocks);
	assert_int_equal(snapshot.block_count, 0);
}

/* ---- Hostile stacks ---------------------------------------------------- */

static uint64_t seed = 88172645463325252u;

static uint64_t
any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Something that could be on a stack: rubbish, code, or a place in the copy. */
static uint64_t
any_word(const struct capture *capture)
{
	switch (any() % 4) {
	case 0:
		return any();
	case 1:
		return (uintptr_t) outer + any() % 65536;
	case 2:
		return (uintptr_t) abort + any() % 65536;
	default:
		return capture->raw.base + any() % CAPTURE_MAX;
	}
}

static void
spoil(struct capture *capture)
{
	uint64_t *const words[] = { &capture->raw.pc, &capture->raw.sp,
		&capture->raw.fp, &capture->raw.base, &capture->raw.leaf_pc };
	size_t count = any() % 64;

	for (size_t i = 0; i < count; i++) {
		uint64_t word = any_word(capture);

		memcpy(capture->bytes + any() % (CAPTURE_MAX / 8) * 8, &word,
		    sizeof(word));
	}
	if (any() % 2) {
		*words[any() % 5] = any_word(capture);
	}
	if (any() % 4 == 0) {
		capture->raw.size = any() % CAPTURE_MAX;
	}
}

static void
hostile_stacks_do_no_harm(void **state)
{
	static struct capture spoiled[HOSTILE];
	static struct task tasks[HOSTILE];
	struct snapshot snapshot = { .tasks = tasks, .task_count = HOSTILE };

	outer();
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < HOSTILE; i++) {
			/* The later the worse. */
			if (round % 8 == 0) {
				spoiled[i] = captured;
			}
			spoil(&spoiled[i]);
			capture_fill(&spoiled[i], &tasks[i].stack);
		}
		analyze_stacks(&snapshot, symbolizer);
		for (int i = 0; i < HOSTILE; i++) {
			assert_true(tasks[i].stack.frame_count <= 1024);
		}
	}
}

/* Of who used a channel last there is an address, and no stack. */
static void
users_of_channels(void **state)
{
	struct channel channel = { .sender.told = true };
	struct snapshot snapshot = { .channels = &channel, .channel_count = 1 };
	const struct stack *place = &channel.sender.place;

	outer();
	channel.sender.place.raw.pc = captured.raw.pc;
	analyze_stacks(&snapshot, symbolizer);
	assert_true(place->frame_count > 0);
	assert_string_equal(place->frames[0]->function, "wait_here");
	assert_false(place->cut);
	assert_int_equal(channel.receiver.place.frame_count, 0);
	place = &channel.receiver.place;
	channel.receiver.place.raw.pc = 1;
	analyze_stacks(&snapshot, symbolizer);
	assert_int_equal(place->frame_count, 1);
	assert_null(place->frames[0]->function);
}

static void
a_process_that_is_gone(void **state)
{
	struct failure failure = { 0 };

	/* Larger than any pid can be. */
	assert_null(symbolizer_new(1 << 30, NULL, &failure));
	assert_int_equal(failure.status, EXIT_NO_TARGET);
	assert_non_null(strstr(failure.text, "1073741824"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_lines_and_inlined_frames),
		cmocka_unit_test(equal_stacks_are_one),
		cmocka_unit_test(a_thread_ends_where_it_was_started),
		cmocka_unit_test(through_a_signal_handler),
		cmocka_unit_test(too_deep_a_stack_is_cut),
		cmocka_unit_test(too_few_bytes_cut_it),
		cmocka_unit_test(no_stack_no_frames),
		cmocka_unit_test(a_place_in_no_object),
		cmocka_unit_test(known_stacks_stay),
		cmocka_unit_test(all_kinds_of_stacks),
		cmocka_unit_test(hostile_stacks_do_no_harm),
		cmocka_unit_test(users_of_channels),
		cmocka_unit_test(a_process_that_is_gone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
