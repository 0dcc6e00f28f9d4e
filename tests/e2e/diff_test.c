/*
 * diff_test.c: `stranded diff` over dumps of real servers.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 5

static const char *
file(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", harness_directory(), name);
	return path;
}

/* A file of what is to be dumped goes away with the test's directory. */
static void
dump_to(const struct harness_program *program, const char *path)
{
	char pid[16];
	struct harness_output output;

	snprintf(pid, sizeof(pid), "%d", harness_pid(program));
	output = harness_stranded("dump", "--format=json", "-o", path, pid);
	if (output.status != 0) {
		fail_msg("dump: %s", output.err);
	}
}

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int
remove_files(void **state)
{
	remove(file("a"));
	remove(file("b"));
	return harness_teardown(state);
}

static void
clients_visit(int port)
{
	char path[512], port_flag[32], count_flag[32];

	snprintf(path, sizeof(path), "%s/tests/programs/session_client",
	    harness_build());
	snprintf(port_flag, sizeof(port_flag), "--port=%d", port);
	snprintf(count_flag, sizeof(count_flag), "--clients=%d", CLIENTS);
	assert_int_equal(
	    harness_command(path, port_flag, count_flag).status, 0);
}

static void
assert_says(struct harness_output output, int status, const char *words)
{
	if (output.status != status ||
	    (words && !strstr(output.out, words) &&
		!strstr(output.err, words))) {
		fail_msg("status %d, not %d, \"%s\":\n%s%s", output.status,
		    status, words ? words : "", output.out, output.err);
	}
}

static void
test_leak_grows(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server");
	int port = harness_ready(program);
	struct harness_output output;

	clients_visit(port);
	harness_await(program, CLIENTS, "chan send", "reader");
	dump_to(program, file("a"));
	assert_says(harness_stranded("diff", file("a"), file("a")), 0,
	    "5 still in the very same wait");
	clients_visit(port);
	harness_await(program, 2 * CLIENTS, "chan send", "reader");
	dump_to(program, file("b"));
	output = harness_stranded("diff", file("a"), file("b"));
	assert_says(output, 1, "grown: 5 -> 10 tasks [chan send, ");
	assert_says(output, 1, "\"reader\", 5 still in the very same wait:");
	assert_says(output, 1, "\nnew: 5 sessions: ");
	assert_says(harness_stranded("diff", file("b"), file("a")), 0,
	    "fewer: 10 -> 5 tasks");
}

static void
test_json(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server");
	struct harness_output output;
	json_t *diff, *group;

	clients_visit(harness_ready(program));
	harness_await(program, CLIENTS, "chan send", "reader");
	dump_to(program, file("a"));
	output =
	    harness_stranded("diff", "--format=json", file("a"), file("a"));
	assert_int_equal(output.status, 0);
	diff = json_loads(output.out, 0, NULL);
	assert_non_null(diff);
	assert_true(json_is_true(json_object_get(diff, "same_process")));
	group = json_array_get(json_object_get(diff, "groups"), 0);
	assert_string_equal(harness_text(group, "change"), "same");
	assert_int_equal(harness_number(group, "stuck"), CLIENTS);
	assert_non_null(
	    harness_frame(json_object_get(group, "stack"), "reader"));
	json_decref(diff);
}

static void
test_two_processes(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct harness_program *program =
		    harness_start(HARNESS_RUN, "send_stuck");

		harness_ready(program);
		harness_await(program, 1, "chan send", "sender");
		dump_to(program, file(i == 0 ? "a" : "b"));
		harness_stop(program);
	}
	assert_says(harness_stranded("diff", file("a"), file("b")), 0,
	    "two different processes");
}

static void
test_bad_input(void **state)
{
	write_file(file("a"), "{\"version\":1,\"tasks\":[]}");
	write_file(file("b"), "{\"version\":1,\"tas");
	assert_says(harness_stranded("diff"), 2, "two dumps are needed");
	assert_says(harness_stranded("diff", file("a")), 2, "two dumps");
	assert_says(
	    harness_stranded("diff", file("a"), file("a"), file("a")), 2, NULL);
	assert_says(harness_stranded("diff", file("a"), file("b")), 4,
	    "/b is no dump in JSON: line 1");
	assert_says(
	    harness_stranded("diff", file("a"), file("c")), 4, "No such file");
	assert_says(harness_stranded("diff", file("a"), harness_directory()), 4,
	    "Is a directory");
	assert_says(harness_stranded("diff", file("a"), file("a")), 0,
	    "nothing is new");
}

#define DIFF_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, harness_setup, remove_files)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIFF_TEST(test_leak_grows),
		DIFF_TEST(test_json),
		DIFF_TEST(test_two_processes),
		DIFF_TEST(test_bad_input),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
