/*
 * sessions_test.c: the sessions of servers, with libstrand and without.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static json_t *
session_named(json_t *dump, const char *name)
{
	json_t *session;
	size_t i;

	json_array_foreach(json_object_get(dump, "sessions"), i, session) {
		if (strcmp(harness_text(session, "name"), name) == 0) {
			return session;
		}
	}
	fail_msg("no session %s", name);
	return NULL;
}

/* The one task that is in the session. */
static json_t *
task_of(json_t *dump, json_t *session)
{
	json_t *ids = json_object_get(session, "tasks"), *task;
	size_t i;

	assert_int_equal(json_array_size(ids), 1);
	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (harness_number(task, "id") ==
		    json_integer_value(json_array_get(ids, 0))) {
			assert_int_equal(harness_number(task, "session"),
			    harness_number(session, "id"));
			return task;
		}
	}
	fail_msg("the session's task is not there");
	return NULL;
}

/* A plain server's connections are sessions, by their peers' addresses. */
static void
test_connections(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	json_t *dump, *session;
	int fds[5];

	for (int i = 0; i < 5; i++) {
		fds[i] = harness_connect(port);
		harness_ask(fds[i], "hello", "hello");
	}
	dump = harness_await(program, 5, "IO read", "work");
	assert_int_equal(harness_sessions(dump, NULL), 5);
	for (int i = 0; i < 5; i++) {
		session = session_named(dump, harness_name(fds[i]));
		assert_string_equal(harness_text(session, "kind"), "socket");
		assert_string_equal(harness_text(session, "state"), "open");
		assert_in_range(harness_number(session, "fd"), 3, 100);
		assert_in_range(harness_number(session, "opened_ms"), 0, 10000);
		assert_true(harness_number(session, "last_used_ms") <=
		    harness_number(session, "opened_ms"));
		assert_non_null(harness_frame(
		    json_object_get(task_of(dump, session), "stack"), "work"));
		assert_int_equal(
		    harness_number(
			harness_frame(json_object_get(session, "opened_by"),
			    "accept_all"),
			"line"),
		    harness_marker("plain_server.c", "accepts here"));
	}
	assert_int_equal(harness_count(dump, "IO accept", "accept_all"), 1);
}

/* Sessions end when their connections are closed. */
static void
test_connections_end(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	json_t *dump;

	for (int i = 0; i < 20; i++) {
		int fd = harness_connect(port);

		harness_ask(fd, "hello", "hello");
		if (i % 2) {
			harness_ask(fd, "quit", "bye");
		}
		shutdown(fd, SHUT_RDWR);
	}
	HARNESS_UNTIL(
	    harness_sessions(dump = harness_dump(program), NULL) == 0);
	harness_await(program, 0, NULL, "work");
}

/* The peer has gone, and the server does not know: that is said. */
static void
test_peer_closed(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int gone = harness_connect(port), there = harness_connect(port);
	json_t *dump, *session;

	harness_ask(gone, "hello", "hello");
	harness_ask(there, "hello", "hello");
	dprintf(gone, "hold\n");
	dprintf(there, "hold\n");
	harness_await(program, 2, "cond wait", "hold");
	shutdown(gone, SHUT_WR);
	HARNESS_UNTIL(
	    strcmp(harness_text(session_named(dump = harness_dump(program),
				    harness_name(gone)),
		       "state"),
		"peer closed") == 0);
	session = session_named(dump, harness_name(gone));
	harness_assert_at(
	    task_of(dump, session), "hold", "plain_server.c", "holds here");
	session = session_named(dump, harness_name(there));
	assert_string_equal(harness_text(session, "state"), "open");
}

/* Since when the peer is known to have gone, -1 if it is not. */
static json_int_t
gone_since(json_t *dump, int fd)
{
	json_t *since = json_object_get(
	    session_named(dump, harness_name(fd)), "peer_closed_ms");

	return json_is_integer(since) ? json_integer_value(since) : -1;
}

/* The probe looks every two seconds or so: then it is said since when. */
static void
test_peer_closed_since(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int gone = harness_connect(port), there = harness_connect(port);
	char pid[16];
	json_t *dump;

	dprintf(gone, "hold\n");
	dprintf(there, "hold\n");
	dump = harness_await(program, 2, "cond wait", "hold");
	assert_int_equal(gone_since(dump, gone), -1);
	shutdown(gone, SHUT_WR);
	HARNESS_UNTIL(gone_since(dump = harness_dump(program), gone) > 1000);
	assert_int_equal(gone_since(dump, there), -1);
	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	assert_non_null(strstr(
	    harness_stranded("dump", pid).out, ", 1 task, peer closed "));
}

/* When the connection was last used, as the dump has it. */
static json_int_t
last_used(json_t *dump, int fd)
{
	return harness_number(
	    session_named(dump, harness_name(fd)), "last_used_ms");
}

/* Uses a connection, and dumps. */
static json_t *
dump_after_use(struct harness_program *program, int fd)
{
	harness_ask(fd, "hello", "hello");
	return harness_dump(program);
}

/* The probe looks once in a second: the ages are as exact as that. */
static void
test_last_used(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int idle = harness_connect(port), busy = harness_connect(port);
	json_t *dump;

	harness_ask(idle, "hello", "hello");
	harness_ask(busy, "hello", "hello");
	HARNESS_UNTIL((dump = dump_after_use(program, busy),
	    last_used(dump, idle) > last_used(dump, busy) + 1000));
}

/* The process in what "ps --format=json" says. */
static json_t *
row_of(json_t *list, pid_t pid)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "processes"), i, row) {
		if (harness_number(row, "pid") == pid) {
			return row;
		}
	}
	fail_msg("process %d is not listed", pid);
	return NULL;
}

/* The counts that ps gives are those of the dump. */
static void
test_ps_counts(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "plain_server");
	int port = harness_ready(program);
	struct harness_output output;
	json_t *list, *row;
	char pid[16];

	for (int i = 0; i < 3; i++) {
		harness_ask(harness_connect(port), "hello", "hello");
	}
	harness_await(program, 3, "IO read", "work");
	output = harness_stranded("ps");
	assert_int_equal(output.status, 0);
	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	assert_non_null(strstr(output.out, pid));
	assert_non_null(strstr(output.out, "plain_server"));
	output = harness_stranded("ps", "--format=json");
	assert_int_equal(output.status, 0);
	list = json_loads(output.out, 0, NULL);
	assert_non_null(list);
	row = row_of(list, harness_pid(program));
	assert_int_equal(harness_number(row, "sessions"), 3);
	assert_int_equal(harness_number(row, "tasks"), 5);
	json_decref(list);
}

/* Both kinds side by side: the connection, and the registry's session. */
static void
test_registry(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server", "--fix");
	int fd = harness_connect(harness_ready(program));
	json_t *dump, *session = NULL, *each;
	size_t i;

	harness_ask(fd, "hello", "hello");
	harness_await(program, 1, "select", "serve");
	dump = harness_await(program, 1, "IO read", "reader");
	assert_int_equal(harness_sessions(dump, "socket"), 1);
	assert_int_equal(harness_sessions(dump, "registry"), 1);
	json_array_foreach(json_object_get(dump, "sessions"), i, each) {
		assert_string_equal(
		    harness_text(each, "name"), harness_name(fd));
		if (strcmp(harness_text(each, "kind"), "registry") == 0) {
			session = each;
		}
	}
	assert_true(json_is_null(json_object_get(session, "fd")));
	assert_int_equal(json_array_size(json_object_get(session, "tasks")), 2);
	assert_non_null(
	    harness_frame(json_object_get(session, "opened_by"), "accepted"));
	harness_ask(fd, "quit", "bye");
	HARNESS_UNTIL(
	    harness_sessions(dump = harness_dump(program), NULL) == 0);
}

/* Sends lines until there is no room for more. */
static void
send_much(int fd)
{
	char line[100];

	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	while (send(fd, line, sizeof line, MSG_DONTWAIT) > 0) {
	}
}

/* A client that does not read: the thread that serves it is stuck. */
static void
test_client_that_stops_reading(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int deaf = harness_connect(port), other = harness_connect(port);
	json_t *dump;

	harness_ask(other, "hello", "hello");
	HARNESS_UNTIL((send_much(deaf), dump = harness_dump(program),
	    harness_count(dump, "IO write", "answer") == 1));
	assert_string_equal(
	    harness_text(task_of(dump, session_named(dump, harness_name(deaf))),
		"state"),
	    "IO write");
	harness_ask(other, "hello", "hello");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_connections),
		HARNESS_TEST(test_connections_end),
		HARNESS_TEST(test_peer_closed),
		HARNESS_TEST(test_peer_closed_since),
		HARNESS_TEST(test_last_used),
		HARNESS_TEST(test_ps_counts),
		HARNESS_TEST(test_client_that_stops_reading),
		HARNESS_TEST(test_registry),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
