/* top_known_test.c: stacks that the probe leaves out are filled in. */
#include "unit/top_snapshot.h"

#include "top/known.h"

#define LEFT_OUT ((struct stack) { .raw.flags = WIRE_STACK_KNOWN })

static struct snapshot *
readers(int count)
{
	struct snapshot *snapshot = snapshot_empty(1);

	for (int i = 0; i < count; i++) {
		uint64_t id = (uint64_t) i * 2 + 1;

		snapshot_add_reader(snapshot, id, 1, 0);
		snapshot->tasks[i].wait_seq = 7;
		snapshot_add_session(snapshot, id, "s", 0);
	}
	return snapshot;
}

static void
leave_out(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		snapshot->tasks[i].stack = LEFT_OUT;
		snapshot->tasks[i].created_by = LEFT_OUT;
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		snapshot->sessions[i].opened_by = LEFT_OUT;
	}
}

static void
what_was_sent_is_known(void **state)
{
	struct known known = { 0 };
	struct snapshot *first = readers(5);
	struct snapshot *second = readers(5);

	assert_true(known_fill(&known, first));
	known_keep(&known, first);
	leave_out(second);
	assert_true(known_fill(&known, second));
	for (size_t i = 0; i < 5; i++) {
		assert_ptr_equal(second->tasks[i].stack.frames, stack_reader);
		assert_int_equal(second->tasks[i].stack.raw.flags, 0);
		assert_ptr_equal(
		    second->tasks[i].created_by.frames, stack_serve);
		assert_ptr_equal(
		    second->sessions[i].opened_by.frames, stack_serve);
	}
	/* And once more, of what was filled in. */
	known_keep(&known, second);
	leave_out(first);
	assert_true(known_fill(&known, first));
	snapshot_free(first);
	snapshot_free(second);
	known_fini(&known);
}

/* Another wait of the same task is not the one that was seen. */
static void
what_is_not_known_is_told(void **state)
{
	struct known known = { 0 };
	struct snapshot *first = readers(2);
	struct snapshot *second = readers(2);
	struct snapshot *third = readers(3);

	known_keep(&known, first);
	leave_out(second);
	second->tasks[1].wait_seq = 8;
	assert_false(known_fill(&known, second));
	assert_null(second->tasks[1].stack.frames);
	assert_ptr_equal(second->tasks[0].stack.frames, stack_reader);
	/* What is not known is not kept either. */
	known_keep(&known, second);
	leave_out(third);
	assert_false(known_fill(&known, third));
	snapshot_free(first);
	snapshot_free(second);
	snapshot_free(third);
	known_fini(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sent_is_known),
		cmocka_unit_test(what_is_not_known_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
