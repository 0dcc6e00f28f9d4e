/*
 * places_test.c: file systems and namespaces that a process may find itself in,
 * and users that it may become. Where the probe cannot listen, the program goes
 * on as if nothing were, and the doctor says what is in the way; where it can,
 * it is found from outside.
 *
 * Each needs a mount namespace of its own, which only root can have here.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY "65534"

static const char *
number(pid_t pid)
{
	static char text[16];

	snprintf(text, sizeof text, "%d", pid);
	return text;
}

/* Can there be a mount namespace? Says if there cannot. */
static bool
can_unshare(void)
{
	bool can = harness_command("unshare", "-m", "true").status == 0;

	if (!can) {
		print_message("no namespace of one's own can be had here\n");
	}
	return can;
}

/*
 * Starts a program of tests/programs under the probe, by a shell in namespaces
 * of its own that prepares the place first. The script finds in $D the test's
 * directory.
 */
static struct harness_program *
start_in(const char *namespaces, const char *script, const char *program)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "D=$STRANDED_DIR; { %s; } || exit 9; "
	    "LD_PRELOAD=%s%s/libstranded.so exec %s/tests/programs/%s",
	    script, harness_build()[0] == '/' ? "" : "$PWD/", harness_build(),
	    harness_build(), program);
	return harness_start(HARNESS_BARE, "/usr/bin/unshare", namespaces,
	    "--kill-child", "/bin/sh", "-c", text);
}

/* The process in the new pid namespace, as it is called outside. */
static pid_t
inner_pid(const struct harness_program *program)
{
	char path[64];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children",
	    harness_pid(program), harness_pid(program));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static struct harness_output
doctor(pid_t pid)
{
	return harness_stranded("doctor", number(pid));
}

static bool
is_dumped(pid_t pid, const char *word)
{
	struct harness_output output = harness_stranded("dump", number(pid));

	return output.status == 0 && strstr(output.out, word) != NULL;
}

/* A signal asks for a dump where no socket can be had. */
static void
assert_signal_works(struct harness_program *program, pid_t pid)
{
	kill(pid, SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "[IO read"));
}

static void
assert_not_found(pid_t pid, const char *word)
{
	struct harness_output output = doctor(pid);

	if (output.status == 0 || !strstr(output.out, word)) {
		fail_msg("%d, and no \"%s\" in:\n%s", output.status, word,
		    output.out);
	}
}

/* ---- File systems ------------------------------------------------------ */

static void
test_read_only(void **state)
{
	struct harness_program *program;
	pid_t pid;

	if (!can_unshare()) {
		skip();
	}
	program = start_in("-mpf",
	    "mount -t tmpfs none $D && mount -o remount,ro $D && "
	    "mount -o remount,ro,bind /",
	    "host_process wait");
	harness_line(program, "ready");
	pid = inner_pid(program);
	assert_not_found(pid, "problem  socket");
	assert_signal_works(program, pid);
	assert_int_equal(harness_stop(program), 0);
}

/* Not an inode is left, nor a block. */
static void
test_full(void **state)
{
	struct harness_program *program;
	pid_t pid;

	if (!can_unshare()) {
		skip();
	}
	program = start_in("-mpf",
	    "mount -t tmpfs -o size=64k,nr_inodes=2,mode=700 none $D && "
	    "{ dd if=/dev/zero of=$D/all bs=4k 2>$D/all; true; }",
	    "host_process wait");
	harness_line(program, "ready");
	pid = inner_pid(program);
	assert_not_found(pid, "problem  socket");
	assert_signal_works(program, pid);
	assert_int_equal(harness_stop(program), 0);
}

/* The doctor says it before, from inside. */
static void
test_full_before(void **state)
{
	char script[1024];
	struct harness_output output;

	if (!can_unshare()) {
		skip();
	}
	snprintf(script, sizeof script,
	    "mount -t tmpfs -o size=64k,mode=700 none $STRANDED_DIR && "
	    "{ dd if=/dev/zero of=$STRANDED_DIR/all bs=4k 2>/dev/null; "
	    "%s doctor -- /bin/true; }",
	    harness_tool());
	output = harness_command("unshare", "-m", "/bin/sh", "-c", script);
	assert_int_equal(output.status, 4);
	assert_non_null(strstr(output.out, "the file system is full"));
	snprintf(script, sizeof script,
	    "mount -t tmpfs -o mode=700 none $STRANDED_DIR && "
	    "mount -o remount,ro $STRANDED_DIR && %s doctor -- /bin/true",
	    harness_tool());
	output = harness_command("unshare", "-m", "/bin/sh", "-c", script);
	assert_int_equal(output.status, 4);
	assert_non_null(strstr(output.out, "Read-only file system"));
}

/* ---- Namespaces -------------------------------------------------------- */

/* As in a container: other numbers, and files that are not seen outside. */
static void
test_container(void **state)
{
	struct harness_program *program;
	struct harness_output output;
	pid_t pid;

	if (!can_unshare()) {
		skip();
	}
	program = start_in("-mpf",
	    "mount -t proc proc /proc && mount -t tmpfs -o mode=700 none $D",
	    "host_process wait");
	harness_line(program, "ready");
	pid = inner_pid(program);
	HARNESS_UNTIL(is_dumped(pid, "[IO read"));
	/* With the names of what is in it. */
	assert_true(is_dumped(pid, "program_wait"));
	output = doctor(pid);
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out,
	    "note     namespace: it has its "
	    "own numbers of processes"));
	assert_non_null(strstr(output.out,
	    "note     namespace: it has its "
	    "own file system"));
	assert_int_equal(harness_stop(program), 0);
}

/* ---- Users ------------------------------------------------------------- */

/* It is found by its new user, to whom the kernel does not show it. */
static bool
is_known_to_nobody(pid_t pid)
{
	struct harness_output output =
	    harness_command("setpriv", "--reuid=" NOBODY, "--regid=" NOBODY,
		"--clear-groups", harness_tool(), "dump", number(pid));

	return output.status == 3 &&
	    strstr(output.err, "has changed its user") != NULL;
}

static void
test_drop(void **state)
{
	struct harness_program *program;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("only root can give that up\n");
		skip();
	}
	program = harness_start(HARNESS_PRELOAD, "host_process", "drop");
	harness_line(program, "ready");
	pid = harness_pid(program);
	/* It leaves the test's directory, which is root's. */
	HARNESS_UNTIL(is_known_to_nobody(pid));
	assert_true(is_dumped(pid, "program_wait"));
	assert_int_equal(doctor(pid).status, 0);
	assert_int_equal(harness_stop(program), 0);
}

/* ---- Limits ------------------------------------------------------------ */

/* Four descriptors and no more: the probe's are its own. */
static void
test_few_descriptors(void **state)
{
	char command[1024];
	struct harness_program *program;

	snprintf(command, sizeof command,
	    "ulimit -n 4; LD_PRELOAD=%s%s/libstranded.so "
	    "exec %s/tests/programs/host_process wait",
	    harness_build()[0] == '/' ? "" : "./", harness_build(),
	    harness_build());
	program = harness_start(HARNESS_BARE, "/bin/sh", "-c", command);
	harness_line(program, "ready");
	harness_await_probe(program);
	HARNESS_UNTIL(is_dumped(harness_pid(program), "program_wait"));
	assert_int_equal(doctor(harness_pid(program)).status, 0);
	assert_int_equal(harness_stop(program), 0);
}

/* The processor time that the agent has used, in ticks. */
static long
agent_ticks(pid_t pid)
{
	char command[200];

	snprintf(command, sizeof command,
	    "cat /proc/%d/task/*/stat |"
	    " awk '$2 == \"(stranded-agent)\" { print $14 + $15 }'",
	    pid);
	return atol(harness_command("/bin/sh", "-c", command).out);
}

/* Not one: nobody can be answered, but the agent does not try all the time. */
static void
test_no_descriptors(void **state)
{
	const struct rlimit none = { 0, 1024 };
	const struct rlimit some = { 1024, 1024 };
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host_process", "wait");
	struct harness_output output;
	int64_t before;
	pid_t pid;

	harness_line(program, "ready");
	harness_await_probe(program);
	pid = harness_pid(program);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &none, NULL), 0);
	before = agent_ticks(pid);
	output = doctor(pid);
	assert_int_equal(output.status, 4);
	assert_non_null(strstr(output.out, "problem  limits: "));
	assert_in_range(agent_ticks(pid) - before, 0, sysconf(_SC_CLK_TCK));
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &some, NULL), 0);
	HARNESS_UNTIL(is_dumped(pid, "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

/* Not one thread more than the program has. */
static void
test_no_thread(void **state)
{
	char command[1024], preload[512];
	struct harness_program *program;

	if (geteuid() != 0) {
		print_message("only root can be a user without processes\n");
		skip();
	}
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s/libstranded.so",
	    harness_build()[0] == '/' ? "" : "./", harness_build());
	snprintf(command, sizeof command, "%s/tests/programs/host_process",
	    harness_build());
	program = harness_start(HARNESS_BARE, "/usr/bin/prlimit", "--nproc=1",
	    "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
	    "env", preload, command, "wait");
	harness_line(program, "ready");
	assert_not_found(harness_pid(program), "problem  agent");
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_read_only),
		HARNESS_TEST(test_full),
		HARNESS_TEST(test_full_before),
		HARNESS_TEST(test_container),
		HARNESS_TEST(test_drop),
		HARNESS_TEST(test_few_descriptors),
		HARNESS_TEST(test_no_descriptors),
		HARNESS_TEST(test_no_thread),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
