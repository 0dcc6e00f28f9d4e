/*
 * cmd_run_test.c: `stranded run` is not noticed: the command's status, signals
 * and descriptors are as they would be without it; and it does not run a
 * command without the probe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>

#include "unit/cmd_harness.h"

static struct cmd_outcome outcome;

/* Where the sockets are; what a command that was killed has left goes too. */
static char sockets[] = "/tmp/stranded-test-XXXXXX";

/* The probe of the build that is tested. */
static int
setup(void **state)
{
	const char *build = getenv("B");
	char probe[256];

	snprintf(probe, sizeof(probe), "%s/libstranded.so",
	    build != NULL ? build : "build");
	if (access(probe, R_OK) != 0) {
		fail_msg("%s is missing", probe);
	}
	setenv("STRANDED_PROBE", probe, 1);
	assert_non_null(mkdtemp(sockets));
	setenv("STRANDED_DIR", sockets, 1);
	return 0;
}

static int
teardown(void **state)
{
	DIR *directory = opendir(sockets);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
	return rmdir(sockets);
}

static void
assert_status(const char *line, int status)
{
	cmd(&outcome, line);
	if (outcome.status != status) {
		fail_msg("%s: %d instead of %d\n%s", line, outcome.status,
		    status, outcome.err);
	}
}

/* A shell script as the command; it may hold blanks. */
static void
assert_script(const char *text, int status)
{
	char script[] = "/tmp/stranded-run-XXXXXX";
	char line[64];
	int fd = mkstemp(script);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(line, sizeof(line), "run -- sh %s", script);
	assert_status(line, status);
	unlink(script);
}

static void
exit_status(void **state)
{
	assert_status("run true", 0);
	assert_status("run -- false", 1);
	assert_script("exit 77", 77);
	assert_script("kill -TERM $$", 128 + SIGTERM);
	assert_script("kill -KILL $$", 128 + SIGKILL);
}

static void
output(void **state)
{
	assert_script("echo out; echo err >&2", 0);
	assert_string_equal(outcome.out, "out\n");
	assert_string_equal(outcome.err, "err\n");
}

/* Options after the command are the command's. */
static void
operands(void **state)
{
	assert_status("run echo --help -x", 0);
	assert_string_equal(outcome.out, "--help -x\n");
	assert_status("run -- echo -- a", 0);
	assert_string_equal(outcome.out, "-- a\n");
}

static void
not_run(void **state)
{
	assert_status("run no-such-command-at-all", 4);
	assert_non_null(strstr(outcome.err, "no command"));
	assert_status("run /etc/passwd", 4);
	assert_status("run --dump-to=/nonexistent/dump true", 4);
	assert_non_null(strstr(outcome.err, "/nonexistent/dump"));
	assert_status("run --signal=0 true", EXIT_USAGE);
	assert_string_equal(outcome.out, "");
}

/* The linker cannot preload this, and says so; the command has run in vain. */
static void
not_loaded(void **state)
{
	char *probe = strdup(getenv("STRANDED_PROBE"));

	setenv("STRANDED_PROBE", "/proc/self/exe", 1);
	assert_status("run true", EXIT_NO_TARGET);
	assert_non_null(strstr(outcome.err, "not loaded in true"));
	setenv("STRANDED_PROBE", "/nonexistent/libstranded.so", 1);
	assert_status("run true", EXIT_FAILED);
	assert_non_null(strstr(outcome.err, "STRANDED_PROBE"));
	setenv("STRANDED_PROBE", probe, 1);
	free(probe);
}

static void
environment(void **state)
{
	setenv("LD_PRELOAD", "libm.so.6", 1);
	assert_status("run --dump-to=y --signal=usr2 env", 0);
	unlink("y");
	unsetenv("LD_PRELOAD");
	assert_non_null(strstr(outcome.out, "libstranded.so:libm.so.6"));
	assert_non_null(strstr(outcome.out, "STRANDED_SIGNAL=usr2"));
	assert_non_null(strstr(outcome.out, "/y\n"));
	assert_non_null(strstr(outcome.out, "STRANDED_DUMP=/"));
	assert_null(strstr(outcome.out, "STRANDED_HANDSHAKE"));
}

/* The lines of /proc/PID/status that tell of masks and dispositions. */
static void
read_signals(const char *status, char *lines, size_t size)
{
	static const char *const wanted[] = { "SigBlk:", "SigIgn:" };
	size_t used = 0;

	lines[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		const char *line = strstr(status, wanted[i]);

		assert_non_null(line);
		used += (size_t) snprintf(lines + used, size - used, "%.*s",
		    (int) strcspn(line, "\n"), line);
	}
}

static void
signals_as_they_were(void **state)
{
	char before[128];
	char after[128];
	char status[4096] = "";
	sigset_t set;
	FILE *file;

	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	file = fopen("/proc/self/status", "r");
	assert_true(fread(status, 1, sizeof(status) - 1, file) > 0);
	fclose(file);
	read_signals(status, before, sizeof(before));
	assert_status("run cat /proc/self/status", 0);
	read_signals(outcome.out, after, sizeof(after));
	assert_string_equal(before, after);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
}

/* Starts `stranded run -- sh -c SCRIPT` in the background. */
static pid_t
start_script(const char *script, int *out)
{
	const char *words[] = { "run", "--", "sh", "-c", script, NULL };
	struct arguments arguments;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		arguments_init(&arguments, &command_run, 5, (char **) words);
		exit(command_run.run(&arguments));
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* Reads from the script until it has said `word`. */
static void
await_word(int out, const char *word)
{
	char text[256] = "";
	size_t used = 0;

	while (strstr(text, word) == NULL) {
		ssize_t got = read(out, text + used, sizeof(text) - 1 - used);

		if (got <= 0) {
			fail_msg("\"%s\" instead of \"%s\"", text, word);
		}
		used += (size_t) got;
	}
}

static int
wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define TRAPS                                                                  \
	"trap 'echo hup' HUP; trap 'echo usr1' USR1; "                         \
	"trap 'echo abrt' ABRT; trap 'echo cont' CONT; "                       \
	"trap 'echo term; exit 9' TERM; echo ready; "                          \
	"while :; do sleep 0.02; done"

static void
signals_passed_on(void **state)
{
	int out;
	int status;
	pid_t pid = start_script(TRAPS, &out);

	await_word(out, "ready");
	kill(pid, SIGHUP);
	await_word(out, "hup");
	kill(pid, SIGUSR1);
	await_word(out, "usr1");
	kill(pid, SIGABRT);
	await_word(out, "abrt");
	/* It stops with the command, and goes on with it. */
	kill(pid, SIGTSTP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	kill(pid, SIGCONT);
	await_word(out, "cont");
	kill(pid, SIGTERM);
	await_word(out, "term");
	assert_int_equal(wait_status(pid), 9);
	close(out);
}

static void
signal_that_ends_it(void **state)
{
	int out;
	pid_t pid = start_script("echo ready; exec sleep 60", &out);

	await_word(out, "ready");
	kill(pid, SIGINT);
	assert_int_equal(wait_status(pid), 128 + SIGINT);
	close(out);
}

/* It runs under the probe, but nobody will find it there. */
static void
not_reached(void **state)
{
	setenv("STRANDED_DIR", "/nonexistent/sockets", 1);
	assert_script("sleep 3; exit 7", 7);
	assert_non_null(strstr(outcome.err, "will not find it"));
	assert_non_null(strstr(outcome.err, "/nonexistent/sockets"));
	assert_status("ps", EXIT_DONE);
	assert_non_null(strstr(outcome.err, "/nonexistent/sockets"));
	setenv("STRANDED_DIR", "/tmp", 1);
	assert_status("ps", EXIT_FAILED);
	setenv("STRANDED_DIR", sockets, 1);
}

static void
descriptors(void **state)
{
	char *rest = NULL;
	char *line;

	assert_status("run ls -l /proc/self/fd", 0);
	/* The pipe of the handshake is closed, ls has its directory open. */
	for (line = strtok_r(outcome.out, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strstr(line, " -> pipe:") != NULL) {
			const char *number = strstr(line, " -> ") - 3;

			/* Low numbers are the application's. */
			assert_true(strtol(number, NULL, 10) > 100);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_status),
		cmocka_unit_test(output),
		cmocka_unit_test(operands),
		cmocka_unit_test(not_run),
		cmocka_unit_test(not_loaded),
		cmocka_unit_test(environment),
		cmocka_unit_test(signals_as_they_were),
		cmocka_unit_test(signals_passed_on),
		cmocka_unit_test(signal_that_ends_it),
		cmocka_unit_test(not_reached),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
