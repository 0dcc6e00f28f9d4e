/*
 * probe_aging_test.c: since when a task waits, by a clock that the test turns.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "unit/probe_fixture.h"

#include "probe/aging.h"

static struct fixture_stack stack;
static struct task *task;
static int64_t now;

static int
begin(void **state)
{
	struct stranded_place by = fixture_place(&stack, 1024);

	fixture_setup(state);
	if (task_self == NULL) {
		task_adopt()->stack = (struct bounds) { 0 };
	}
	task = task_create("one", TASK_RUNTIME, &by);
	task->stack = fixture_bounds(&stack);
	now = 1000;
	return 0;
}

static int
end(void **state)
{
	task_end(task);
	return 0;
}

/* The task begins a wait at `offset` of its stack. */
static struct stranded_wait *
push(size_t offset, enum stranded_state state)
{
	struct stranded_wait *wait = fixture_wait(&stack, offset);

	wait->state = state;
	wait->flags = 0;
	task_push(task, wait);
	return wait;
}

/* Some time goes by, and the agent looks. */
static void
look(void)
{
	now += 10;
	aging_look(now);
}

/* Since when the task waits, as a snapshot would say now. */
static int64_t
since(void)
{
	struct view view;

	aging_read(task, &view);
	assert_non_null(view.top);
	return aging_since(task, &view, now);
}

static void
a_running_task(void **state)
{
	struct view view;

	aging_read(task, &view);
	assert_null(view.top);
	look();
	assert_int_equal(task->aging.wait_seq, 0);
}

static void
a_wait_is_as_old_as_it_was_seen(void **state)
{
	struct stranded_wait *wait = push(4096, STRANDED_MUTEX);

	look();
	for (int i = 0; i < 5; i++) {
		look();
		assert_int_equal(since(), 1010);
	}
	/* The next at the same place is another. */
	task_pop(task, wait);
	push(4096, STRANDED_MUTEX);
	look();
	assert_int_equal(since(), 1060 + 10);
}

/* One that no tick has seen yet is as old as its first snapshot. */
static void
a_new_wait(void **state)
{
	push(4096, STRANDED_MUTEX);
	now = 5000;
	assert_int_equal(since(), 5000);
	look();
	assert_int_equal(since(), 5000);
}

static void
an_outer_wait_outlasts_an_inner_one(void **state)
{
	struct stranded_wait *inner;

	push(4096, STRANDED_IO_READ);
	look();
	inner = push(2048, STRANDED_SLEEP);
	look();
	assert_int_equal(since(), 1020);
	task_pop(task, inner);
	look();
	assert_int_equal(since(), 1010);
	look();
	assert_int_equal(since(), 1010);
}

static void
an_outer_wait_outlasts_many(void **state)
{
	push(4096, STRANDED_IO_READ);
	look();
	for (int i = 0; i < 5; i++) {
		struct stranded_wait *inner = push(2048, STRANDED_SLEEP);

		look();
		look();
		task_pop(task, inner); /* the next comes before a look */
	}
	look();
	assert_int_equal(since(), 1010);
}

/* An outer wait that was never seen alone is as old as its first sight. */
static void
an_outer_wait_unseen(void **state)
{
	struct stranded_wait *inner;

	push(4096, STRANDED_IO_READ);
	inner = push(2048, STRANDED_SLEEP);
	look();
	task_pop(task, inner);
	look();
	assert_int_equal(since(), 1020);
}

/* A record that is used again has nothing of its former life. */
static void
a_new_life_is_young(void **state)
{
	struct stranded_place by = fixture_place(&stack, 1024);

	push(4096, STRANDED_MUTEX);
	look();
	task_end(task);
	now += 1000;
	task = task_create("two", TASK_RUNTIME, &by);
	task->stack = fixture_bounds(&stack);
	push(4096, STRANDED_MUTEX);
	look();
	assert_int_equal(since(), now);
}

/* Nor if what was read of that life is noted when it is over. */
static void
a_former_life_is_noted_late(void **state)
{
	struct stranded_place by = fixture_place(&stack, 1024);
	struct view view;

	push(4096, STRANDED_MUTEX);
	aging_read(task, &view);
	task_end(task);
	task = task_create("two", TASK_RUNTIME, &by);
	task->stack = fixture_bounds(&stack);
	aging_since(task, &view, now);
	now += 1000;
	push(4096, STRANDED_MUTEX);
	look();
	assert_int_equal(since(), now);
}

/* A thread has gone, and its stack: it runs, for all we know. */
static void
memory_that_has_gone(void **state)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct view view;

	task_push(task, page);
	munmap(page, 4096);
	aging_read(task, &view);
	assert_null(view.top);
	look();
	task->top = NULL;
}

static void
counts_by_state(void **state)
{
	struct stranded_place by = fixture_place(&stack, 1024);
	struct wire_counts before, counts;
	struct task *more[3];

	aging_counts(&before, false);
	assert_true(wire_check_answer(&before, sizeof before));
	push(4096, STRANDED_MUTEX);
	more[0] = task_create("carrier", TASK_CARRIER, &by);
	more[1] = task_create("starting", TASK_STARTING, &by);
	more[2] = task_create("running", 0, &by);
	for (int looked = 0; looked < 2; looked++) {
		aging_counts(&counts, false);
		assert_int_equal(counts.tasks, before.tasks + 1);
		assert_int_equal(counts.by_state[STRANDED_MUTEX],
		    before.by_state[STRANDED_MUTEX] + 1);
		assert_int_equal(counts.by_state[STRANDED_RUNNING],
		    before.by_state[STRANDED_RUNNING]);
		look();
	}
	/* A state that this probe does not know. */
	fixture_wait(&stack, 4096)->state = 999;
	push(2048, (enum stranded_state) 999);
	aging_counts(&counts, false);
	assert_int_equal(counts.by_state[STRANDED_UNKNOWN], 1);
	for (int i = 0; i < 3; i++) {
		task_end(more[i]);
	}
}

#define AGING_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AGING_TEST(a_running_task),
		AGING_TEST(a_wait_is_as_old_as_it_was_seen),
		AGING_TEST(a_new_wait),
		AGING_TEST(an_outer_wait_outlasts_an_inner_one),
		AGING_TEST(an_outer_wait_outlasts_many),
		AGING_TEST(an_outer_wait_unseen),
		AGING_TEST(a_new_life_is_young),
		AGING_TEST(a_former_life_is_noted_late),
		AGING_TEST(memory_that_has_gone),
		AGING_TEST(counts_by_state),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
