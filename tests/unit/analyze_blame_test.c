/* analyze_blame_test.c: who waits for whom, and who is to blame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyze/blame.h"

#define MANY 10000

static struct task tasks[MANY];
static struct snapshot snapshot;
static struct blame *blame;

/* Tasks 1 to `count`, who wait for nobody. */
static void
make(size_t count)
{
	snapshot = (struct snapshot) { .tasks = tasks, .task_count = count };
	for (size_t i = 0; i < count; i++) {
		tasks[i] = (struct task) { .id = i + 1, .tid = 100 + i };
	}
}

static void
waits(uint64_t id, uint64_t holder)
{
	tasks[id - 1].state = STRANDED_MUTEX;
	tasks[id - 1].holder = holder;
	tasks[id - 1].holder_tid = tasks[holder - 1].tid;
}

static void
waits_for_thread(uint64_t id, uint32_t tid, uint32_t flags)
{
	tasks[id - 1].state = STRANDED_MUTEX;
	tasks[id - 1].holder_tid = tid;
	tasks[id - 1].flags = flags;
}

static const struct blame_node *
node(uint64_t id)
{
	return blame_find(blame, &snapshot, id);
}

/* The id of the task to blame for what `id` waits for. */
static uint64_t
root_of(uint64_t id)
{
	return blame->nodes[node(id)->root].task->id;
}

/* Each node stands behind the one that it waits for, but for the cycles'. */
static void
assert_order(void)
{
	size_t *place = calloc(blame->count, sizeof(*place));
	size_t seen = 0;

	for (size_t i = 0; i < blame->count; i++) {
		assert_int_equal(place[blame->inward[i]], 0);
		place[blame->inward[i]] = ++seen;
	}
	for (size_t i = 0; i < blame->count; i++) {
		const struct blame_node *one = &blame->nodes[i];

		if (one->holder != BLAME_NONE && one->root != i) {
			assert_true(place[one->holder] < place[i]);
		}
	}
	free(place);
}

static void
look(void)
{
	blame_free(blame);
	blame = blame_new(&snapshot);
	assert_order();
}

static int
teardown(void **state)
{
	blame_free(blame);
	blame = NULL;
	return 0;
}

static void
nobody(void **state)
{
	make(0);
	look();
	assert_int_equal(blame->count, 0);
	assert_int_equal(blame->root_count, 0);
	assert_null(node(1));
}

static void
nobody_waits(void **state)
{
	make(3);
	look();
	assert_int_equal(blame->root_count, 0);
	assert_int_equal(root_of(2), 2);
	assert_int_equal(node(2)->waiters, 0);
	assert_int_equal(node(2)->holder, BLAME_NONE);
	assert_false(node(2)->cycle);
}

static void
waiters_of_one(void **state)
{
	make(6);
	waits(1, 4);
	waits(3, 4);
	waits(5, 3);
	waits(6, 2);
	look();
	assert_int_equal(blame->root_count, 2);
	assert_int_equal(blame->nodes[blame->roots[0]].task->id, 4);
	assert_int_equal(blame->nodes[blame->roots[1]].task->id, 2);
	assert_int_equal(node(4)->waiters, 3);
	assert_int_equal(node(3)->waiters, 1);
	assert_int_equal(root_of(5), 4);
	assert_int_equal(node(5)->depth, 2);
	assert_int_equal(node(4)->depth, 0);
	/* In the order of their ids. */
	assert_int_equal(node(4)->first, 0);
	assert_int_equal(node(1)->next, 2);
	assert_int_equal(node(3)->next, BLAME_NONE);
}

static void
long_chain(void **state)
{
	make(MANY);
	for (uint64_t id = 1; id < MANY; id++) {
		waits(id, id + 1);
	}
	look();
	assert_int_equal(blame->root_count, 1);
	assert_int_equal(root_of(1), MANY);
	assert_int_equal(node(MANY)->waiters, MANY - 1);
	assert_int_equal(node(1)->depth, MANY - 1);
	/* And the other way round. */
	make(MANY);
	for (uint64_t id = 2; id <= MANY; id++) {
		waits(id, id - 1);
	}
	look();
	assert_int_equal(root_of(MANY), 1);
	assert_int_equal(node(1)->waiters, MANY - 1);
}

static void
all_for_one(void **state)
{
	make(MANY);
	for (uint64_t id = 1; id <= MANY; id++) {
		if (id != 5000) {
			waits(id, 5000);
		}
	}
	look();
	assert_int_equal(blame->root_count, 1);
	assert_int_equal(node(5000)->waiters, MANY - 1);
}

static void
waits_for_itself(void **state)
{
	make(3);
	waits(2, 2);
	look();
	assert_true(node(2)->cycle);
	assert_int_equal(node(2)->waiters, 0);
	assert_int_equal(root_of(2), 2);
	assert_int_equal(blame->root_count, 1);
	waits(3, 2);
	look();
	assert_int_equal(node(2)->waiters, 1);
	assert_false(node(3)->cycle);
	assert_int_equal(root_of(3), 2);
	assert_int_equal(node(3)->depth, 1);
}

static void
cycle_with_waiters(void **state)
{
	make(7);
	waits(2, 4);
	waits(4, 6);
	waits(6, 2);
	waits(1, 4);
	waits(3, 1);
	waits(7, 6);
	look();
	assert_int_equal(blame->root_count, 1);
	assert_int_equal(blame->nodes[blame->roots[0]].task->id, 2);
	for (uint64_t id = 1; id <= 7; id++) {
		assert_int_equal(
		    node(id)->cycle, id == 2 || id == 4 || id == 6);
		assert_int_equal(root_of(id), id == 5 ? 5 : 2);
	}
	assert_int_equal(node(2)->waiters, 5);
	assert_int_equal(node(4)->waiters, 2);
	assert_int_equal(node(6)->waiters, 1);
	/* From the root: 6 waits for 2, 4 for 6. */
	assert_int_equal(blame->inward[0], 1);
	assert_int_equal(blame->inward[1], 5);
	assert_int_equal(blame->inward[2], 3);
}

static void
long_cycle(void **state)
{
	make(MANY);
	for (uint64_t id = 1; id <= MANY; id++) {
		waits(id, id == MANY ? 1 : id + 1);
	}
	look();
	assert_int_equal(blame->root_count, 1);
	assert_int_equal(node(1)->waiters, MANY - 1);
	assert_int_equal(root_of(MANY), 1);
}

static void
two_cycles(void **state)
{
	make(4);
	waits(1, 2);
	waits(2, 1);
	waits(3, 4);
	waits(4, 3);
	look();
	assert_int_equal(blame->root_count, 2);
	assert_int_equal(root_of(2), 1);
	assert_int_equal(root_of(4), 3);
}

static void
owners_that_are_no_tasks(void **state)
{
	const struct blame_node *gone;

	make(6);
	waits_for_thread(1, 8123, WIRE_TASK_HOLDER_EXITED);
	waits_for_thread(2, 8123, WIRE_TASK_HOLDER_EXITED);
	waits(3, 2);
	waits_for_thread(4, 77, WIRE_TASK_HOLDER_ELSEWHERE);
	waits_for_thread(5, 78, 0);
	look();
	assert_int_equal(blame->count, 9);
	assert_int_equal(blame->root_count, 3);
	gone = &blame->nodes[blame->roots[0]];
	assert_null(gone->task);
	assert_int_equal(gone->tid, 8123);
	assert_true(gone->exited);
	assert_false(gone->elsewhere);
	assert_int_equal(gone->waiters, 3);
	assert_ptr_equal(&blame->nodes[node(3)->root], gone);
	assert_true(blame->nodes[node(4)->holder].elsewhere);
	assert_false(blame->nodes[node(5)->holder].exited);
	assert_false(blame->nodes[node(5)->holder].elsewhere);
}

/* A task that has gone between the lock's word and its own. */
static void
holder_not_in_the_snapshot(void **state)
{
	make(2);
	waits(1, 2);
	tasks[0].holder = 999;
	tasks[0].holder_tid = 0;
	look();
	assert_int_equal(blame->root_count, 0);
	assert_int_equal(root_of(1), 1);
}

static void
every_one_a_stranger(void **state)
{
	make(MANY);
	for (uint64_t id = 1; id <= MANY; id++) {
		waits_for_thread(
		    id, (uint32_t) (50000 + id), WIRE_TASK_HOLDER_EXITED);
	}
	look();
	assert_int_equal(blame->count, 2 * MANY);
	assert_int_equal(blame->root_count, MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody),
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(waiters_of_one),
		cmocka_unit_test(long_chain),
		cmocka_unit_test(all_for_one),
		cmocka_unit_test(waits_for_itself),
		cmocka_unit_test(cycle_with_waiters),
		cmocka_unit_test(long_cycle),
		cmocka_unit_test(two_cycles),
		cmocka_unit_test(owners_that_are_no_tasks),
		cmocka_unit_test(holder_not_in_the_snapshot),
		cmocka_unit_test(every_one_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
