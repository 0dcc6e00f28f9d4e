/*
 * company_test.c: the probe among other libraries that stand between a program
 * and libc: sanitizers, and allocators that are linked in. What is preloaded is
 * the stress tests' business.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *
company_path(const char *suffix)
{
	static char path[512];

	snprintf(path, sizeof path, "%s%s/tests/programs/company%s",
	    harness_build()[0] == '/' ? "" : "./", harness_build(), suffix);
	return path;
}

/* What is seen of it. */
enum sight {
	NOTHING, /* there is no probe */
	READS,   /* what is not hidden by a sanitizer that does it itself */
	EVERYTHING
};

/*
 * It does its work, and so does what it starts; what it waits for is seen; and
 * nobody has anything to complain of.
 */
static void
assert_works(struct harness_program *program, enum sight sight)
{
	assert_string_equal(harness_line(program, "worked"), " 8000, child 7");
	harness_line(program, "ready");
	if (sight != NOTHING) {
		harness_await_probe(program);
		harness_await(program, 1, "IO read", "program_wait");
	}
	if (sight == EVERYTHING) {
		harness_await(program, 1, "cond wait", "wait_for_nothing");
	}
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
}

/*
 * Alone, under "run", and started by a shell that is: then the probe comes
 * before the sanitizer.
 */
static void
with_company(const char *suffix, enum sight sight)
{
	const char *path = company_path(suffix);

	if (access(path, X_OK) != 0) {
		print_message("%s is not built here\n", path);
		skip();
	}
	assert_works(harness_start(HARNESS_BARE, path), NOTHING);
	assert_works(harness_start(HARNESS_RUN, path), sight);
	assert_works(
	    harness_start(HARNESS_RUN, "/bin/sh", "-c", "exec $0", path),
	    EVERYTHING);
}

static void
test_nobody_else(void **state)
{
	with_company("", EVERYTHING);
}

static void
test_address_sanitizer(void **state)
{
	with_company("_asan", EVERYTHING);
}

/* It goes past the probe to wait for a condition, if it comes first. */
static void
test_thread_sanitizer(void **state)
{
	with_company("_tsan", READS);
}

static void
test_jemalloc(void **state)
{
	with_company("_jemalloc", EVERYTHING);
}

static void
test_tcmalloc(void **state)
{
	with_company("_tcmalloc_minimal", EVERYTHING);
}

/* What the sanitizer would complain of, and the allocator would hide. */
static void
test_doctor(void **state)
{
	struct harness_output output;

	output = harness_stranded("doctor", "--", company_path("_asan"));
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "note     sanitizer: libasan.so"));
	output = harness_stranded("doctor", "--", company_path("_tsan"));
	assert_non_null(strstr(output.out, "note     sanitizer: libtsan.so"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_nobody_else),
		HARNESS_TEST(test_address_sanitizer),
		HARNESS_TEST(test_thread_sanitizer),
		HARNESS_TEST(test_jemalloc),
		HARNESS_TEST(test_tcmalloc),
		HARNESS_TEST(test_doctor),
	};

	return cmocka_run_group_tests_name("company", tests, NULL, NULL);
}
