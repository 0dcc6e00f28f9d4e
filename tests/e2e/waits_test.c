/*
 * waits_test.c: who waits for whom, in every way that there is.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* A thread of the program "holders", and whom it waits for. */
struct waiter {
	const char *name;
	const char *state;
	const char *holder; /* NULL: no task */
	const char *blame;  /* the end of its chain, NULL: no task, or itself */
};

static const struct waiter waiters[] = {
	{ "chain 1", "IO read", NULL, NULL },
	{ "chain 2", "thread join", "chain 1", "chain 1" },
	{ "chain 3", "mutex lock", "chain 2", "chain 1" },
	{ "circle a", "mutex lock", "circle b", NULL },
	{ "circle b", "mutex lock", "circle a", "circle a" },
	{ "behind", "mutex lock", "circle a", "circle a" },
	{ "alone", "mutex lock", "alone", NULL },
	{ "left", "mutex lock", NULL, NULL },
	{ "lent", "mutex lock", NULL, NULL },
	{ "inherits", "mutex lock", "chain 1", "chain 1" },
	{ "robust", "mutex lock", "chain 1", "chain 1" },
	{ "c11", "mutex lock", "chain 1", "chain 1" },
	{ "reader", "rwlock read lock", "chain 1", "chain 1" },
	{ "woken", "mutex lock", "chain 1", "chain 1" },
};

#define WAITERS (sizeof(waiters) / sizeof(waiters[0]))

static json_t *
find(json_t *dump, const char *name)
{
	json_t *task = harness_task(dump, name);

	if (!task) {
		fail_msg("no task %s", name);
	}
	return task;
}

/* All have come to where they stay. */
static bool
is_settled(json_t *dump)
{
	return harness_count(dump, "mutex lock", NULL) == 11 &&
	    harness_count(dump, "rwlock read lock", NULL) == 1 &&
	    harness_count(dump, "thread join", NULL) == 1;
}

static json_t *
settled_dump(struct harness_program **program)
{
	json_t *dump = NULL;

	*program = harness_start(HARNESS_RUN, "holders");
	harness_ready(*program);
	HARNESS_UNTIL(is_settled(dump = harness_dump(*program)));
	return dump;
}

/* Fails unless the field is the id of the task `name`, or null. */
static void
assert_task(json_t *dump, json_t *task, const char *field, const char *name)
{
	json_t *value = json_object_get(task, field);

	if (name ? json_integer_value(value) !=
		    harness_number(find(dump, name), "id") :
		   !json_is_null(value)) {
		fail_msg("the %s of %s is %s, not %s", field,
		    harness_text(task, "name"),
		    json_dumps(value, JSON_ENCODE_ANY), name ? name : "null");
	}
}

static void
check_holders(json_t *dump)
{

	for (size_t i = 0; i < WAITERS; i++) {
		json_t *task = find(dump, waiters[i].name);

		assert_string_equal(
		    harness_text(task, "state"), waiters[i].state);
		assert_task(dump, task, "holder", waiters[i].holder);
		assert_task(dump, task, "blame", waiters[i].blame);
		assert_string_equal(harness_text(task, "seen_by"), "probe");
	}
	assert_int_equal(harness_number(find(dump, "chain 1"), "waiters"), 7);
	assert_int_equal(harness_number(find(dump, "chain 2"), "waiters"), 1);
	assert_int_equal(harness_number(find(dump, "chain 3"), "waiters"), 0);
}

static void
check_circles(json_t *dump)
{
	static const char *const inside[] = { "circle a", "circle b", "alone" };

	for (size_t i = 0; i < 3; i++) {
		assert_true(json_is_true(
		    json_object_get(find(dump, inside[i]), "in_cycle")));
	}
	assert_true(
	    json_is_false(json_object_get(find(dump, "behind"), "in_cycle")));
}

/* Owners that are no tasks of this process, or of none. */
static void
check_strangers(json_t *dump, pid_t pid)
{
	json_t *left = find(dump, "left"), *lent = find(dump, "lent");

	assert_true(json_is_true(json_object_get(left, "holder_exited")));
	assert_true(harness_number(left, "holder_tid") > 0);
	assert_int_equal(harness_number(left, "blame_tid"),
	    harness_number(left, "holder_tid"));
	assert_true(json_is_false(json_object_get(lent, "holder_exited")));
	assert_int_not_equal(harness_number(lent, "holder_tid"), pid);
}

static void
check_woken(json_t *dump)
{
	json_t *task = find(dump, "woken");

	assert_true(json_is_true(json_object_get(task, "woken_from_cond")));
	assert_non_null(
	    harness_frame(json_object_get(task, "stack"), "pthread_cond_wait"));
	assert_true(json_is_false(
	    json_object_get(find(dump, "robust"), "woken_from_cond")));
}

static void
test_each_way(void **state)
{
	struct harness_program *program;
	json_t *dump = settled_dump(&program);

	check_holders(dump);
	check_circles(dump);
	check_strangers(dump, harness_pid(program));
	check_woken(dump);
}

static void
test_text(void **state)
{
	static const char *const lines[] = {
		"\nwho waits for whom:\n7 tasks wait for task ",
		" \"chain 1\", which is in IO read on fd ",
		"\n3 tasks wait for each other, or for one that does:\n",
		", which has exited\n",
		", which is another process's\n",
		" \"alone\" waits for itself, in mutex lock, mutex 0x",
		", woken from cond wait] ",
		", which is task ",
	};
	struct harness_program *program;
	struct harness_output output;
	char pid[16];

	settled_dump(&program);
	snprintf(pid, sizeof(pid), "%d", (int) harness_pid(program));
	output = harness_stranded("dump", pid);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(output.out, lines[i])) {
			fail_msg("no \"%s\" in:\n%s", lines[i], output.out);
		}
	}
}

/* Where nobody holds anything nobody waits for anybody. */
static void
test_mended(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "holders", "--mended");
	struct harness_output output;
	char pid[16];
	json_t *dump, *task;
	size_t i;

	harness_ready(program);
	dump = harness_await(program, WAITERS, "cond wait", "rest");
	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		assert_task(dump, task, "holder", NULL);
		assert_task(dump, task, "blame", NULL);
		assert_int_equal(harness_number(task, "waiters"), 0);
	}
	snprintf(pid, sizeof(pid), "%d", (int) harness_pid(program));
	output = harness_stranded("dump", pid);
	assert_null(strstr(output.out, "who waits for whom"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_each_way),
		HARNESS_TEST(test_text),
		HARNESS_TEST(test_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
