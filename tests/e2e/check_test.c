/*
 * check_test.c: `stranded check`: what is found of what checked.c does, and how
 * the command ends.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM checked_path()

static const char *
checked_path(void)
{
	static char path[512];

	snprintf(
	    path, sizeof(path), "%s/tests/programs/checked", harness_build());
	return path;
}

static char *
file(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", harness_directory(), name);
	return path;
}

static int
remove_files(void **state)
{
	remove(file("report"));
	remove(file("junit"));
	remove(file("suppressions"));
	return harness_teardown(state);
}

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static const char *
read_file(const char *path)
{
	static char text[65536];
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

#define check(...)                                                             \
	harness_command(harness_tool(), "check", "--", PROGRAM, __VA_ARGS__)
#define check_with(option, ...)                                                \
	harness_command(                                                       \
	    harness_tool(), "check", (option), "--", PROGRAM, __VA_ARGS__)

static void
assert_says(struct harness_output output, int status, const char *words)
{
	if (output.status != status || !strstr(output.err, words)) {
		fail_msg("status %d, not %d, and \"%s\":\n%s", output.status,
		    status, words, output.err);
	}
}

/* ---- What is leaked ---------------------------------------------------- */

static void
test_nothing(void **state)
{
	assert_says(check("return=0"), 0, "1 task looked at: 0 leaked");
	assert_says(check("return=7"), 7, "1 task looked at: 0 leaked");
}

static void
test_leak(void **state)
{
	assert_says(check("leak", "leak"), 23, "3 tasks looked at: 2 leaked");
	assert_says(check("leak", "return=7"), 23,
	    "1 task is leaked [chan send (nil chan), ");
	assert_says(check_with("--exit-code=9", "leak"), 9, "created by start");
	assert_says(check_with("--exit-code=0", "leak"), 0, "1 leaked");
}

/* Blocked, but for all that can be known not for ever. */
static void
test_stuck(void **state)
{
	assert_says(
	    check("stuck"), 0, "note: 1 task is still blocked [chan receive]");
}

/*
 * Main's own frame refers to what the task waits for: as long as main may go
 * on. A thread that ends the process does not.
 */
static void
test_lost(void **state)
{
	static const char *const ways[] = { "return=0", "exit=0", "_exit=0",
		"quick=0" };

#ifdef __SANITIZE_ADDRESS__
	/* Its allocator has no blocks that could be told apart. */
	skip();
#endif
	for (int i = 0; i < 4; i++) {
		assert_says(check("lost", ways[i]), 23,
		    "1 task is leaked [chan receive, ");
	}
	assert_says(check("lost", "point=here", "bare=0"), 4,
	    "at \"here\", 2 tasks looked at: 0 leaked");
}

/* It ends if it is given time. */
static void
test_brief(void **state)
{
	struct harness_output output = check("brief", "brief");

	assert_says(output, 0, "0 leaked");
	assert_null(strstr(output.err, "blocked"));
	assert_says(check_with("--settle=0", "brief"), 0, "0 leaked");
}

/* ---- How the process ends ---------------------------------------------- */

static void
test_ways_to_end(void **state)
{
	static const char *const ways[] = { "exit=5", "_exit=5", "quick=5" };

	for (int i = 0; i < 3; i++) {
		assert_says(check(ways[i]), 5, "0 leaked");
		assert_says(check("leak", ways[i]), 23, "1 leaked");
	}
}

static void
test_not_looked_at(void **state)
{
	assert_says(check("leak", "bare=0"), 4, "without having been looked");
	assert_says(check("bare=6"), 6, "without having been looked at");
	assert_says(check("kill"), 137, "without having been looked at");
}

/* A handler ends the process while its thread waits to be judged. */
static void
test_ended_by_handler(void **state)
{
	for (int i = 0; i < 5; i++) {
		int status = check("watchdog=7", "return=0").status;

		assert_true(status == 7 || status == 0);
	}
}

/* A child of the program is not judged, nor held up. */
static void
test_children(void **state)
{
	struct harness_output output = check("fork", "leak");

	assert_says(output, 23, "1 leaked");
	assert_null(strstr(output.err, "_exit"));
}

static void
test_exec(void **state)
{
	assert_says(check("leak", "exec", "return=3"), 3, "0 leaked");
	assert_says(check("exec", "leak"), 23, "1 leaked");
}

/* The tool dies while it is waited for: the program goes on, and ends. */
static void
test_tool_dies(void **state)
{
	struct harness_program *program = harness_start(HARNESS_BARE,
	    harness_tool(), "check", "--settle=60000", "--", PROGRAM, "leak",
	    "brief", "stuck", "point=here");
	char path[64];
	char link[64];
	pid_t child;

	HARNESS_UNTIL(
	    (snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		 harness_pid(program), harness_pid(program)),
		child = (pid_t) strtol(read_file(path), NULL, 10)) > 0);
	harness_sleep_ms(200);
	harness_kill(program);
	snprintf(link, sizeof(link), "/proc/%d/stat", child);
	HARNESS_UNTIL(
	    access(link, F_OK) != 0 || strstr(read_file(link), ") Z "));
}

/* ---- Points, baselines, labels ----------------------------------------- */

static void
test_points(void **state)
{
	struct harness_output output =
	    check("leak", "point=first", "leak", "point=second");

	assert_says(output, 23, "at \"first\", 2 tasks looked at: 1 leaked");
	assert_says(output, 23, "at \"second\", 3 tasks looked at: 1 leaked");
	assert_says(output, 23, "at \"exit\", 3 tasks looked at: 0 leaked");
	assert_says(output, 23, "2 tasks are known already");
}

static void
test_baseline(void **state)
{
	struct harness_output output;

	assert_says(check("leak", "baseline"), 0, "0 leaked");
	assert_says(check("leak", "baseline", "leak"), 23, "1 leaked");
	assert_says(check_with("--baseline=here", "leak", "point=here"), 0,
	    "1 task is known already");
	output = check_with("--baseline=here", "leak", "point=there");
	assert_says(output, 23, "at \"there\", 2 tasks looked at: 1 leaked");
	assert_says(output, 23, "never at the point \"here\"");
}

static void
test_labels(void **state)
{
	struct harness_output output =
	    check("label=one", "leak", "label=<two>", "leak", "label=", "leak");

	assert_says(output, 23, "in \"<two>\", \"one\"\n");
}

/* ---- Suppressions ------------------------------------------------------ */

static void
test_suppressions(void **state)
{
	char option[300];

	snprintf(
	    option, sizeof(option), "--suppressions=%s", file("suppressions"));
	write_file(file("suppressions"),
	    "# what is known\n\nfunction:lea?\nmodule:nothing*\n");
	assert_says(check_with(option, "leak"), 0, "1 task is suppressed");
	assert_says(check_with(option, "leak"), 0,
	    "the suppression \"module:nothing*\" suppresses nothing");
	write_file(file("suppressions"), "state:chan send (nil chan)\n");
	assert_says(check_with(option, "leak"), 0, "1 task is suppressed");
	write_file(file("suppressions"), "file:checked.c\n");
	assert_says(check_with(option, "leak"), 0, "1 task is suppressed");
	write_file(file("suppressions"), "label:one\n");
	assert_says(
	    check_with(option, "label=one", "leak", "label=two", "leak"), 23,
	    "1 task is suppressed");
	write_file(file("suppressions"), "colour:red\n");
	assert_says(check_with(option, "leak"), 4, "is no suppression");
	assert_says(
	    check_with("--suppressions=/nowhere", "leak"), 4, "No such file");
}

static void
test_compiled_suppression(void **state)
{
	assert_says(check("leak_known"), 0, "1 task is suppressed");
	assert_says(check("leak"), 23,
	    "the suppression \"function:leak_that_is_known\" suppresses "
	    "nothing");
}

/* ---- Reports ----------------------------------------------------------- */

static void
test_json(void **state)
{
	struct harness_output output = harness_command(harness_tool(), "check",
	    "--format=json", "-o", file("report"), PROGRAM, "label=one", "leak",
	    "stuck", "return=2");
	json_t *report = json_loads(read_file(file("report")), 0, NULL);
	json_t *point, *task;

	assert_int_equal(output.status, 23);
	assert_non_null(report);
	assert_int_equal(harness_number(report, "status"), 2);
	assert_int_equal(harness_number(report, "leaked"), 1);
	point = json_array_get(json_object_get(report, "points"), 0);
	assert_string_equal(harness_text(point, "name"), "exit");
	assert_int_equal(harness_number(point, "tasks"), 3);
	task = json_array_get(json_object_get(point, "leaked"), 0);
	assert_string_equal(harness_text(task, "label"), "one");
	assert_string_equal(
	    harness_text(task, "state"), "chan send (nil chan)");
	assert_non_null(harness_frame(json_object_get(task, "stack"), "leak"));
	assert_int_equal(json_array_size(json_object_get(point, "blocked")), 1);
	json_decref(report);
}

static void
test_junit(void **state)
{
	char option[300];
	const char *report;

	snprintf(option, sizeof(option), "--junit=%s", file("junit"));
	assert_int_equal(
	    check_with(option, "label=a<b", "leak", "point=p").status, 23);
	report = read_file(file("junit"));
	assert_non_null(strstr(report, "tests=\"2\" failures=\"1\""));
	assert_non_null(strstr(report, "name=\"a&lt;b\">"));
	assert_non_null(strstr(report, "<failure message="));
	assert_non_null(strstr(report, "name=\"exit\"/>"));
}

static void
test_bad_usage(void **state)
{
	struct harness_output output;

	assert_int_equal(harness_stranded("check").status, 2);
	assert_int_equal(check_with("--exit-code=300", "leak").status, 2);
	assert_int_equal(check_with("--settle=-1", "leak").status, 2);
	assert_int_equal(check_with("--format=xml", "leak").status, 2);
	assert_int_equal(harness_stranded("check", "/nowhere/test").status, 4);
	output = check_with("--junit=/nowhere/x", "leak");
	assert_says(output, 4, "cannot write /nowhere/x");
	/* Known before the program runs, and so before anything is judged. */
	assert_null(strstr(output.err, "looked at"));
	assert_says(check_with("--output=/nowhere/x", "return=0"), 4,
	    "cannot write /nowhere/x");
}

/* Where nobody could speak to the probe, the program is ended at once. */
static void
test_cannot_reach(void **state)
{
	struct harness_output output = harness_command("env",
	    "STRANDED_DIR=/proc", harness_tool(), "check", PROGRAM, "brief");

	assert_int_equal(output.status, 3);
	assert_in_range(output.ms, 0, 20000);
}

/* What the test program says goes through, and nothing of ours into it. */
static void
test_output_is_left_alone(void **state)
{
	struct harness_output output = harness_command(
	    harness_tool(), "check", "--", "echo", "one", "two");

	assert_int_equal(output.status, 0);
	assert_string_equal(output.out, "one two\n");
}

#define CHECK_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, harness_setup, remove_files)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(test_nothing),
		CHECK_TEST(test_leak),
		CHECK_TEST(test_stuck),
		CHECK_TEST(test_lost),
		CHECK_TEST(test_brief),
		CHECK_TEST(test_ways_to_end),
		CHECK_TEST(test_ended_by_handler),
		CHECK_TEST(test_not_looked_at),
		CHECK_TEST(test_children),
		CHECK_TEST(test_exec),
		CHECK_TEST(test_tool_dies),
		CHECK_TEST(test_points),
		CHECK_TEST(test_baseline),
		CHECK_TEST(test_labels),
		CHECK_TEST(test_suppressions),
		CHECK_TEST(test_compiled_suppression),
		CHECK_TEST(test_json),
		CHECK_TEST(test_junit),
		CHECK_TEST(test_bad_usage),
		CHECK_TEST(test_cannot_reach),
		CHECK_TEST(test_output_is_left_alone),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
