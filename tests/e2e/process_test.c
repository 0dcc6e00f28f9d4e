/*
 * process_test.c: finding processes, following them through fork and exec, and
 * saying plainly what cannot be done.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_TARGET 3
#define FAILED    4

static const char *
number(int value)
{
	static char text[16];

	snprintf(text, sizeof text, "%d", value);
	return text;
}

/* Fails unless the command ended so, and said why, with `word` in it. */
static void
assert_refused(struct harness_output output, int status, const char *word)
{
	if (output.status != status || !strstr(output.err, word)) {
		fail_msg("status %d, not %d, or no \"%s\" in: %s%s",
		    output.status, status, word, output.out, output.err);
	}
	assert_string_equal(output.out, "");
}

static struct harness_program *
start_stuck(enum harness_how how)
{
	struct harness_program *program = harness_start(how, "send_stuck");

	harness_ready(program);
	return program;
}

/* ---- Starting ---------------------------------------------------------- */

/* "run" passes on what the command does: its output and its status. */
static void
test_run_passes_on(void **state)
{
	struct harness_output output = harness_stranded(
	    "run", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 7");

	assert_int_equal(output.status, 7);
	assert_string_equal(output.out, "out\n");
	assert_string_equal(output.err, "err\n");
}

/* So it does with the signals that are sent to it. */
static void
test_run_passes_signals_on(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "statsd_like");

	harness_ready(program);
	kill(harness_started_pid(program), SIGTERM);
	harness_line(program, "end");
	assert_int_equal(harness_stop(program), 0);
}

static void
test_run_without_command(void **state)
{
	assert_int_equal(harness_stranded("run").status, 2);
	assert_int_equal(harness_stranded("dump", "--nonsense").status, 2);
	assert_int_equal(harness_stranded("nonsense").status, 2);
}

static void
test_run_of_nothing(void **state)
{
	struct harness_output output =
	    harness_stranded("run", "--", "/nonexistent/program");

	assert_int_equal(output.status, 4);
	assert_non_null(strstr(output.err, "/nonexistent/program"));
}

/* A static program would run, and nothing would be seen. */
static void
test_run_of_static_program(void **state)
{
	if (access("/sbin/ldconfig", X_OK) != 0) {
		print_message("no static program here\n");
		skip();
	}
	assert_refused(harness_stranded("run", "--", "/sbin/ldconfig", "-p"),
	    NO_TARGET, "static");
}

/* The tool alone, without its probe beside it. */
static void
test_run_without_probe(void **state)
{
	char alone[300];
	struct harness_output output;

	snprintf(alone, sizeof alone, "%s/.stranded", harness_directory());
	output = harness_command("cp", harness_tool(), alone);
	assert_int_equal(output.status, 0);
	output = harness_command(alone, "run", "--", "/bin/echo", "hello");
	unlink(alone);
	assert_refused(output, FAILED, "libstranded.so");
}

static void
test_preload_alone(void **state)
{
	struct harness_program *program = start_stuck(HARNESS_PRELOAD);

	harness_await(program, 1, "chan send", "sender");
	assert_int_equal(harness_stop(program), 0);
}

/* ---- Finding ----------------------------------------------------------- */

/* Is the process in what "ps" has printed? */
static bool
listed(const char *list, pid_t pid)
{
	char word[24];

	snprintf(word, sizeof word, " %d ", pid);
	return strstr(list, word) != NULL;
}

static void
test_ps(void **state)
{
	struct harness_program *one = start_stuck(HARNESS_RUN);
	struct harness_program *two = start_stuck(HARNESS_PRELOAD);
	struct harness_program *bare = start_stuck(HARNESS_BARE);
	pid_t first = harness_pid(one), second = harness_pid(two);
	const char *list = harness_stranded("ps").out;

	assert_true(listed(list, first));
	assert_true(listed(list, second));
	assert_false(listed(list, harness_pid(bare)));
	assert_non_null(strstr(list, "send_stuck"));
	harness_kill(one);
	harness_stop(two);
	list = harness_stranded("ps").out;
	assert_false(listed(list, first));
	assert_false(listed(list, second));
}

static void
test_target_by_name(void **state)
{
	struct harness_program *one = start_stuck(HARNESS_RUN);
	struct harness_program *two;
	struct harness_output output;

	output = harness_stranded("dump", "send_stuck");
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "sender"));
	/* Two bear it: which is meant? Both are named. */
	two = start_stuck(HARNESS_RUN);
	output = harness_stranded("dump", "send_stuck");
	assert_non_null(strstr(output.err, number(harness_pid(one))));
	assert_non_null(strstr(output.err, number(harness_pid(two))));
	assert_int_not_equal(output.status, 0);
	assert_string_equal(output.out, "");
}

static void
test_no_target(void **state)
{
	assert_refused(harness_stranded("dump"), NO_TARGET, "under the probe");
	assert_refused(
	    harness_stranded("dump", "999999999"), NO_TARGET, "999999999");
	assert_refused(harness_stranded("dump", "no_such_name"), NO_TARGET,
	    "no_such_name");
	assert_int_equal(harness_stranded("ps").status, 0);
}

static void
test_only_target(void **state)
{
	struct harness_program *program = start_stuck(HARNESS_RUN);
	struct harness_output output;

	harness_await(program, 1, "chan send", "sender");
	output = harness_stranded("dump");
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "sender"));
}

static void
test_not_under_probe(void **state)
{
	struct harness_program *program = start_stuck(HARNESS_BARE);

	/* The remedy is said as well. */
	assert_refused(harness_stranded("dump", number(harness_pid(program))),
	    NO_TARGET, "stranded run");
}

/* Somebody else's process is none of our business. */
static void
test_other_users_target(void **state)
{
	struct harness_program *program;

	if (geteuid() != 0) {
		print_message("only root can play two users\n");
		skip();
	}
	program = start_stuck(HARNESS_RUN);
	assert_refused(harness_command("setpriv", "--reuid=65534",
			   "--regid=65534", "--clear-groups", harness_tool(),
			   "dump", number(harness_pid(program))),
	    NO_TARGET, "belongs to");
	harness_await(program, 1, "chan send", "sender");
}

/* ---- Fork and exec ----------------------------------------------------- */

/* Replaces the dump by one of the process as it is now; NULL: there is none. */
static json_t *
renew_dump(json_t *dump, pid_t pid)
{
	struct harness_output output =
	    harness_stranded("dump", "--format=json", number(pid));

	json_decref(dump);
	return output.status == 0 ? json_loads(output.out, 0, NULL) : NULL;
}

/* Are both of a child's tasks where they block? */
static bool
both_block(json_t *dump)
{
	return dump && harness_count(dump, "sleep", "sleeper") == 1 &&
	    harness_count(dump, "IO read", "child") == 1;
}

static void
test_fork(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "forker", "--fork=2");
	json_t *dump;

	for (int i = 0; i < 2; i++) {
		int pid =
		    (int) strtol(harness_line(program, "child "), NULL, 10);
		json_t *tasks;

		dump = NULL;
		HARNESS_UNTIL(both_block(dump = renew_dump(dump, pid)));
		assert_int_equal(harness_number(dump, "pid"), pid);
		/* Its own two, and none of its parent's. */
		tasks = json_object_get(dump, "tasks");
		assert_int_equal(json_array_size(tasks), 2);
		assert_non_null(harness_task(dump, "child sleeper"));
		json_decref(dump);
	}
	harness_ready(program);
	dump = harness_await(program, 1, "sleep", "sleeper");
	assert_int_equal(json_array_size(json_object_get(dump, "tasks")), 2);
	assert_int_equal(harness_stop(program), 0);
}

static void
test_exec(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "forker", "--exec");
	json_t *dump;

	harness_line(program, "ready again");
	harness_await_probe(program);
	dump = harness_await(program, 1, "sleep", "sleeper");
	assert_int_equal(json_array_size(json_object_get(dump, "tasks")), 2);
	assert_int_equal(harness_stop(program), 0);
}

/* ---- The socket's place ------------------------------------------------ */

#define TAKEN "something else has taken its place"
#define WORLD "not a private directory"
#define NONE  "is not under the probe"

/*
 * Starts send_stuck with STRANDED_DIR at `place`, by a shell that does
 * `obstacle` before, there being the test's directory, with the program's pid
 * as $$. The program runs as if nothing were, and the tool, which looks at the
 * same place, says what is wrong with it: `word`.
 */
static void
assert_goes_on(const char *obstacle, const char *place, const char *word)
{
	char script[1024], directory[512];
	struct harness_program *program;

	snprintf(directory, sizeof directory, "STRANDED_DIR=%s/%s",
	    place[0] == '/' ? "" : harness_directory(), place);
	snprintf(script, sizeof script,
	    "(cd $STRANDED_DIR && %s) || exit 9; cd %s; %s; "
	    "LD_PRELOAD=$PWD/libstranded.so; export STRANDED_DIR LD_PRELOAD; "
	    "exec tests/programs/send_stuck",
	    obstacle, harness_build(), directory);
	program = harness_start(HARNESS_BARE, "/bin/sh", "-c", script);
	harness_ready(program);
	harness_sleep_ms(100); /* for the probe to make of it what it will */
	assert_refused(harness_command("env", directory, harness_tool(), "dump",
			   number(harness_pid(program))),
	    NO_TARGET, word);
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
}

/* What stands in the way is somebody's: it is left as it is. */
static void
assert_left(const char *what)
{
	char command[512];

	snprintf(
	    command, sizeof command, "cd %s && %s", harness_directory(), what);
	assert_int_equal(harness_command("/bin/sh", "-c", command).status, 0);
}

static void
test_path_taken(void **state)
{
	assert_goes_on("echo x >$$.sock", "", TAKEN);
	assert_left("grep -q x *.sock && rm *.sock");
	assert_goes_on("mkdir $$.sock", "", TAKEN);
	assert_left("rmdir *.sock");
	assert_goes_on("ln -s /nonexistent $$.sock", "", TAKEN);
	assert_left("test -L *.sock && rm *.sock");
}

static void
test_directory_unfit(void **state)
{
	assert_goes_on("mkdir .open; chmod 777 .open", ".open", WORLD);
	assert_left("rmdir .open");
	assert_goes_on("echo x >.file", ".file", TAKEN);
	assert_left("grep -q x .file && rm .file");
	assert_goes_on("mkdir .else; ln -s .else .link", ".link", TAKEN);
	assert_left("rmdir .else && rm .link");
	assert_goes_on(":", "/proc/nonexistent", NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_run_passes_on),
		HARNESS_TEST(test_run_passes_signals_on),
		HARNESS_TEST(test_run_without_command),
		HARNESS_TEST(test_run_of_nothing),
		HARNESS_TEST(test_run_of_static_program),
		HARNESS_TEST(test_run_without_probe),
		HARNESS_TEST(test_preload_alone),
		HARNESS_TEST(test_ps),
		HARNESS_TEST(test_target_by_name),
		HARNESS_TEST(test_no_target),
		HARNESS_TEST(test_only_target),
		HARNESS_TEST(test_not_under_probe),
		HARNESS_TEST(test_other_users_target),
		HARNESS_TEST(test_fork),
		HARNESS_TEST(test_exec),
		HARNESS_TEST(test_path_taken),
		HARNESS_TEST(test_directory_unfit),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
