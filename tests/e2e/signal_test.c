/*
 * signal_test.c: the dump that a signal asks for, and the marks that it must
 * not leave.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path in the test's directory, which is left clean by unlinking it. */
static const char *
own_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/.%s", harness_directory(), name);
	return path;
}

/* The sender's line, as a dump shows it. */
static const char *
stuck_place(void)
{
	static char place[64];

	snprintf(place, sizeof place, "send_stuck.c:%d",
	    harness_marker("send_stuck.c", "stuck here"));
	return place;
}

/* ---- Where the dump goes ----------------------------------------------- */

static void
test_to_standard_error(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "send_stuck");

	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	for (int i = 0; i < 3; i++) {
		size_t before = strlen(harness_errors(program));

		kill(harness_pid(program), SIGQUIT);
		HARNESS_UNTIL(
		    strstr(harness_errors(program) + before, stuck_place()));
		assert_non_null(
		    strstr(harness_errors(program) + before, "[chan send"));
		assert_non_null(strstr(
		    harness_errors(program) + before, "created by main"));
	}
	assert_int_equal(harness_stop(program), 0);
}

static void
test_to_standard_error_preloaded(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "send_stuck");

	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "[chan send"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_to_file(void **state)
{
	struct harness_program *program;
	const char *path = own_path("dump");

	setenv("STRANDED_DUMP", path, 1);
	program = harness_start(HARNESS_RUN, "send_stuck");
	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(harness_file_has(path, stuck_place()));
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
	unlink(path);
}

static void
test_options_of_run(void **state)
{
	struct harness_program *program;
	const char *path = own_path("dump");
	char option[300], command[300];

	snprintf(option, sizeof option, "--dump-to=%s", path);
	snprintf(command, sizeof command, "%s/tests/programs/send_stuck",
	    harness_build());
	program = harness_start(HARNESS_BARE, harness_tool(), "run", option,
	    "--signal=USR1", "--", command);
	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGUSR1);
	HARNESS_UNTIL(harness_file_has(path, stuck_place()));
	assert_int_equal(harness_stop(program), 0);
	unlink(path);
}

/* With no signal taken, SIGQUIT does what it does to any program. */
static void
test_no_signal(void **state)
{
	struct harness_program *program;

	setenv("STRANDED_SIGNAL", "none", 1);
	program = harness_start(HARNESS_RUN, "send_stuck");
	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(!harness_alive(program));
	assert_int_equal(harness_stop(program), 128 + SIGQUIT);
}

/* A disk that is full: the program goes on, and another dump can be had. */
static void
test_disk_full(void **state)
{
	struct harness_program *program;

	setenv("STRANDED_DUMP", "/dev/full", 1);
	program = harness_start(HARNESS_RUN, "send_stuck");
	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "/dev/full"));
	harness_await(program, 1, "chan send", "sender");
	assert_int_equal(harness_stop(program), 0);
}

/*
 * The probe alone, with no tool beside it: a line for each task, and the reason
 * why there are no stacks.
 */
static void
test_without_tool(void **state)
{
	struct harness_program *program;
	char source[512], alone[300], preload[400], path[512];
	struct harness_output output;

	snprintf(source, sizeof source, "%s/libstranded.so", harness_build());
	snprintf(
	    alone, sizeof alone, "%s/.libstranded.so", harness_directory());
	output = harness_command("cp", source, alone);
	assert_int_equal(output.status, 0);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s", alone);
	snprintf(
	    path, sizeof path, "%s/tests/programs/send_stuck", harness_build());
	program = harness_start(HARNESS_BARE, "/usr/bin/env", preload, path);
	harness_ready(program);
	harness_await_probe(program);
	harness_await(program, 1, "chan send", "sender");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "chan send"));
	HARNESS_UNTIL(strstr(harness_errors(program), "IO read"));
	assert_null(strstr(harness_errors(program), stuck_place()));
	assert_non_null(strstr(harness_errors(program), "stack"));
	assert_int_equal(harness_stop(program), 0);
	unlink(alone);
}

/* ---- Marks ------------------------------------------------------------- */

static void
assert_no_marks(struct harness_program *program)
{
	/* Says nothing before it has done enough. */
	harness_line(program, "worked");
	assert_int_equal(harness_stop(program), 0);
	harness_line(program, "eintr 0 short 0 children 0 sigchld 0 errors 0 ");
}

/* Sends SIGQUIT again and again, and takes dumps by the tool as well. */
static void
storm(struct harness_program *program)
{
	int64_t end = harness_now_ms() + 3000;

	for (int i = 0; harness_now_ms() < end; i++) {
		kill(harness_pid(program), SIGQUIT);
		if (i % 50 == 0) {
			harness_dump(program);
		}
		harness_sleep_ms(5);
		assert_true(harness_alive(program));
	}
}

static void
test_storm(void **state)
{
	struct harness_program *program;
	const char *path = own_path("dump");

	setenv("STRANDED_DUMP", path, 1);
	program = harness_start(HARNESS_RUN, "signal_counter");
	harness_ready(program);
	storm(program);
	HARNESS_UNTIL(harness_file_has(path, "once_"));
	assert_no_marks(program);
	unlink(path);
}

/* The same when the program has closed all descriptors above 2. */
static void
test_descriptors_closed(void **state)
{
	struct harness_program *program;
	const char *path = own_path("dump");

	setenv("STRANDED_DUMP", path, 1);
	program = harness_start(HARNESS_PRELOAD, "signal_counter", "--close");
	harness_ready(program);
	storm(program);
	HARNESS_UNTIL(harness_file_has(path, "once_"));
	assert_no_marks(program);
	unlink(path);
}

/*
 * A signal to the process wakes one thread, whose wait ends, but another may be
 * the one to take it.
 */
static void
test_taken_by_another(void **state)
{
	struct harness_program *program;

	setenv("STRANDED_DUMP", "/dev/null", 1);
	program = harness_start(HARNESS_RUN, "signal_counter", "--thief");
	harness_ready(program);
	storm(program);
	assert_no_marks(program);
}

/* The application's handler runs just after ours: its wait is to end. */
static void
test_together_with_another(void **state)
{
	struct harness_program *program;

	setenv("STRANDED_DUMP", "/dev/null", 1);
	program = harness_start(HARNESS_PRELOAD, "until_term");
	harness_ready(program);
	/* Before its wait the signal would end nothing. */
	harness_await(program, 1, "IO poll", NULL);
	kill(harness_pid(program), SIGSTOP);
	kill(harness_pid(program), SIGQUIT);
	kill(harness_pid(program), SIGTERM);
	kill(harness_pid(program), SIGCONT);
	HARNESS_UNTIL(!harness_alive(program));
	assert_int_equal(harness_stop(program), 0);
}

/* A program that has a handler of its own is served as well as it was. */
static void
test_own_handler(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "signal_counter", "--quit");
	const char *counts;
	long quits;

	harness_ready(program);
	for (int i = 1; i <= 3; i++) {
		size_t before = strlen(harness_errors(program));

		kill(harness_pid(program), SIGQUIT);
		HARNESS_UNTIL(
		    strstr(harness_errors(program) + before, "once_"));
	}
	assert_int_equal(harness_stop(program), 0);
	counts = strstr(harness_line(program, "eintr "), "quits ");
	assert_int_equal(sscanf(counts, "quits %ld", &quits), 1);
	assert_int_equal(quits, 3);
}

/* What is true of the counter without the probe: the test's own twin. */
static void
test_counter_alone(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, "signal_counter");

	harness_ready(program);
	assert_no_marks(program);
}

/* ---- Ends -------------------------------------------------------------- */

/* The target is killed while the tool looks at it. */
static void
test_killed_during_dump(void **state)
{
	for (int ms = 0; ms < 100; ms += 20) {
		struct harness_program *program =
		    harness_start(HARNESS_RUN, "many_threads", "--threads=500");
		struct harness_program *tool;
		char pid[16];
		int status;

		harness_ready(program);
		snprintf(pid, sizeof pid, "%d", harness_pid(program));
		tool = harness_start(HARNESS_BARE, harness_tool(), "dump", pid);
		harness_sleep_ms(ms);
		harness_kill(program);
		status = harness_stop(tool);
		assert_true(status == 0 || status == 3 || status == 4);
		if (status != 0) {
			assert_string_not_equal(harness_errors(tool), "");
		}
	}
}

/* The target is killed just after it was asked by signal. */
static void
test_killed_during_signal_dump(void **state)
{
	for (int ms = 0; ms < 100; ms += 20) {
		struct harness_program *program =
		    harness_start(HARNESS_RUN, "many_threads", "--threads=500");

		harness_ready(program);
		kill(harness_pid(program), SIGQUIT);
		harness_sleep_ms(ms);
		harness_kill(program);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_to_standard_error),
		HARNESS_TEST(test_to_standard_error_preloaded),
		HARNESS_TEST(test_to_file),
		HARNESS_TEST(test_options_of_run),
		HARNESS_TEST(test_no_signal),
		HARNESS_TEST(test_disk_full),
		HARNESS_TEST(test_without_tool),
		HARNESS_TEST(test_storm),
		HARNESS_TEST(test_descriptors_closed),
		HARNESS_TEST(test_taken_by_another),
		HARNESS_TEST(test_together_with_another),
		HARNESS_TEST(test_own_handler),
		HARNESS_TEST(test_counter_alone),
		HARNESS_TEST(test_killed_during_dump),
		HARNESS_TEST(test_killed_during_signal_dump),
	};

	return cmocka_run_group_tests_name("signal", tests, NULL, NULL);
}
