/*
 * host_test.c: the probe leaves its host as it was.
 *
 * Most of it is twins (twins.h): the cases of host.c and host_waits.c.
 *
 * The rest is what only somebody outside can see: that there is still a dump to
 * be had, and what is in it.
 */
#include "harness.h"
#include "twins.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/wire.h"

/* ---- Twins ------------------------------------------------------------- */

static void
test_sleeps(void **state)
{
	TWINS_ASSERT_SAME("host_waits", "sleep", "usleep", "nanosleep",
	    "clock_nanosleep", "clock_nanosleep-until", "thrd_sleep", "pause",
	    "sigsuspend", "sigwait", "sigwaitinfo", "sigtimedwait");
}

static void
test_polls(void **state)
{
	TWINS_ASSERT_SAME("host_waits", "poll", "ppoll", "select", "pselect",
	    "epoll_wait", "epoll_pwait", "read", "accept", "recv-limited");
}

static void
test_semaphores(void **state)
{
	TWINS_ASSERT_SAME("host_waits", "sem_wait", "sem_timedwait",
	    "sem_clockwait", "cond_timedwait", "semop", "semtimedop", "msgrcv");
}

static void
test_others(void **state)
{
	TWINS_ASSERT_SAME("host_waits", "futex", "futex-until", "aio_suspend",
	    "mq_timedreceive", "mtx_timedlock", "cnd_timedwait", "fgets",
	    "waitpid", "system");
}

/* A signal of the application's own, after a dump. */
static void
test_broken_off(void **state)
{
	TWINS_ASSERT_SAME("host_waits", "broken-read", "broken-poll",
	    "broken-sleep", "broken-nanosleep", "broken-sem_wait",
	    "broken-semop", "broken-futex", "broken-fgets", "broken-accept");
}

static void
test_signals(void **state)
{
	TWINS_ASSERT_SAME("host", "disposition", "handler-once", "vfork",
	    "fork", "context", "stack-end");
}

static void
test_ends(void **state)
{
	TWINS_ASSERT_SAME("host", "thread-exit", "threads-exit", "pthread-exit",
	    "exit-in-thread", "quick-exit", "abort");
}

static void
test_confined(void **state)
{
	TWINS_ASSERT_SAME("host", "filter-exit", "filter-stay",
	    "filter-all-threads", "filter-accept", "filter-accept-short",
	    "filter-wait", "filter-thread", "strict");
}

static void
test_privileges(void **state)
{
	TWINS_ASSERT_SAME("host", "user-namespace", "user-namespace-of-child",
	    "user-namespaces-amid-signals", "mount-namespace", "dumpable",
	    "umask");
}

static void
test_descriptors(void **state)
{
	TWINS_ASSERT_SAME("host", "descriptors", "stderr-file", "stderr-socket",
	    "stream-closed");
}

static void
test_limits(void **state)
{
	TWINS_ASSERT_SAME("host", "work", "limit files=4", "limit processes=1",
	    "limit memory=24000000", "limit locked=0");
}

/* ---- Looked at from outside -------------------------------------------- */

static const char *
own_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/.%s", harness_directory(), name);
	return path;
}

static bool
is_root(void)
{
	if (geteuid() != 0) {
		print_message("only root can do this\n");
	}
	return geteuid() == 0;
}

/* "LD_PRELOAD=..." for those who are not started by the harness alone. */
static const char *
preload(void)
{
	static char word[512];

	snprintf(word, sizeof word, "LD_PRELOAD=%s%s/libstranded.so",
	    harness_build()[0] == '/' ? "" : "./", harness_build());
	return word;
}

static const char *
host_path(void)
{
	static char path[512];

	snprintf(path, sizeof path, "%s%s/tests/programs/host",
	    harness_build()[0] == '/' ? "" : "./", harness_build());
	return path;
}

/* The main thread has left; the dump is of those who are still there. */
static void
test_main_thread_leaves(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "main-leaves");

	harness_ready(program);
	harness_await(program, 1, "IO read", "wait_for_end");
	HARNESS_UNTIL(harness_count(harness_dump(program), NULL, NULL) == 1);
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "[IO read"));
	assert_int_equal(harness_stop(program), 0);
}

/* The agent was stopped again and again: it is back. */
static void
test_amid_signals(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "namespaces-amid-signals");

	harness_line(program, "ready");
	harness_await_probe(program);
	harness_await(program, 1, "IO read", "program_wait");
	assert_int_equal(harness_stop(program), 0);
}

/*
 * The tool would be the program's child, which it would see: so there are lines
 * of the probe's own, and the reason. The program itself says that it has no
 * child.
 */
static void
test_subreaper(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "subreaper");

	harness_ready(program);
	harness_await(program, 1, "IO read", "program_wait");
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "[IO read"));
	assert_non_null(strstr(harness_errors(program),
	    "without stacks: the stranded command would become a child"));
	assert_null(strstr(harness_errors(program), "program_wait"));
	assert_int_equal(harness_stop(program), 0);
}

/* Threads that leave without libc are not shown for ever. */
static void
test_ghosts(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "ghosts");

	harness_ready(program);
	HARNESS_UNTIL(harness_count(harness_dump(program), NULL, NULL) == 1);
	assert_int_equal(harness_stop(program), 0);
}

static void
test_cancelled(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "--dump", "cancelled");
	json_t *dump;

	harness_ready(program);
	dump = harness_await(program, 1, "IO read", "clean_up");
	assert_int_equal(harness_count(dump, "IO poll", NULL), 0);
	assert_int_equal(harness_stop(program), 0);
}

/* Of 15 connections 5 are left; the others were closed out of sight. */
static void
test_sessions(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "sessions");

	harness_ready(program);
	HARNESS_UNTIL(harness_sessions(harness_dump(program), "socket") == 5);
	harness_sleep_ms(1000);
	assert_int_equal(harness_sessions(harness_dump(program), "socket"), 5);
	assert_int_equal(harness_stop(program), 0);
}

/* ---- Standard error ---------------------------------------------------- */

/* The dump goes to the log that standard error has become. */
static void
assert_logged(const char *name)
{
	const char *path = own_path("log");
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", name, path);

	harness_ready(program);
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(harness_file_has(path, "[IO read"));
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
}

static void
test_log(void **state)
{
	assert_logged("stderr-log");
}

static void
test_log_reopened(void **state)
{
	assert_logged("stderr-reopened");
}

/* ---- What is refused --------------------------------------------------- */

/* Dumps come, by the tool and by signal, with stacks. */
static void
assert_dumps(struct harness_program *program, const char *function)
{
	harness_ready(program);
	harness_await(program, 1, "IO read", function);
	kill(harness_pid(program), SIGQUIT);
	HARNESS_UNTIL(strstr(harness_errors(program), "[IO read"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_refused(void **state)
{
	assert_dumps(
	    harness_start(HARNESS_PRELOAD, "host", "refused", "pidfd_getfd"),
	    "case_wait");
	assert_dumps(harness_start(HARNESS_PRELOAD, "host", "refused",
			 "process_vm_readv"),
	    "case_wait");
	assert_dumps(harness_start(HARNESS_PRELOAD, "host", "refused",
			 "pidfd_open", "pidfd_getfd", "process_vm_readv"),
	    "case_wait");
}

/* To ask whether there are filters puts none in force. */
static void
test_filters_asked_for(void **state)
{
	assert_dumps(harness_start(HARNESS_PRELOAD, "host", "filter-asked"),
	    "case_filter_asked");
}

/* More idle connections than the probe takes: each has said hello. */
static void
test_idle_connections(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "host", "wait");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct wire_hello hello = {
		.header = { .length = sizeof hello, .type = WIRE_HELLO },
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
	};
	struct timeval limit = { .tv_sec = 1 };
	int fds[24];

	harness_ready(program);
	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/%d.sock",
	    harness_directory(), harness_pid(program));
	for (int i = 0; i < 24; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *) &address,
				     sizeof address),
		    0);
		setsockopt(
		    fds[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		send(fds[i], &hello, sizeof hello, MSG_NOSIGNAL);
		recv(fds[i], &hello, sizeof hello, MSG_WAITALL);
	}
	harness_await(program, 1, "IO read", "case_wait");
	for (int i = 0; i < 24; i++) {
		close(fds[i]);
	}
	assert_int_equal(harness_stop(program), 0);
}

/* ---- Places ------------------------------------------------------------ */

/* With a umask that denies everything, the socket can still be used. */
static void
test_umask(void **state)
{
	char place[300], socket_path[400];
	struct harness_program *program;
	struct stat status;

	snprintf(place, sizeof place, "STRANDED_DIR=%s", own_path("place"));
	program = harness_start(HARNESS_BARE, "/bin/sh", "-c",
	    "umask 0777; exec env \"$@\"", "sh", place, preload(), host_path(),
	    "wait");
	harness_line(program, "ready");
	snprintf(socket_path, sizeof socket_path, "%s/%d.sock",
	    own_path("place"), harness_pid(program));
	HARNESS_UNTIL(stat(socket_path, &status) == 0);
	assert_int_equal(status.st_mode & 0600, 0600);
	assert_int_equal(stat(own_path("place"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(harness_stop(program), 0);
	assert_int_equal(stat(socket_path, &status), -1);
}

/* Process 1 of a namespace of its own. */
static struct harness_program *
start_first_process(void)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, "/usr/bin/unshare", "-pf",
		"--kill-child", "env", preload(), host_path(), "wait");

	harness_line(program, "ready");
	return program;
}

static ino_t
first_socket(void)
{
	char path[300];
	struct stat status;

	snprintf(path, sizeof path, "%s/1.sock", harness_directory());
	return stat(path, &status) == 0 ? status.st_ino : 0;
}

/*
 * Longer than the probe lets pass before it looks after its socket: one that
 * has changed its root is still found, and two whose numbers are the same, in
 * different namespaces, do not take each other's place.
 */
static void
test_places_are_kept(void **state)
{
	struct harness_program *jailed, *first, *second;
	char pid[24];
	ino_t inode;

	if (!is_root()) {
		skip();
	}
	mkdir(own_path("jail"), 0755);
	jailed =
	    harness_start(HARNESS_PRELOAD, "host", "chroot", own_path("jail"));
	harness_ready(jailed);
	first = start_first_process();
	HARNESS_UNTIL((inode = first_socket()) != 0);
	second = start_first_process();
	for (int i = 0; i < 24; i++) {
		harness_sleep_ms(500);
		assert_int_equal(first_socket(), inode);
	}
	snprintf(pid, sizeof pid, " %d ", harness_pid(jailed));
	assert_non_null(strstr(harness_stranded("ps").out, pid));
	harness_await(jailed, 1, "IO read", "case_chroot");
	snprintf(pid, sizeof pid, "%d", harness_pid(jailed));
	assert_non_null(
	    strstr(harness_stranded("doctor", pid).out, "note     root"));
	assert_int_equal(harness_stop(jailed), 0);
	assert_int_equal(harness_stop(second), 0);
	assert_int_equal(first_socket(), inode);
	assert_int_equal(harness_stop(first), 0);
	assert_int_equal(first_socket(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_sleeps),
		HARNESS_TEST(test_polls),
		HARNESS_TEST(test_semaphores),
		HARNESS_TEST(test_others),
		HARNESS_TEST(test_broken_off),
		HARNESS_TEST(test_signals),
		HARNESS_TEST(test_ends),
		HARNESS_TEST(test_confined),
		HARNESS_TEST(test_privileges),
		HARNESS_TEST(test_descriptors),
		HARNESS_TEST(test_limits),
		HARNESS_TEST(test_main_thread_leaves),
		HARNESS_TEST(test_amid_signals),
		HARNESS_TEST(test_subreaper),
		HARNESS_TEST(test_ghosts),
		HARNESS_TEST(test_cancelled),
		HARNESS_TEST(test_sessions),
		HARNESS_TEST(test_log),
		HARNESS_TEST(test_log_reopened),
		HARNESS_TEST(test_refused),
		HARNESS_TEST(test_filters_asked_for),
		HARNESS_TEST(test_idle_connections),
		HARNESS_TEST(test_umask),
		HARNESS_TEST(test_places_are_kept),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
