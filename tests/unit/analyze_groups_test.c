/* analyze_groups_test.c: who waits alike, and which waits end never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze.h"

#define SECOND INT64_C(1000000000)

static const struct frame send_frame = { .pc = 1 };
static const struct frame reader_frame = { .pc = 2 };
static const struct frame serve_frame = { .pc = 3 };

/* Two lists that say the same, as those of two symbolizers would. */
static const struct frame *const reader_stack[] = { &send_frame,
	&reader_frame };
static const struct frame *const reader_again[] = { &send_frame,
	&reader_frame };
static const struct frame *const serve_stack[] = { &send_frame, &serve_frame };

static void
wait_at(struct task *task, uint32_t state, int64_t seconds,
    const struct frame *const *frames)
{
	task->state = state;
	task->since_ns = seconds * SECOND;
	task->stack.frames = frames;
	task->stack.frame_count = 2;
}

static void
nothing_to_group(void **state)
{
	struct snapshot snapshot = { 0 };
	struct groups *groups = analyze_groups(&snapshot);

	assert_int_equal(groups->count, 0);
	analyze_groups_free(groups);
}

static void
largest_first_and_longest_first(void **state)
{
	struct task tasks[6] = { { .id = 1 }, { .id = 2 }, { .id = 3 },
		{ .id = 4 }, { .id = 5 }, { .id = 6 } };
	struct snapshot snapshot = { .tasks = tasks, .task_count = 6 };
	struct groups *groups;

	wait_at(&tasks[0], STRANDED_CHAN_SEND, 90, serve_stack);
	wait_at(&tasks[1], STRANDED_CHAN_SEND, 1, reader_stack);
	wait_at(&tasks[2], STRANDED_CHAN_RECV, 95, reader_stack);
	wait_at(&tasks[3], STRANDED_CHAN_SEND, 5, reader_again);
	wait_at(&tasks[4], STRANDED_CHAN_SEND, 5, reader_stack);
	tasks[5].state = STRANDED_RUNNING;
	groups = analyze_groups(&snapshot);
	assert_int_equal(groups->count, 4);
	assert_int_equal(groups->list[0].count, 3);
	assert_int_equal(groups->list[0].tasks[0]->id, 4);
	assert_int_equal(groups->list[0].tasks[1]->id, 5);
	assert_int_equal(groups->list[0].tasks[2]->id, 2);
	assert_int_equal(groups->list[1].tasks[0]->id, 3);
	assert_int_equal(groups->list[2].tasks[0]->id, 1);
	assert_int_equal(groups->list[3].tasks[0]->id, 6);
	analyze_groups_free(groups);
}

static void
creators_and_cuts_tell_apart(void **state)
{
	struct task tasks[3] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	struct snapshot snapshot = { .tasks = tasks, .task_count = 3 };
	struct groups *groups;

	for (int i = 0; i < 3; i++) {
		wait_at(&tasks[i], STRANDED_MUTEX, 1, reader_stack);
	}
	tasks[1].created_by.frames = serve_stack;
	tasks[1].created_by.frame_count = 2;
	tasks[2].stack.cut = true;
	groups = analyze_groups(&snapshot);
	assert_int_equal(groups->count, 3);
	analyze_groups_free(groups);
}

static enum verdict
verdict_of(uint32_t state, uint32_t flags)
{
	struct task task = {
		.state = state, .flags = flags, .verdict = VERDICT_SUSPECT
	};
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	analyze_verdicts(&snapshot);
	assert_true((task.why != NULL) == (task.verdict != VERDICT_OK));
	return task.verdict;
}

static void
what_a_wait_proves(void **state)
{
	for (uint32_t i = 0; i < STRANDED_STATE_COUNT + 5u; i++) {
		bool leaked = i == STRANDED_CHAN_SEND_NIL ||
		    i == STRANDED_CHAN_RECV_NIL ||
		    i == STRANDED_SELECT_NO_CASES;

		assert_int_equal(
		    verdict_of(i, 0), leaked ? VERDICT_LEAKED : VERDICT_OK);
		assert_int_equal(verdict_of(i, WIRE_TASK_TIMED), VERDICT_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_group),
		cmocka_unit_test(largest_first_and_longest_first),
		cmocka_unit_test(creators_and_cuts_tell_apart),
		cmocka_unit_test(what_a_wait_proves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
