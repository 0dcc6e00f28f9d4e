/*
 * family_test.c: children of all kinds, daemons, other programs, and what a
 * program may do with the signal that asks for a dump. Twins first: all is as
 * it is without the probe. Then what is seen of them.
 */
#include "harness.h"
#include "twins.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The library that is loaded, as the word after the case's name. */
static const char *
with_module(const char *name)
{
	static char words[2][512];
	static unsigned int next;
	char *word = words[next++ % 2];

	snprintf(word, sizeof words[0], "%s %s%s/tests/stress/storms_module.so",
	    name, harness_build()[0] == '/' ? "" : "./", harness_build());
	return word;
}

static void
test_children(void **state)
{
	TWINS_ASSERT_SAME("host_process", "spawn", "vfork-exec", "daemon");
}

static void
test_descriptors(void **state)
{
	TWINS_ASSERT_SAME("host_process", "closefrom", "close-each");
}

/*
 * Most of them ask for a dump themselves, and some have ended before it is
 * made: of that nothing shall be said.
 */
static void
test_handlers(void **state)
{
	setenv("STRANDED_TOOL", "/bin/true", 1);
	setenv("STRANDED_DUMP", "/dev/null", 1);
	TWINS_ASSERT_SAME("host_process", "handler-before", "handler-after",
	    "handler-past", "handler-leaves", "handler-exits", "blocked");
	unsetenv("STRANDED_TOOL");
}

static void
test_libraries(void **state)
{
	TWINS_ASSERT_SAME("host_process", with_module("deep-bind"),
	    with_module("name-space"));
}

/* ---- What is seen ------------------------------------------------------ */

static const char *
number(pid_t pid)
{
	static char text[16];

	snprintf(text, sizeof text, "%d", pid);
	return text;
}

static bool
dump_has(pid_t pid, const char *word)
{
	struct harness_output output = harness_stranded("dump", number(pid));

	return output.status == 0 && strstr(output.out, word) != NULL;
}

/* Fails unless the doctor says so of the process. */
static void
assert_diagnosis(pid_t pid, int status, const char *word)
{
	struct harness_output output = harness_stranded("doctor", number(pid));

	if (output.status != status || !strstr(output.out, word)) {
		fail_msg("%d, and no \"%s\" in:\n%s%s", output.status, word,
		    output.out, output.err);
	}
}

/* It has closed every descriptor, and nobody whom it knows is left. */
static void
test_daemon(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "host_process", "daemon-stays");
	pid_t pid = (pid_t) strtol(harness_line(program, "daemon "), NULL, 10);

	assert_int_equal(harness_stop(program), 0);
	HARNESS_UNTIL(dump_has(pid, "[signal wait"));
	assert_true(dump_has(pid, "live_alone"));
	assert_non_null(strstr(harness_stranded("ps").out, number(pid)));
	assert_diagnosis(pid, 0, "ok       agent");
	kill(pid, SIGTERM);
	HARNESS_UNTIL(kill(pid, 0) == -1);
	/* It was ended by a signal: what it has left is tidied up. */
	assert_int_equal(harness_stranded("ps").status, 0);
}

/* LD_PRELOAD is not there for the other program. */
static void
test_exec_without_environment(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host_process", "exec-bare");
	struct harness_output output;
	pid_t pid = harness_pid(program);

	harness_line(program, "ready");
	assert_null(strstr(harness_stranded("ps").out, number(pid)));
	output = harness_stranded("dump", number(pid));
	assert_int_equal(output.status, 3);
	assert_non_null(strstr(output.err, "executed another program"));
	assert_diagnosis(pid, 3, "started without LD_PRELOAD");
	assert_int_equal(harness_stop(program), 0);
	assert_int_equal(harness_stranded("ps").status, 0);
}

/* Starts a case that says "ready", and hands out its pid. */
static struct harness_program *
start_case(const char *name, const char *arg)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host_process", name, arg);

	harness_ready(program);
	return program;
}

static void
test_signal_past_probe(void **state)
{
	struct harness_program *program = start_case("taken", NULL);

	assert_diagnosis(harness_pid(program), 0, "taken SIGQUIT back");
	assert_true(dump_has(harness_pid(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_signal_handled(void **state)
{
	struct harness_program *program = start_case("handled", NULL);

	assert_diagnosis(harness_pid(program), 0, "own handler runs as well");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_signal_blocked(void **state)
{
	struct harness_program *program = start_case("blocks", NULL);

	assert_diagnosis(harness_pid(program), 0, "all threads block SIGQUIT");
	kill(harness_pid(program), SIGQUIT);
	assert_true(dump_has(harness_pid(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
}

/* As a shell starts what runs in the background. */
static void
test_signal_ignored_at_start(void **state)
{
	char command[1024];
	struct harness_program *program;

	snprintf(command, sizeof command,
	    "trap '' QUIT; LD_PRELOAD=%s%s/libstranded.so "
	    "exec %s/tests/programs/host_process wait",
	    harness_build()[0] == '/' ? "" : "./", harness_build(),
	    harness_build());
	program = harness_start(HARNESS_BARE, "/bin/sh", "-c", command);
	harness_line(program, "ready");
	harness_await_probe(program);
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_copied_libc(void **state)
{
	struct harness_program *program = start_case(
	    "copied-libc", strchr(with_module("copied-libc"), ' ') + 1);

	assert_diagnosis(harness_pid(program), 0, "libc is there 2 times");
	assert_true(dump_has(harness_pid(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_children),
		HARNESS_TEST(test_descriptors),
		HARNESS_TEST(test_handlers),
		HARNESS_TEST(test_libraries),
		HARNESS_TEST(test_daemon),
		HARNESS_TEST(test_exec_without_environment),
		HARNESS_TEST(test_signal_past_probe),
		HARNESS_TEST(test_signal_handled),
		HARNESS_TEST(test_signal_blocked),
		HARNESS_TEST(test_signal_ignored_at_start),
		HARNESS_TEST(test_copied_libc),
	};

	return cmocka_run_group_tests_name("family", tests, NULL, NULL);
}
