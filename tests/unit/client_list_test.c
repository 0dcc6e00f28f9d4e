/* client_list_test.c: which processes are under the probe, which is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "client/client.h"
#include "client/process.h"
#include "unit/fake_probe.h"

static struct fake_probe fake;

static int
setup(void **state)
{
	fake_init(&fake);
	return 0;
}

static int
teardown(void **state)
{
	fake_stop(&fake);
	return 0;
}

/* A child that listens in the same directory; it is called `name`. */
static pid_t
start_other(const char *name)
{
	char byte;
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		place_socket(fake.directory, (uint32_t) getpid(), fake.path,
		    sizeof(fake.path));
		fake_listen(&fake); /* a list asks nothing */
		close(ready[1]);
		fake_pause(60000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void
end_other(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
socket_path(pid_t pid, char *path, size_t size)
{
	place_socket(fake.directory, (uint32_t) pid, path, size);
}

/* Is `pid` in the list? It may have others in it: of the machine's. */
static bool
is_listed(pid_t pid)
{
	size_t count;
	struct failure failure;
	struct target *targets = client_list(&count, &failure);
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || targets[i - 1].pid < targets[i].pid);
		found = found || targets[i].pid == pid;
	}
	free(targets);
	return found;
}

static void
list(void **state)
{
	pid_t other;

	assert_false(is_listed(getpid()));
	fake_start(&fake);
	other = start_other("other");
	assert_true(is_listed(getpid()));
	assert_true(is_listed(other));
	end_other(other);
	assert_false(is_listed(other));
	assert_true(is_listed(getpid()));
}

/* What a killed process has left is removed; what others put there is not. */
static void
stale(void **state)
{
	char socket[128];
	char file[128];
	pid_t other = start_other("other");

	end_other(other);
	socket_path(other, socket, sizeof(socket));
	snprintf(file, sizeof(file), "%s/notes.txt", fake.directory);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(access(socket, F_OK), 0);
	assert_false(is_listed(other));
	assert_int_equal(access(socket, F_OK), -1);
	assert_int_equal(access(file, F_OK), 0);
	unlink(file);
}

/* A process that is there but does not listen (yet) keeps its socket. */
static void
not_stale(void **state)
{
	fake_listen(&fake);
	close(fake.listener);
	fake.listener = -1;
	assert_false(is_listed(getpid()));
	assert_int_equal(access(fake.path, F_OK), 0);
}

static void
not_trusted(void **state)
{
	fake_start(&fake);
	chmod(fake.directory, 0777);
	assert_false(is_listed(getpid()));
}

/* The directory that was chosen is of no use, and that is said. */
static void
refused(void **state)
{
	struct failure failure;
	size_t count;

	free(client_list(&count, &failure));
	assert_int_equal(failure.status, 0);
	chmod(fake.directory, 0777);
	free(client_list(&count, &failure));
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_non_null(strstr(failure.text, fake.directory));
	assert_int_equal(client_find(NULL, &failure), -1);
	assert_non_null(strstr(failure.text, fake.directory));
	setenv(PLACE_VARIABLE, "/nonexistent", 1);
	free(client_list(&count, &failure));
	assert_int_equal(failure.status, EXIT_NO_TARGET);
	setenv(PLACE_VARIABLE, "", 1); /* as if it were not set */
	free(client_list(&count, &failure));
	assert_int_equal(failure.status, 0);
}

static void
find_by_pid(void **state)
{
	struct failure failure;

	assert_int_equal(client_find("123", &failure), 123);
	assert_int_equal(client_find("0", &failure), -1);
	assert_int_equal(failure.status, EXIT_NO_TARGET);
	assert_int_equal(client_find("99999999999999999999", &failure), -1);
	assert_int_equal(failure.status, EXIT_NO_TARGET);
}

static void
find_by_name(void **state)
{
	struct failure failure;
	pid_t other = start_other("by-this-name");
	pid_t third;

	fake_start(&fake);
	assert_int_equal(client_find("by-this-name", &failure), other);
	assert_int_equal(client_find("nobody", &failure), -1);
	assert_int_equal(failure.status, EXIT_NO_TARGET);
	assert_non_null(strstr(failure.text, "nobody"));
	/* All of them run the same program. */
	assert_int_equal(client_find("client_list_test", &failure), -1);
	assert_int_equal(failure.status, EXIT_USAGE);
	assert_non_null(strstr(failure.text, "several"));
	third = start_other("by-this-name");
	assert_int_equal(client_find("by-this-name", &failure), -1);
	assert_int_equal(failure.status, EXIT_USAGE);
	end_other(other);
	assert_int_equal(client_find("by-this-name", &failure), third);
	end_other(third);
}

/* What a process is called that was started by this command. */
static void
assert_called(const char *const *argv, const char *expected)
{
	int ready[2];
	char byte;
	char name[NAME_MAX + 1];
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execv(argv[0], (char **) argv);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	process_name(pid, name, sizeof(name));
	assert_true(process_is_called(pid, expected));
	assert_false(process_is_called(pid, "another"));
	end_other(pid);
	assert_string_equal(name, expected);
}

/* Debian's redis-server is a link to another name; a script has its own. */
static void
called(void **state)
{
	char link[300];
	char script[128];
	char name[201];
	FILE *file;

	snprintf(
	    link, sizeof(link), "%s/a-server-with-a-long-name", fake.directory);
	assert_int_equal(symlink("/bin/sleep", link), 0);
	assert_called((const char *const[]) { link, "60", NULL },
	    "a-server-with-a-long-name");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(link, sizeof(link), "%s/%s", fake.directory, name);
	assert_int_equal(symlink("/bin/sleep", link), 0);
	assert_called((const char *const[]) { link, "60", NULL }, name);
	assert_called(
	    (const char *const[]) { "/bin/sleep", "60", NULL }, "sleep");
	snprintf(script, sizeof(script), "%s/service.sh", fake.directory);
	file = fopen(script, "w");
	assert_non_null(file);
	fputs("#!/bin/sh\nread line </dev/zero\n", file);
	fchmod(fileno(file), 0700);
	fclose(file);
	assert_called((const char *const[]) { script, NULL }, "service.sh");
	assert_called((const char *const[]) { "/bin/sh", "-u", script, NULL },
	    "service.sh");
	assert_called(
	    (const char *const[]) { "/bin/sh", "-c", "sleep 60; :", NULL },
	    "sh");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list),
		TEST(stale),
		TEST(not_stale),
		TEST(not_trusted),
		TEST(refused),
		TEST(find_by_pid),
		TEST(find_by_name),
		TEST(called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
