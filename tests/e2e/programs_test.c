/*
 * programs_test.c: the programs that the idea comes from, each under the
 * probe, each with a twin in which nothing may be found.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#define CLIENTS 12

/* The channel that the task waits for. */
static json_t *
channel_of(json_t *dump, json_t *task)
{
	json_t *channel;
	size_t i;

	json_array_foreach(json_object_get(dump, "channels"), i, channel) {
		if (strcmp(harness_text(channel, "object"),
			harness_text(task, "object")) == 0) {
			return channel;
		}
	}
	fail_msg("no channel %s", harness_text(task, "object"));
	return NULL;
}

static size_t
task_count(json_t *dump)
{
	return json_array_size(json_object_get(dump, "tasks"));
}

/* Who used a side of the channel last. */
static void
assert_user(json_t *channel, const char *side, bool ended, const char *function)
{
	json_t *user = json_object_get(channel, side);

	assert_true(json_is_object(user));
	assert_int_equal(json_is_true(json_object_get(user, "ended")), ended);
	assert_true(harness_number(user, "task") > 0);
	assert_non_null(
	    harness_frame(json_object_get(user, "frames"), function));
}

/* ---- 1, 2: a send that nobody receives --------------------------------- */

static void
test_send_is_stuck(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "send_stuck");
	json_t *dump, *task, *channel, *created_by;

	harness_ready(program);
	dump = harness_await(program, 1, "chan send", "sender");
	assert_int_equal(task_count(dump), 2);
	task = harness_task(dump, "sender");
	assert_non_null(task);
	assert_string_equal(harness_text(task, "state"), "chan send");
	harness_assert_at(task, "sender", "send_stuck.c", "stuck here");
	created_by = harness_frame(json_object_get(task, "created_by"), "main");
	assert_non_null(created_by);
	assert_int_equal(harness_number(created_by, "line"),
	    harness_marker("send_stuck.c", "go"));
	channel = channel_of(dump, task);
	assert_user(channel, "last_sender", false, "sender");
	assert_int_equal(harness_number(channel, "capacity"), 0);
	assert_int_equal(harness_number(channel, "length"), 0);
	assert_true(json_is_false(json_object_get(channel, "closed")));
	assert_int_equal(json_integer_value(json_array_get(
			     json_object_get(channel, "senders"), 0)),
	    harness_number(task, "id"));
	assert_int_equal(
	    json_array_size(json_object_get(channel, "receivers")), 0);
	assert_int_equal(harness_count(dump, "IO read", "main"), 1);
	assert_int_equal(harness_stop(program), 0);
}

static void
test_send_has_room(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "send_stuck", "--capacity=1");
	json_t *dump, *channel;

	assert_string_equal(harness_line(program, "send: "), "sent");
	harness_ready(program);
	dump = harness_await(program, 0, "chan send", NULL);
	dump = harness_await(program, 0, NULL, "sender");
	assert_int_equal(task_count(dump), 1);
	channel = json_array_get(json_object_get(dump, "channels"), 0);
	assert_int_equal(harness_number(channel, "length"), 1);
	assert_int_equal(harness_number(channel, "capacity"), 1);
}

static void
test_send_is_closed_under(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "send_stuck", "--close");
	json_t *dump, *channel;

	harness_line(program, "send: Broken pipe");
	harness_ready(program);
	dump = harness_await(program, 0, "chan send", NULL);
	assert_int_equal(task_count(dump), 1);
	channel = json_array_get(json_object_get(dump, "channels"), 0);
	assert_true(json_is_true(json_object_get(channel, "closed")));
}

/* ---- 3, 4: sessions in a map ------------------------------------------- */

static void
test_sessions_closures(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "sessions_closures");
	json_t *dump;

	assert_non_null(strstr(harness_line(program, "created "), "right"));
	harness_ready(program);
	dump = harness_await(program, 1, "chan receive", "owner");
	harness_assert_at(harness_task(dump, "owner"), "owner",
	    "sessions_closures.c", "owner waits here");
	assert_int_equal(harness_count(dump, "chan send", NULL), 0);
	assert_int_equal(task_count(dump), 2);
}

static void
test_sessions_rwlock(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "sessions_rwlock");

	assert_non_null(strstr(harness_line(program, "created "), "right"));
	harness_ready(program);
	assert_int_equal(task_count(harness_dump(program)), 1);
}

static void
test_sessions_rwlock_held(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "sessions_rwlock", "--hold");
	json_t *dump, *reader, *writer;

	harness_ready(program);
	harness_await(program, 1, "rwlock read lock", "reader");
	dump = harness_await(program, 1, "rwlock write lock", "writer");
	reader = harness_task(dump, "reader");
	writer = harness_task(dump, "writer");
	harness_assert_at(
	    reader, "get", "sessions_rwlock.c", "reader waits here");
	harness_assert_at(
	    writer, "delete", "sessions_rwlock.c", "writer waits here");
	assert_string_equal(
	    harness_text(reader, "object"), harness_text(writer, "object"));
	/* The main task holds it. */
	assert_int_not_equal(harness_number(reader, "holder"), -1);
	assert_int_equal(
	    harness_number(reader, "holder"), harness_number(writer, "holder"));
	assert_int_not_equal(
	    harness_number(reader, "holder"), harness_number(reader, "id"));
}

/* ---- 5: the session server --------------------------------------------- */

/* Has `clients` clients come and go. */
static void
clients_visit(int port, int clients, const char *flag)
{
	char port_flag[32], count_flag[32], path[512];
	struct harness_output output;

	snprintf(path, sizeof path, "%s/tests/programs/session_client",
	    harness_build());
	snprintf(port_flag, sizeof port_flag, "--port=%d", port);
	snprintf(count_flag, sizeof count_flag, "--clients=%d", clients);
	output = harness_command(path, port_flag, count_flag, flag);
	if (output.status != 0) {
		fail_msg("clients: %s", output.err);
	}
}

/* Fails unless each reader is stuck where it is, in a session of its own. */
static void
assert_readers_stuck(json_t *dump)
{
	json_int_t sessions[3 * CLIENTS];
	size_t i, count = 0;
	json_t *task;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		json_t *session;
		json_int_t id;

		if (strcmp(harness_text(task, "name"), "reader") != 0) {
			continue;
		}
		assert_string_equal(harness_text(task, "state"), "chan send");
		harness_assert_at(
		    task, "reader", "session_server.c", "stuck here");
		assert_non_null(harness_frame(
		    json_object_get(task, "created_by"), "serve"));
		id = harness_number(task, "session");
		session = harness_session(dump, id);
		assert_non_null(session);
		assert_string_equal(harness_text(session, "kind"), "registry");
		assert_memory_equal(
		    harness_text(session, "name"), "127.0.0.1:", 10);
		assert_int_equal(
		    json_array_size(json_object_get(session, "tasks")), 1);
		for (size_t j = 0; j < count; j++) {
			assert_int_not_equal(sessions[j], id);
		}
		sessions[count++] = id;
	}
}

/* Of each channel that is stuck at: the handler has ended. */
static void
assert_handlers_gone(json_t *dump)
{
	json_t *task;
	size_t i;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (strcmp(harness_text(task, "name"), "reader") == 0) {
			assert_user(channel_of(dump, task), "last_receiver",
			    true, "serve_loop");
		}
	}
}

static void
test_session_server_leaks(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server");
	int port = harness_ready(program);

	for (int wave = 1; wave <= 3; wave++) {
		json_t *dump;

		clients_visit(port, CLIENTS, NULL);
		dump = harness_await(
		    program, wave * CLIENTS, "chan send", "reader");
		assert_readers_stuck(dump);
		HARNESS_UNTIL(harness_count(dump = harness_dump(program), NULL,
				  "serve") == 0);
		assert_handlers_gone(dump);
		assert_int_equal(
		    harness_sessions(dump, "registry"), wave * CLIENTS);
		assert_int_equal(harness_sessions(dump, "socket"), 0);
		assert_int_equal(task_count(dump), wave * CLIENTS + 1);
	}
}

/* Clients that hang up lose nothing: the handler is there to hear of it. */
static void
test_session_server_hangup(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server");
	json_t *dump;

	clients_visit(harness_ready(program), CLIENTS, "--hangup");
	dump = harness_await(program, 0, NULL, "reader");
	HARNESS_UNTIL(task_count(dump = harness_dump(program)) == 1);
	assert_int_equal(harness_sessions(dump, NULL), 0);
}

static void
test_session_server_mended(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server", "--fix");
	int port = harness_ready(program);
	json_t *dump;

	clients_visit(port, CLIENTS, NULL);
	clients_visit(port, CLIENTS, "--hangup");
	HARNESS_UNTIL(task_count(dump = harness_dump(program)) == 1);
	assert_int_equal(harness_sessions(dump, NULL), 0);
	assert_int_equal(harness_count(dump, "chan send", NULL), 0);
}

/* While clients are there, both tasks of each are where they should be. */
static void
test_session_server_serves(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server", "--fix");
	int port = harness_ready(program);
	int fd = harness_connect(port);
	json_t *dump, *serve, *reader;

	harness_ask(fd, "hello", "hello");
	harness_await(program, 1, "IO read", "reader");
	dump = harness_await(program, 1, "select", "serve");
	serve = harness_task(dump, "serve");
	reader = harness_task(dump, "reader");
	harness_assert_at(
	    serve, "serve_loop", "session_server.c", "serve waits here");
	assert_int_equal(harness_number(serve, "session"),
	    harness_number(reader, "session"));
	assert_string_equal(harness_text(harness_session(dump,
					     harness_number(serve, "session")),
				"name"),
	    harness_name(fd));
	harness_ask(fd, "quit", "bye");
}

/* The dump for people: one group, its count, its sessions, who made it. */
static void
test_session_server_text(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "session_server");
	struct harness_output output;
	char pid[16], where[64];

	clients_visit(harness_ready(program), CLIENTS, NULL);
	harness_await(program, CLIENTS, "chan send", "reader");
	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	snprintf(where, sizeof where, "session_server.c:%d",
	    harness_marker("session_server.c", "stuck here"));
	output = harness_stranded("dump", pid);
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "12 tasks"));
	assert_non_null(strstr(output.out, where));
	assert_null(strstr(strstr(output.out, where) + 1, where));
	assert_non_null(strstr(output.out, "created by serve"));
	assert_non_null(strstr(output.out, "\nlast receivers: 12 tasks"));
	assert_non_null(strstr(output.out, "127.0.0.1:"));
	output = harness_stranded("dump", "--all", pid);
	assert_int_equal(output.status, 0);
	for (int i = 0; i < CLIENTS; i++) {
		output.out = strstr(output.out, where);
		assert_non_null(output.out);
		output.out++;
	}
	assert_null(strstr(output.out, where));
}

/* ---- 6: the statsd-like daemon ----------------------------------------- */

static void
send_packet(int port, const char *text)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(sendto(fd, text, strlen(text), 0,
			     (struct sockaddr *) &to, sizeof to),
	    strlen(text));
	close(fd);
}

static void
test_statsd(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "statsd_like", "--flush=100");
	int port = harness_ready(program);
	json_t *dump;

	send_packet(port, "hits:3|c");
	send_packet(port, "nonsense");
	assert_string_equal(harness_line(program, "hits "), "3");
	harness_await(program, 1, "IO read", "signals");
	HARNESS_UNTIL((dump = harness_dump(program),
	    harness_count(dump, "IO read", "packets") == 1 &&
		harness_count(dump, "select", "loop") == 1));
	harness_assert_at(harness_task(dump, "packets"), "packets",
	    "statsd_like.c", "packets wait here");
	assert_int_equal(harness_count(dump, "chan send", NULL), 0);
	send_packet(port, "hits:4|c");
	assert_string_equal(harness_line(program, "hits "), "7");
	assert_int_equal(harness_stop(program), 0);
}

/* Is the port's queue empty: has what was sent to it been received? */
static bool
is_drained(int port)
{
	FILE *file = fopen("/proc/net/udp", "re");
	unsigned int local, queued = 0;
	char line[256];
	bool found = false;

	assert_non_null(file);
	while (!found && fgets(line, sizeof line, file)) {
		found = sscanf(line, " %*d: %*x:%x %*x:%*x %*x %*x:%x", &local,
			    &queued) == 2 &&
		    local == (unsigned int) port;
	}
	fclose(file);
	assert_true(found);
	return queued == 0;
}

static void
test_statsd_signals(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "statsd_like", "--flush=60000");
	int port = harness_ready(program);
	json_t *dump;

	send_packet(port, "hits:5|c");
	/* It says what has changed: nothing, before it has counted this. */
	HARNESS_UNTIL((kill(harness_pid(program), SIGHUP),
	    strstr(harness_said(program), "hits 5\n")));
	send_packet(port, "misses:1|c");
	HARNESS_UNTIL(is_drained(port));
	HARNESS_UNTIL((dump = harness_dump(program),
	    harness_count(dump, "IO read", "packets") == 1 &&
		harness_count(dump, "select", "loop") == 1));
	kill(harness_pid(program), SIGTERM);
	assert_string_equal(harness_line(program, "misses "), "1");
	harness_line(program, "end");
	assert_int_equal(harness_stop(program), 0);
}

/* ---- 7: the metrics relay ---------------------------------------------- */

/* A UDP socket to relay to, and its port. */
static int
sink(int *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = 10 };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
	getsockname(fd, (struct sockaddr *) &address, &size);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	*port = ntohs(address.sin_port);
	return fd;
}

static void
assert_relayed(int fd, const char *expected)
{
	char text[128] = "";
	ssize_t size = recv(fd, text, sizeof text - 1, 0);

	assert_int_equal(size, strlen(expected));
	assert_string_equal(text, expected);
}

static void
test_relay(void **state)
{
	struct harness_program *program = harness_start(HARNESS_RUN, "relay");
	int metrics_port, admin_port, sink_port, metrics, admin, out;
	json_t *dump, *task;
	char line[64];

	assert_int_equal(sscanf(harness_line(program, "ready "), "%d %d",
			     &metrics_port, &admin_port),
	    2);
	out = sink(&sink_port);
	admin = harness_connect(admin_port);
	metrics = harness_connect(metrics_port);
	snprintf(line, sizeof line, "add web %d", sink_port);
	harness_ask(admin, "nonsense", "welcome");
	harness_ask(admin, line, "add PREFIX PORT | del PREFIX | routes");
	harness_ask(admin, "routes", "added");
	snprintf(line, sizeof line, "web %d", sink_port);
	harness_ask(admin, "routes", line);
	dprintf(metrics, "mail.sent 1\nweb.hits 2\n");
	assert_relayed(out, "web.hits 2");

	/* Two answers are on their way, "end" of each list. Now it idles: the
	   session lives on in a task that the loop has made. */
	harness_await(program, 1, "IO read", "metrics_read");
	dump = harness_await(program, 1, "IO read", "admin_resume");
	task = harness_task(dump, "admin");
	harness_assert_at(task, "admin_resume", "relay.c", "admin");
	assert_int_equal(
	    harness_number(
		harness_frame(json_object_get(task, "created_by"), "loop"),
		"line"),
	    harness_marker("relay.c", "resumes"));
	assert_string_equal(
	    harness_text(
		harness_session(dump, harness_number(task, "session")), "name"),
	    harness_name(admin));
	assert_int_equal(harness_count(dump, "select", "loop"), 1);
	assert_int_equal(harness_count(dump, "IO accept", NULL), 2);
	assert_int_equal(harness_count(dump, "chan send", NULL), 0);
	close(out);
}

/* Nothing stays of administrators and metrics that have gone. */
static void
test_relay_forgets(void **state)
{
	struct harness_program *program = harness_start(HARNESS_RUN, "relay");
	int metrics_port, admin_port;
	json_t *dump;

	assert_int_equal(sscanf(harness_line(program, "ready "), "%d %d",
			     &metrics_port, &admin_port),
	    2);
	for (int i = 0; i < 5; i++) {
		int admin = harness_connect(admin_port);

		harness_ask(admin, "del web", "welcome");
		harness_ask(admin, "quit", "no such route");
		shutdown(harness_connect(metrics_port), SHUT_RDWR);
	}
	/* main, control and two that accept */
	HARNESS_UNTIL(task_count(dump = harness_dump(program)) == 4);
	assert_int_equal(harness_sessions(dump, NULL), 0);
}

/* ---- 8: shared channels ------------------------------------------------ */

static void
test_shared_channels_closed(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "shared_channels", "--close");
	json_t *dump, *task;

	harness_line(program, "2000 right, 0 wrong");
	harness_ready(program);
	dump = harness_await(program, 1, "chan send", "coordinator");
	assert_int_equal(task_count(dump), 2);
	task = harness_task(dump, "coordinator");
	harness_assert_at(
	    task, "coordinator", "shared_channels.c", "stuck here");
	assert_true(
	    json_is_false(json_object_get(channel_of(dump, task), "closed")));
	assert_user(channel_of(dump, task), "last_receiver", true, "asker");
	assert_user(
	    channel_of(dump, task), "last_sender", false, "coordinator");
	assert_int_equal(harness_stop(program), 0);
}

static void
test_shared_channels_open(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "shared_channels");
	json_t *dump;

	harness_line(program, "2000 right, 0 wrong");
	harness_ready(program);
	dump = harness_await(program, 1, "chan receive", "coordinator");
	harness_assert_at(harness_task(dump, "coordinator"), "coordinator",
	    "shared_channels.c", "idle");
	assert_int_equal(harness_count(dump, "chan send", NULL), 0);
	HARNESS_UNTIL(task_count(dump = harness_dump(program)) == 2);
	assert_user(channel_of(dump, harness_task(dump, "coordinator")),
	    "last_sender", true, "asker");
}

static void
test_shared_channels_mended(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "shared_channels", "--close", "--look");

	harness_line(program, "2000 right, 0 wrong");
	harness_ready(program);
	harness_await(program, 0, NULL, "coordinator");
	assert_int_equal(task_count(harness_dump(program)), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_send_is_stuck),
		HARNESS_TEST(test_send_has_room),
		HARNESS_TEST(test_send_is_closed_under),
		HARNESS_TEST(test_sessions_closures),
		HARNESS_TEST(test_sessions_rwlock),
		HARNESS_TEST(test_sessions_rwlock_held),
		HARNESS_TEST(test_session_server_leaks),
		HARNESS_TEST(test_session_server_hangup),
		HARNESS_TEST(test_session_server_mended),
		HARNESS_TEST(test_session_server_serves),
		HARNESS_TEST(test_session_server_text),
		HARNESS_TEST(test_statsd),
		HARNESS_TEST(test_statsd_signals),
		HARNESS_TEST(test_relay),
		HARNESS_TEST(test_relay_forgets),
		HARNESS_TEST(test_shared_channels_closed),
		HARNESS_TEST(test_shared_channels_open),
		HARNESS_TEST(test_shared_channels_mended),
	};

	return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}
