/*
 * analyze_suppress_test.c: what a suppression matches, and which lines are
 * none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/suppress.h"
#include "stranded_observer.h"

STRANDED_SUPPRESS("function:compiled_in");
STRANDED_SUPPRESS("state:IO *");

static const struct frame probe_frame = {
	.function = "wrapper",
	.probe = true,
};
static const struct frame inner = {
	.function = "strand_chan_send",
	.file = "lib/chan.c",
	.module = "/srv/lib/libstrand.so.0",
};
static const struct frame outer = {
	.function = "reader",
	.file = "src/server.c",
	.module = "/srv/bin/server",
};
static const struct frame unknown = { .pc = 0x1000 };
static const struct frame *const frames[] = { &probe_frame, &inner, &outer,
	&unknown };

static struct task
task(void)
{
	return (struct task) {
		.id = 7,
		.name = "reader 7",
		.label = "test_one",
		.state = STRANDED_CHAN_SEND,
		.stack = { .frames = frames, .frame_count = 4 },
	};
}

static bool
matches(const char *line)
{
	struct suppressions suppressions = { 0 };
	struct failure failure;
	struct task one = task();
	bool result;

	assert_int_equal(suppress_add(&suppressions, line, &failure), 0);
	result = suppress_match(&suppressions, &one);
	assert_int_equal(suppressions.list[0].used, result);
	suppress_free(&suppressions);
	return result;
}

static void
test_matches(void **state)
{
	static const char *const lines[] = { "function:reader",
		"function:strand_*", "function:r[aeiou]ader", "file:server.c",
		"file:src/server.c", "file:*/server.c", "module:server",
		"module:/srv/bin/*", "module:libstrand.so.?", "state:chan send",
		"state:chan*", "name:reader *", "label:test_one",
		"  function:reader" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (!matches(lines[i])) {
			fail_msg("%s", lines[i]);
		}
	}
}

static void
test_does_not_match(void **state)
{
	static const char *const lines[] = { "function:read",
		"function:wrapper", "function:server.c", "file:reader",
		"file:erver.c", "module:serve", "state:chan receive",
		"name:reader", "label:test_", "label:reader 7" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (matches(lines[i])) {
			fail_msg("%s", lines[i]);
		}
	}
}

static void
test_lines(void **state)
{
	static const char *const wrong[] = { "reader", "function:", ":reader",
		"colour:red", "functions:x", "function reader" };
	static const char *const nothing[] = { "", "   ", "# function:x" };
	struct suppressions suppressions = { 0 };
	struct failure failure;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(
		    suppress_add(&suppressions, wrong[i], &failure), -1);
		assert_int_equal(failure.status, EXIT_FAILED);
		assert_non_null(strstr(failure.text, wrong[i]));
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		assert_int_equal(
		    suppress_add(&suppressions, nothing[i], &failure), 0);
	}
	assert_int_equal(suppressions.count, 0);
	suppress_free(&suppressions);
}

/* What this program has, once, however often it is looked at. */
static void
test_compiled_in(void **state)
{
	struct suppressions suppressions = { 0 };
	struct failure failure;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    suppress_add_process(&suppressions, getpid(), &failure), 0);
		assert_int_equal(suppressions.count, 2);
	}
	suppress_free(&suppressions);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_does_not_match),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_compiled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
