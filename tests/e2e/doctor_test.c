/*
 * doctor_test.c: "stranded doctor" says of real programs and processes what is
 * so, and of each obstacle what to do about it.
 */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD      0
#define NO_TARGET 3
#define FAILED    4

/* The last line of its output, whose level and topic are these; or NULL. */
static const char *
finding(const char *out, const char *level, const char *topic)
{
	static char line[1024];
	char begin[64];

	snprintf(begin, sizeof begin, "%-7s  %s: ", level, topic);
	for (; *out != '\0'; out += strcspn(out, "\n") + 1) {
		if (strncmp(out, begin, strlen(begin)) == 0) {
			snprintf(line, sizeof line, "%.*s",
			    (int) strcspn(out, "\n"), out);
			return line;
		}
	}
	return NULL;
}

/* Fails unless there is such a finding with `word` in it. */
static void
assert_found(struct harness_output output, const char *level, const char *topic,
    const char *word)
{
	const char *line = finding(output.out, level, topic);

	if (!line || !strstr(line, word)) {
		fail_msg("no %s of %s with \"%s\" in:\n%s%s", level, topic,
		    word, output.out, output.err);
	}
}

static struct harness_output
doctor(struct harness_program *program)
{
	char pid[16];

	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	return harness_stranded("doctor", pid);
}

static const char *
own_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/.%s", harness_directory(), name);
	return path;
}

static const char *
program_path(const char *name)
{
	static char path[512];

	snprintf(
	    path, sizeof path, "%s/tests/programs/%s", harness_build(), name);
	return path;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, 0755);
}

static void
copy(const char *from, const char *to)
{
	assert_int_equal(harness_command("cp", from, to).status, 0);
}

/* ---- Before it runs ---------------------------------------------------- */

static void
test_good_program(void **state)
{
	struct harness_output output =
	    harness_stranded("doctor", "--", program_path("send_stuck"));

	assert_int_equal(output.status, GOOD);
	assert_found(output, "ok", "libc", "glibc");
	assert_found(output, "ok", "symbols", "line numbers");
	assert_found(output, "ok", "socket", harness_directory());
	assert_found(output, "ok", "signal", "SIGQUIT");
	assert_non_null(strstr(output.out, "the probe can work: 0 problems"));
}

static void
test_static_program(void **state)
{
	struct harness_output output;

	if (access("/sbin/ldconfig", X_OK) != 0) {
		print_message("no static program here\n");
		skip();
	}
	output = harness_stranded("doctor", "--", "/sbin/ldconfig", "-p");
	assert_int_equal(output.status, FAILED);
	assert_found(output, "problem", "program", "link it dynamically");
	assert_non_null(strstr(output.out, "the probe cannot work"));
}

static void
test_setuid_program(void **state)
{
	struct harness_output output;

	if (geteuid() != 0) {
		print_message("only root can make one of another user's\n");
		skip();
	}
	copy(program_path("send_stuck"), own_path("setuid"));
	assert_int_equal(chown(own_path("setuid"), 65534, 65534), 0);
	assert_int_equal(chmod(own_path("setuid"), 04755), 0);
	output = harness_stranded("doctor", "--", own_path("setuid"));
	unlink(own_path("setuid"));
	assert_int_equal(output.status, FAILED);
	assert_found(output, "problem", "program", "setuid");
}

static void
test_script(void **state)
{
	struct harness_output output;

	write_file(own_path("script"), "#!/bin/sh\nexit 0\n");
	output = harness_stranded("doctor", "--", own_path("script"));
	unlink(own_path("script"));
	assert_int_equal(output.status, GOOD);
	assert_found(output, "note", "script", "/bin/sh");
	write_file(own_path("script"), "#!/no/such/shell\n");
	output = harness_stranded("doctor", "--", own_path("script"));
	unlink(own_path("script"));
	assert_int_equal(output.status, FAILED);
	assert_found(output, "problem", "script", "/no/such/shell cannot be");
}

static void
test_no_command(void **state)
{
	assert_int_equal(harness_stranded("doctor", "--").status, 2);
	assert_int_equal(
	    harness_stranded("doctor", "--", "/nonexistent").status, FAILED);
	assert_int_equal(
	    harness_stranded("doctor", "--format=go", "1").status, 2);
}

/* Nobody else may look into the directory of the sockets. */
static void
test_environment(void **state)
{
	struct harness_output output;
	char directory[300];

	snprintf(
	    directory, sizeof directory, "STRANDED_DIR=%s", own_path("open"));
	assert_int_equal(mkdir(own_path("open"), 0700), 0);
	chmod(own_path("open"), 0777);
	output = harness_command("env", directory, "STRANDED_SIGNAL=SIGWHAT",
	    "STRANDED_DUMP=/nonexistent/file", harness_tool(), "doctor", "--",
	    "/bin/sh");
	rmdir(own_path("open"));
	assert_int_equal(output.status, FAILED);
	assert_found(output, "problem", "socket", "STRANDED_DIR");
	assert_found(output, "note", "signal", "SIGWHAT");
	assert_found(output, "note", "dumps", "/nonexistent/file");
}

static void
test_json(void **state)
{
	struct harness_output output = harness_stranded(
	    "doctor", "--format=json", "--", program_path("send_stuck"));
	json_t *document = json_loads(output.out, 0, NULL);

	assert_int_equal(output.status, GOOD);
	assert_non_null(document);
	assert_int_equal(harness_number(document, "version"), 1);
	assert_true(json_is_true(json_object_get(document, "good")));
	assert_true(json_array_size(json_object_get(document, "findings")) > 4);
	json_decref(document);
}

/* ---- While it runs ----------------------------------------------------- */

static void
test_good_process(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "send_stuck");
	struct harness_output output;

	harness_ready(program);
	harness_await(program, 1, "chan send", "sender");
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "ok", "probe", "libstranded.so");
	assert_found(output, "ok", "agent", "alive");
	assert_found(output, "ok", "socket", "answers");
	assert_found(output, "ok", "tasks", "2 tasks and 0 sessions");
	assert_found(output, "ok", "signal", "SIGQUIT asks for a dump");
	/* It is the only one, and it has a name. */
	assert_int_equal(harness_stranded("doctor").status, GOOD);
	assert_int_equal(harness_stranded("doctor", "send_stuck").status, GOOD);
	assert_int_equal(harness_stop(program), 0);
}

static void
test_process_without_probe(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, "send_stuck");
	struct harness_output output;

	harness_ready(program);
	output = doctor(program);
	assert_int_equal(output.status, NO_TARGET);
	assert_found(output, "problem", "probe", "stranded run -- ");
	assert_found(output, "problem", "probe", "tests/programs/send_stuck");
	assert_int_equal(harness_stop(program), 0);
	assert_int_equal(
	    harness_stranded("doctor", "999999999").status, NO_TARGET);
	assert_int_equal(
	    harness_stranded("doctor", "no_such_name").status, NO_TARGET);
}

/* LD_PRELOAD names it, and it is not there. */
static void
test_preload_in_vain(void **state)
{
	struct harness_program *program = harness_start(HARNESS_BARE,
	    "/usr/bin/env", "LD_PRELOAD=/nonexistent/libstranded.so",
	    program_path("send_stuck"));
	struct harness_output output;

	harness_ready(program);
	output = doctor(program);
	assert_int_equal(output.status, NO_TARGET);
	assert_found(output, "problem", "probe", "/nonexistent/libstranded.so");
	assert_int_equal(harness_stop(program), 0);
}

static char
process_state(pid_t pid)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	fgets(text, sizeof text, file);
	fclose(file);
	return strrchr(text, ')')[2];
}

/* Starts a program under a copy of the probe. */
static struct harness_program *
start_with_probe(const char *copied)
{
	char preload[512], path[512];
	struct harness_program *program;

	snprintf(path, sizeof path, "%s/libstranded.so", harness_build());
	copy(path, copied);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s", copied);
	snprintf(path, sizeof path, "%s", program_path("send_stuck"));
	program = harness_start(HARNESS_BARE, "/usr/bin/env", preload, path);
	harness_ready(program);
	harness_await_probe(program);
	return program;
}

/* One that has been replaced, and one that is called something else. */
static void
test_other_probe(void **state)
{
	char path[512];
	struct harness_program *program;
	struct harness_output output;

	assert_int_equal(mkdir(own_path("lib"), 0700), 0);
	snprintf(path, sizeof path, "%s/libstranded.so", own_path("lib"));
	program = start_with_probe(path);
	unlink(path);
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "note", "probe", "has been replaced");
	assert_int_equal(harness_stop(program), 0);
	snprintf(path, sizeof path, "%s/seer.so", own_path("lib"));
	program = start_with_probe(path);
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "ok", "probe", "under another name");
	assert_int_equal(harness_stop(program), 0);
	unlink(path);
	rmdir(own_path("lib"));
}

static void
test_stopped_process(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "send_stuck");
	struct harness_output output;

	harness_ready(program);
	kill(harness_pid(program), SIGSTOP);
	HARNESS_UNTIL(process_state(harness_pid(program)) == 'T');
	output = doctor(program);
	kill(harness_pid(program), SIGCONT);
	assert_int_equal(output.status, FAILED);
	assert_found(output, "problem", "process", "kill -CONT");
	assert_int_equal(harness_stop(program), 0);
}

/* Its file is another now. */
static void
test_replaced_program(void **state)
{
	struct harness_program *program;
	struct harness_output output;

	copy(program_path("send_stuck"), own_path("replaced"));
	program = harness_start(HARNESS_PRELOAD, own_path("replaced"));
	harness_ready(program);
	unlink(own_path("replaced"));
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "note", "program", "start the program again");
	assert_int_equal(harness_stop(program), 0);
}

/* Under a filter that came before, so that the probe is under it too. */
static void
test_filter(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "refused", "pidfd_open");
	struct harness_output output;

	harness_ready(program);
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "note", "seccomp", "1 of 1 threads");
	assert_int_equal(harness_stop(program), 0);
}

/* Under one that was put on all threads: the probe's had to go. */
static void
test_filter_on_all(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "filtered");
	struct harness_output output;

	harness_line(program, "ready");
	output = doctor(program);
	assert_int_not_equal(output.status, GOOD);
	assert_found(output, "problem", "agent", "seccomp filter");
	harness_stop(program);
}

static void
test_signal_none(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, harness_tool(), "run", "--signal=none",
		"--", program_path("send_stuck"));
	struct harness_output output;

	harness_ready(program);
	output = doctor(program);
	assert_int_equal(output.status, GOOD);
	assert_found(output, "ok", "signal", "no signal");
	assert_int_equal(harness_stop(program), 0);
}

static void
test_other_users_process(void **state)
{
	struct harness_program *program;
	struct harness_output output;
	char pid[16];

	if (geteuid() != 0) {
		print_message("only root can play two users\n");
		skip();
	}
	program = harness_start(HARNESS_PRELOAD, "send_stuck");
	harness_ready(program);
	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	output = harness_command("setpriv", "--reuid=65534", "--regid=65534",
	    "--clear-groups", harness_tool(), "doctor", pid);
	assert_int_equal(output.status, NO_TARGET);
	assert_found(output, "problem", "process", "belongs to");
	assert_null(strstr(output.out, "as root or as root"));
	assert_int_equal(harness_stop(program), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_good_program),
		HARNESS_TEST(test_static_program),
		HARNESS_TEST(test_setuid_program),
		HARNESS_TEST(test_script),
		HARNESS_TEST(test_no_command),
		HARNESS_TEST(test_environment),
		HARNESS_TEST(test_json),
		HARNESS_TEST(test_good_process),
		HARNESS_TEST(test_process_without_probe),
		HARNESS_TEST(test_preload_in_vain),
		HARNESS_TEST(test_other_probe),
		HARNESS_TEST(test_stopped_process),
		HARNESS_TEST(test_replaced_program),
		HARNESS_TEST(test_filter),
		HARNESS_TEST(test_filter_on_all),
		HARNESS_TEST(test_signal_none),
		HARNESS_TEST(test_other_users_process),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
