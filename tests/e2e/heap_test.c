/*
 * heap_test.c: what `run --track-heap` marks is what the program has, under
 * whatever allocator; and the program does not notice.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define FOLDER "/usr/lib/x86_64-linux-gnu/"

/* The program compares the marks itself. */
static void
check_marks(const char *allocator)
{
	char program[512];
	struct harness_output output;

	if (allocator[0] != '\0' && access(allocator, R_OK) != 0) {
		print_message("%s is not here\n", allocator);
		skip();
	}
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
	check_marks(FOLDER "libjemalloc.so.2");
}

static void
test_tcmalloc(void **state)
{
	check_marks(FOLDER "libtcmalloc_minimal.so.4");
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
		HARNESS_TEST(test_not_without_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
