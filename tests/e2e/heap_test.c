/*
 * heap_test.c: what `run --track-heap` marks is what the program has, under
 * whatever allocator; and the program does not notice.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define FOLDER   "/usr/lib/x86_64-linux-gnu/"
#define JEMALLOC FOLDER "libjemalloc.so.2"
#define TCMALLOC FOLDER "libtcmalloc_minimal.so.4"

/* A sanitizer, in the tool or the program, has an allocator of its own. */
static void
need(const char *allocator)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	if (allocator[0] != '\0') {
		skip();
	}
#endif
	if (allocator[0] != '\0' && access(allocator, R_OK) != 0) {
		print_message("%s is not here\n", allocator);
		skip();
	}
}

/* The program compares the marks itself. */
static void
check_marks(const char *allocator)
{
	char program[512];
	struct harness_output output;

	need(allocator);
	snprintf(program, sizeof program, "%s/tests/programs/heap_marks",
	    harness_build());
	setenv("LD_PRELOAD", allocator, 1);
	output =
	    harness_stranded("run", "--track-heap", "--", program, "--new");
	unsetenv("LD_PRELOAD");
	assert_string_equal(output.err, "");
	assert_int_equal(output.status, 0);
	assert_true(strncmp(output.out, "ready ", 6) == 0);
	assert_true(atoi(output.out + 6) > 1000);
}

static void
test_glibc(void **state)
{
	check_marks("");
}

static void
test_jemalloc(void **state)
{
	check_marks(JEMALLOC);
}

static void
test_tcmalloc(void **state)
{
	check_marks(TCMALLOC);
}

/* ---- Proofs ------------------------------------------------------------ */

/* How many tasks are proved to be leaked in the case under the allocator? */
static json_int_t
leaked(const char *allocator, bool tracked, const char *twin)
{
	char cases[512];
	struct harness_program *program;
	struct harness_output output;
	json_t *report;
	json_int_t count;

	snprintf(cases, sizeof cases, "%s/tests/leaks/cases", harness_build());
	setenv("LD_PRELOAD", allocator, 1);
	program = harness_start(HARNESS_BARE, harness_tool(), "run",
	    tracked ? "--track-heap" : "--signal=QUIT", "--", cases, "grpc660",
	    twin);
	unsetenv("LD_PRELOAD");
	harness_line(program, "ready");
	output = harness_stranded("leaks", "--format=json", "cases");
	report = json_loads(output.out, 0, NULL);
	assert_non_null(report);
	count = json_integer_value(
	    json_object_get(json_object_get(report, "proof"), "leaked"));
	json_decref(report);
	harness_stop(program);
	return count;
}

static void
check_proofs(const char *allocator)
{
	need(allocator);
	assert_int_equal(leaked(allocator, true, NULL), 1);
	assert_int_equal(leaked(allocator, true, "mended"), 0);
	assert_int_equal(leaked(allocator, false, NULL), 0);
}

static void
test_proofs_under_jemalloc(void **state)
{
	check_proofs(JEMALLOC);
}

static void
test_proofs_under_tcmalloc(void **state)
{
	check_proofs(TCMALLOC);
}

/* Whoever did not ask does not pay. */
static void
test_not_without_asking(void **state)
{
	char program[512];
	struct harness_output output;

	snprintf(program, sizeof program, "%s/tests/programs/heap_marks",
	    harness_build());
	output = harness_stranded("run", "--", program);
	assert_int_equal(output.status, 1);
	assert_non_null(strstr(output.err, "stranded_heap_map"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_glibc),
		HARNESS_TEST(test_jemalloc),
		HARNESS_TEST(test_tcmalloc),
		HARNESS_TEST(test_proofs_under_jemalloc),
		HARNESS_TEST(test_proofs_under_tcmalloc),
		HARNESS_TEST(test_not_without_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
