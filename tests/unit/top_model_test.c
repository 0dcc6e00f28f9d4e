/* top_model_test.c: what the viewer makes of one snapshot after another. */
#include "unit/top_snapshot.h"

#include "top/model.h"

/* A main task, and `readers` that are stuck. */
static struct snapshot *
server(int second, int readers)
{
	struct snapshot *snapshot = snapshot_empty(second);

	snapshot_add_main(snapshot, 1, second);
	for (int i = 0; i < readers; i++) {
		snapshot_add_reader(snapshot, (uint64_t) i + 2, 10 + i, 0);
	}
	return snapshot;
}

/* The group of so many tasks. */
static const struct group_row *
group_of(const struct model *model, size_t count)
{
	struct rows rows = model_groups(model);

	for (size_t i = 0; i < rows.count; i++) {
		const struct group_row *row = rows_at(rows, i);

		if (row->group->count == count) {
			return row;
		}
	}
	fail_msg("no group of %zu", count);
	return NULL;
}

static void
groups_know_whose_code_it_is(void **state)
{
	struct model model = { 0 };

	model_feed(&model, server(1, 3));
	assert_int_equal(model_groups(&model).count, 2);
	assert_int_equal(
	    group_of(&model, 3)->group->tasks[0]->since_ns, 12 * SECOND);
	assert_ptr_equal(group_of(&model, 3)->own, &frame_reader);
	assert_ptr_equal(group_of(&model, 3)->by, &frame_main);
	assert_ptr_equal(group_of(&model, 1)->own, &frame_main);
	assert_null(group_of(&model, 1)->by);
	assert_int_equal(model.now[METRIC_BLOCKED], 4);
	assert_int_equal(model.now[METRIC_TASKS], 4);
	model_fini(&model);
}

static void
keys_last(void **state)
{
	struct model model = { 0 };
	uint64_t key;

	model_feed(&model, server(1, 3));
	key = group_of(&model, 3)->key;
	model_feed(&model, server(2, 1));
	assert_non_null(model_group(&model, key));
	assert_int_equal(model_group(&model, key)->group->count, 1);
	model_feed(&model, server(3, 0));
	assert_null(model_group(&model, key));
	model_fini(&model);
}

static void
change_counts_from_the_first(void **state)
{
	struct model model = { 0 };
	uint64_t key;

	model_feed(&model, server(1, 3));
	key = group_of(&model, 3)->key;
	assert_int_equal(model_group(&model, key)->change, 0);
	model_feed(&model, server(2, 10));
	assert_int_equal(model_group(&model, key)->change, 7);
	model_feed(&model, server(3, 2));
	assert_int_equal(model_group(&model, key)->change, -1);
	model_feed(&model, server(4, 0));
	model_feed(&model, server(5, 4));
	assert_int_equal(model_group(&model, key)->change, 1);
	model_fini(&model);
}

static void
new_group_grows_from_nothing(void **state)
{
	struct model model = { 0 };

	model_feed(&model, snapshot_empty(1));
	model_feed(&model, server(2, 3));
	assert_int_equal(group_of(&model, 3)->change, 3);
	assert_int_equal(group_of(&model, 1)->change, 1);
	model_fini(&model);
}

static void
rates_are_of_the_last_snapshots(void **state)
{
	struct model model = { 0 };

	for (int i = 0; i < 20; i++) {
		struct snapshot *snapshot = snapshot_empty(i);

		/* The first ten seconds were busier. */
		snapshot->counts.sessions_opened =
		    (uint64_t) (i < 10 ? 100 * i : 1000 + 2 * i);
		snapshot->counts.sessions_closed = (uint64_t) i / 2;
		model_feed(&model, snapshot);
		if (i == 0) {
			assert_true(model_rates(&model).opened == 0);
		}
	}
	assert_true(model_rates(&model).opened > 1.99);
	assert_true(model_rates(&model).opened < 2.01);
	assert_true(model_rates(&model).closed > 0.3);
	assert_true(model_rates(&model).closed < 0.7);
	model_fini(&model);
}

static void
sessions_know_their_tasks(void **state)
{
	struct model model = { 0 };
	struct snapshot *snapshot = snapshot_empty(1);

	snapshot_add_task(snapshot, 5, "busy", STRANDED_RUNNING, 0);
	snapshot_add_reader(snapshot, 6, 3, 42);
	snapshot_add_session(snapshot, 41, "a", 5);
	snapshot_add_session(snapshot, 42, "b", 6);
	snapshot_add_session(snapshot, 43, "c", 0);
	model_feed(&model, snapshot);
	assert_int_equal(model_session(&model, 41)->blocked, 0);
	assert_int_equal(model_session(&model, 42)->blocked, 1);
	assert_int_equal(model_session(&model, 43)->blocked, 0);
	assert_null(model_session(&model, 44));
	assert_int_equal(
	    history_range(&model.past[METRIC_SESSIONS], 0).high, 3);
	model_fini(&model);
}

static void
own_frame_is_the_users(void **state)
{
	const struct frame *const bare[] = { &frame_accept };
	const struct frame *const begun[] = { &frame_accept, &frame_reader,
		&frame_begin };
	struct stack none = { .frames = NULL };
	struct stack alone = STACK(bare);
	struct stack locked = STACK(begun);
	struct stack sending = STACK(stack_reader);

	assert_null(analyze_own_frame(&none, STRANDED_CHAN_SEND));
	assert_null(analyze_own_frame(&alone, STRANDED_IO_ACCEPT));
	assert_ptr_equal(
	    analyze_own_frame(&sending, STRANDED_CHAN_SEND), &frame_reader);
	/* Where the task began does not hide what it calls. */
	assert_ptr_equal(
	    analyze_own_frame(&locked, STRANDED_MUTEX), &frame_reader);
}

static void
holders_are_known(void **state)
{
	struct model model = { 0 };
	struct snapshot *snapshot = snapshot_empty(1);
	struct task *task;

	snapshot_add_task(snapshot, 1, "owner", STRANDED_RUNNING, 0);
	task = snapshot_add_task(snapshot, 2, "waiter", STRANDED_MUTEX, 3);
	task->holder = 1;
	task->object = 0x1000;
	task = snapshot_add_task(snapshot, 3, "orphan", STRANDED_MUTEX, 3);
	task->holder_tid = 777;
	model_feed(&model, snapshot);
	assert_int_equal(model_tasks(&model).count, 3);
	assert_int_equal(model_waiters(&model).count, 4);
	assert_int_equal(model_task(&model, 2)->holder, 1);
	assert_int_equal(model_task(&model, 1)->node->waiters, 1);
	assert_int_equal(model_task(&model, 3)->holder, MODEL_THREAD | 777);
	assert_null(model_task(&model, MODEL_THREAD | 777)->task);
	assert_null(model_task(&model, MODEL_THREAD | 778));
	assert_null(model_task(&model, 9));
	model_fini(&model);
}

static void
verdicts_are_rows(void **state)
{
	struct model model = { 0 };
	struct snapshot *snapshot = server(1, 5);

	snapshot->tasks[2].verdict = VERDICT_LEAKED;
	snapshot->tasks[2].why = "nobody is left";
	snapshot->tasks[4].verdict = VERDICT_LEAKED;
	snapshot->tasks[3].verdict = VERDICT_SUSPECT;
	snapshot_add_session(snapshot, 41, "gone", 2)->state =
	    SESSION_PEER_CLOSED;
	snapshot_add_session(snapshot, 42, "left", 0)->state =
	    SESSION_PEER_CLOSED;
	snapshot->sessions[0].verdict = VERDICT_SUSPECT;
	snapshot_add_session(snapshot, 43, "here", 3);
	model_feed(&model, snapshot);
	assert_int_equal(model_verdicts(&model).count, 3);
	assert_int_equal(model.now[METRIC_LEAKED], 2);
	assert_int_equal(model.now[METRIC_SUSPECT], 2);
	assert_true(model_is_abandoned(model_session(&model, 41)));
	assert_false(model_is_abandoned(model_session(&model, 42)));
	assert_false(model_is_abandoned(model_session(&model, 43)));
	model_fini(&model);
}

/* The handler has ended, and its reader stays where it hands over. */
static void
sessions_that_are_left(void **state)
{
	struct model model = { 0 };
	struct snapshot *snapshot = server(1, 5);

	for (uint64_t id = 41; id <= 44; id++) {
		struct session *session =
		    snapshot_add_session(snapshot, id, "a", id == 43 ? 1 : 2);

		session->kind = WIRE_SESSION_REGISTRY;
		session->used_ns = 3 * SECOND;
		session->user = 99;
	}
	snapshot->sessions[1].user = 3;         /* is still there */
	snapshot->sessions[3].used_ns = SECOND; /* ends just now */
	model_feed(&model, snapshot);
	assert_true(model_is_abandoned(model_session(&model, 41)));
	assert_false(model_is_abandoned(model_session(&model, 42)));
	assert_false(model_is_abandoned(model_session(&model, 43)));
	assert_false(model_is_abandoned(model_session(&model, 44)));
	model_fini(&model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_know_whose_code_it_is),
		cmocka_unit_test(keys_last),
		cmocka_unit_test(change_counts_from_the_first),
		cmocka_unit_test(new_group_grows_from_nothing),
		cmocka_unit_test(rates_are_of_the_last_snapshots),
		cmocka_unit_test(sessions_know_their_tasks),
		cmocka_unit_test(own_frame_is_the_users),
		cmocka_unit_test(holders_are_known),
		cmocka_unit_test(verdicts_are_rows),
		cmocka_unit_test(sessions_that_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
