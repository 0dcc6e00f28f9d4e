/*
 * scale_test.c: thousands of tasks of which each is leaked, and as many of
 * which none is: by what refers to what they wait for, and by who waits for
 * whom. With LONG set ten thousand, otherwise fewer.
 */
#include "e2e/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASKS      2000
#define LONG_TASKS 10000

static int
tasks(void)
{
	const char *is_long = getenv("LONG");

	return is_long != NULL && is_long[0] != '\0' ? LONG_TASKS : TASKS;
}

/* Runs `lost` with that wait, and "--mended" or nothing; all are blocked. */
static struct harness_program *
start(const char *wait, const char *mended)
{
	struct harness_program *program;
	char count[32];

	snprintf(count, sizeof(count), "--tasks=%d", tasks());
	program = harness_start(HARNESS_PRELOAD, "lost", count, wait, mended);
	harness_ready(program);
	return program;
}

/* How many are leaked, by what can be proved in the way of `option`. */
static json_int_t
leaked(struct harness_program *program, const char *option)
{
	struct harness_output output;
	char pid[16];
	json_t *report, *proof;
	json_int_t count;

	snprintf(pid, sizeof(pid), "%d", harness_pid(program));
	output = harness_stranded("leaks", "--format=json", option, pid);
	report = json_loads(output.out, 0, NULL);
	if (report == NULL) {
		fail_msg("leaks ends with %d: %s", output.status, output.err);
	}
	proof = json_object_get(report, "proof");
	if (strcmp(option, "--graph-only") != 0 &&
	    !json_is_true(json_object_get(proof, "complete"))) {
		fail_msg("no proof: %s", harness_text(proof, "why_not"));
	}
	assert_true(json_array_size(json_object_get(report, "tasks")) >=
	    (size_t) tasks());
	count = harness_number(proof, "leaked");
	assert_int_equal(output.status, count > 0);
	json_decref(report);
	return count;
}

#define PROVE "--max-stop=60000"

static void
test_channels(void **state)
{
	struct harness_program *program = start("--wait=chan", NULL);

	HARNESS_UNTIL(leaked(program, PROVE) == tasks());
}

static void
test_channels_mended(void **state)
{
	struct harness_program *program = start("--wait=chan", "--mended");

	harness_await(program, (size_t) tasks(), "chan receive", NULL);
	assert_int_equal(leaked(program, PROVE), 0);
}

/* All but the first, who has ended. Nobody need be stopped for that. */
static void
test_locks(void **state)
{
	struct harness_program *program = start("--wait=mutex", NULL);

	HARNESS_UNTIL(leaked(program, "--graph-only") == tasks() - 1);
	assert_int_equal(leaked(program, PROVE), tasks() - 1);
}

static void
test_locks_mended(void **state)
{
	struct harness_program *program = start("--wait=mutex", "--mended");

	harness_await(program, (size_t) tasks() - 1, "mutex lock", NULL);
	assert_int_equal(leaked(program, "--graph-only"), 0);
	assert_int_equal(leaked(program, PROVE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_channels),
		HARNESS_TEST(test_channels_mended),
		HARNESS_TEST(test_locks),
		HARNESS_TEST(test_locks_mended),
	};

	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
