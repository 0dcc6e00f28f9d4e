/* top_proved_test.c: what a proof has found holds as long as the wait does. */
#include "unit/top_snapshot.h"

#include "top/proved.h"

static struct snapshot *
readers(void)
{
	struct snapshot *snapshot = snapshot_empty(1);

	for (uint64_t id = 1; id <= 4; id++) {
		snapshot_add_reader(snapshot, id, 1, 0);
		snapshot->tasks[id - 1].wait_seq = 10 * id;
	}
	return snapshot;
}

static void
holds_in_the_same_wait(void **state)
{
	struct proved proved = { 0 };
	struct snapshot *before = readers();
	struct snapshot *after = readers();

	before->tasks[1].verdict = VERDICT_LEAKED;
	before->tasks[1].rule = RULE_UNREACHABLE;
	before->tasks[1].why = snapshot_keep(before, strdup("nobody is left"));
	before->tasks[2].verdict = VERDICT_LEAKED;
	before->tasks[3].verdict = VERDICT_SUSPECT;
	proved_keep(&proved, before);
	snapshot_free(before);
	after->tasks[2].wait_seq++;
	proved_apply(&proved, after);
	assert_int_equal(after->tasks[0].verdict, VERDICT_OK);
	assert_int_equal(after->tasks[1].verdict, VERDICT_LEAKED);
	assert_int_equal(after->tasks[1].rule, RULE_UNREACHABLE);
	assert_string_equal(after->tasks[1].why, "nobody is left");
	assert_int_equal(after->tasks[2].verdict, VERDICT_OK);
	assert_int_equal(after->tasks[3].verdict, VERDICT_OK);
	snapshot_free(after);
	proved_fini(&proved);
}

static void
knows_of_none(void **state)
{
	struct proved proved = { 0 };
	struct snapshot *snapshot = readers();

	proved_apply(&proved, snapshot);
	proved_keep(&proved, snapshot);
	assert_int_equal(proved.count, 0);
	snapshot_free(snapshot);
	proved_fini(&proved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_in_the_same_wait),
		cmocka_unit_test(knows_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
