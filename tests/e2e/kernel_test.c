/*
 * kernel_test.c: threads whose waits the probe does not see, as the kernel
 * tells of them.
 */
#include "harness.h"

#include <string.h>

/* A thread of kernel_waits, and where it must be found. */
struct thread {
	const char *name;
	const char *state;
	const char *function; /* in its stack */
	const char *above;    /* the same, further out */
	bool object;          /* an address is told */
	bool fd;              /* a descriptor is */
};

static const struct thread threads[] = {
	{ "futex", "futex", "wait_futex", "start_thread", true, false },
	{ "futex timed", "futex", "wait_futex_timed", "start_thread", true,
	    false },
	{ "read", "IO read", "wait_read", "start_thread", false, true },
	{ "poll", "IO poll", "wait_poll", "start_thread", false, true },
	{ "sleep", "sleep", "wait_sleep", "start_thread", false, false },
	{ "events", "io_getevents", "wait_events", "start_thread", false,
	    false },
	{ "stdio", "futex", "fprintf", "wait_stdio", true, false },
};

#define THREADS (sizeof(threads) / sizeof(threads[0]))

static struct harness_program *
start(void)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "kernel_waits");

	harness_ready(program);
	/* The last to come to rest: main. */
	harness_await(program, 1, "io_getevents", "wait_events");
	harness_await(program, 1, "futex", "wait_stdio");
	harness_await(program, 1, "IO read", "wait_cloned");
	harness_await(program, 1, "IO read", "main");
	return program;
}

/* The task that has `function` in its stack. */
static json_t *
find(json_t *dump, const char *function)
{
	size_t i;
	json_t *task;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (harness_frame(json_object_get(task, "stack"), function)) {
			return task;
		}
	}
	fail_msg("no task is in %s", function);
	return NULL;
}

static void
assert_kernel(json_t *task)
{
	assert_string_equal(harness_text(task, "seen_by"), "kernel");
	assert_non_null(strstr(harness_text(task, "wait_id"), ".k"));
}

static void
test_each_call(void **state)
{
	json_t *dump = harness_dump(start());

	for (size_t i = 0; i < THREADS; i++) {
		const struct thread *thread = &threads[i];
		json_t *task = harness_task(dump, thread->name);
		json_t *stack = json_object_get(task, "stack");

		assert_non_null(task);
		assert_string_equal(harness_text(task, "state"), thread->state);
		assert_kernel(task);
		assert_int_equal(
		    json_is_string(json_object_get(task, "object")),
		    thread->object);
		assert_int_equal(
		    json_is_integer(json_object_get(task, "fd")), thread->fd);
		if (!harness_frame(stack, thread->function) ||
		    !harness_frame(stack, thread->above)) {
			fail_msg("%s:\n%s", thread->name,
			    json_dumps(stack, JSON_INDENT(1)));
		}
	}
	/* These, main, and the one that libc does not know; no agent. */
	assert_int_equal(
	    json_array_size(json_object_get(dump, "tasks")), THREADS + 2);
}

/* One that was not made by libc is a task all the same, and stays the same. */
static void
test_thread_of_nobody(void **state)
{
	struct harness_program *program = start();
	json_t *dump = harness_dump(program);
	json_t *covered = json_object_get(dump, "coverage");
	json_t *task = find(dump, "wait_cloned");
	json_t *again;

	assert_kernel(task);
	assert_string_equal(harness_text(task, "state"), "IO read");
	assert_int_equal(
	    json_array_size(json_object_get(covered, "not_covered")), 0);
	assert_int_equal(harness_number(covered, "tasks"), THREADS + 2);
	assert_true(harness_number(task, "created_ms") >= 0);
	again = find(harness_dump(program), "wait_cloned");
	assert_int_equal(
	    harness_number(task, "id"), harness_number(again, "id"));
	assert_string_equal(
	    harness_text(task, "wait_id"), harness_text(again, "wait_id"));
}

/* Their waits have an age, and ids that last. */
static void
test_waits_last(void **state)
{
	struct harness_program *program = start();
	json_t *first = harness_task(harness_dump(program), "futex");
	json_t *task;

	HARNESS_UNTIL((task = harness_task(harness_dump(program), "futex")) &&
	    harness_number(task, "since_ms") >= 1000);
	assert_string_equal(
	    harness_text(first, "wait_id"), harness_text(task, "wait_id"));
}

static void
test_main_before_any_call(void **state)
{
	json_t *task = find(harness_dump(start()), "main");

	assert_kernel(task);
	assert_int_equal(harness_number(task, "fd"), 0);
}

/* The numbers of ps and of the dump's head are those of the tasks. */
static void
test_counts_agree(void **state)
{
	struct harness_program *program = start();
	struct harness_output output = harness_stranded("ps", "--format=json");
	json_t *root = json_loads(output.out, 0, NULL);
	json_t *row = json_array_get(json_object_get(root, "processes"), 0);
	json_t *states = json_object_get(row, "states");

	assert_int_equal(harness_number(row, "tasks"), THREADS + 2);
	assert_int_equal(harness_number(row, "blocked"), THREADS + 2);
	assert_int_equal(harness_number(states, "futex"), 3);
	assert_int_equal(harness_number(states, "IO read"), 3);
	assert_int_equal(harness_number(states, "unknown"), 1);
	json_decref(root);
	output = harness_stranded("dump");
	assert_non_null(strstr(output.out,
	    "\n9 tasks: 1 sleep, 3 IO read, 1 IO poll, 3 futex, "
	    "1 io_getevents\n"));
	assert_non_null(strstr(output.out, "not covered: nothing\n"));
	assert_non_null(strstr(output.out, ", seen by the kernel] thread "));
	harness_stop(program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_each_call),
		HARNESS_TEST(test_thread_of_nobody),
		HARNESS_TEST(test_waits_last),
		HARNESS_TEST(test_main_before_any_call),
		HARNESS_TEST(test_counts_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
