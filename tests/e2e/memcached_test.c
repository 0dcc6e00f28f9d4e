/*
 * memcached_test.c: a server that nobody here wrote. Its threads' states and
 * its sessions are right, and it serves as it does without the probe.
 */
#include "servers.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MEMCACHED   "/usr/bin/memcached"
#define MEMCSLAP    "/usr/bin/memcslap"
#define WORKERS     4
#define CONNECTIONS 9

static struct harness_program *
start_memcached(enum harness_how how, int *port)
{
	struct servers_port free_port = servers_free_port();
	struct harness_program *program;

	servers_need(MEMCACHED);
	program = harness_start(how, MEMCACHED, "-l", "127.0.0.1", "-p",
	    free_port.text, "-U", "0", "-t", "4", "-m", "512", "-u",
	    servers_user());
	*port = free_port.number;
	servers_await(*port);
	return program;
}

static void
open_connections(int port, int *fds)
{
	servers_connect(
	    port, "set key 0 0 5\r\nvalue\r", "STORED", fds, CONNECTIONS);
}

static void
test_threads(void **state)
{
	int port, fds[CONNECTIONS];
	struct harness_program *program = start_memcached(HARNESS_RUN, &port);
	json_t *dump, *task;
	size_t i;

	open_connections(port, fds);
	/* The workers and the main thread wait for events. */
	dump = harness_await(program, WORKERS + 1, "IO poll", NULL);
	/* All threads are there but the agent, which is none of its tasks. */
	assert_int_equal(json_array_size(json_object_get(dump, "tasks")),
	    servers_threads(harness_pid(program)) - 1);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(dump, "coverage"), "not_covered")),
	    0);
	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		const char *name = harness_text(task, "state");

		if (strcmp(name, "IO poll") != 0 &&
		    strcmp(name, "cond wait") != 0 &&
		    strcmp(name, "sleep") != 0 &&
		    strcmp(name, "running") != 0) {
			fail_msg("a thread of memcached in %s", name);
		}
		assert_true(
		    json_array_size(json_object_get(task, "stack")) > 0 ||
		    strcmp(name, "running") == 0);
	}
	assert_true(harness_count(dump, "cond wait", NULL) > 0);
}

static void
test_sessions(void **state)
{
	int port, fds[CONNECTIONS];
	struct harness_program *program = start_memcached(HARNESS_RUN, &port);
	json_t *dump, *session;
	size_t i;

	open_connections(port, fds);
	dump = harness_dump(program);
	assert_int_equal(harness_sessions(dump, "socket"), CONNECTIONS);
	for (int j = 0; j < CONNECTIONS; j++) {
		const char *name = harness_name(fds[j]);
		bool found = false;

		json_array_foreach(
		    json_object_get(dump, "sessions"), i, session) {
			found = found ||
			    strcmp(harness_text(session, "name"), name) == 0;
		}
		assert_true(found);
	}
	for (int j = 0; j < 4; j++) {
		shutdown(fds[j], SHUT_RDWR);
	}
	HARNESS_UNTIL(harness_sessions(dump = harness_dump(program),
			  "socket") == CONNECTIONS - 4);
}

static void
test_serves_alike(void **state)
{
	static const char commands[] =
	    "set a 0 0 3\r\none\r\nget a\r\nadd a 0 0 3\r\ntwo\r\n"
	    "append a 0 0 1\r\n!\r\nget a\r\nset n 0 0 1\r\n7\r\n"
	    "incr n 35\r\ndelete a\r\nget a n\r\nnonsense\r\nquit\r\n";
	char with[1024], without[1024];
	int port;

	start_memcached(HARNESS_RUN, &port);
	servers_talk(port, commands, with, sizeof with);
	start_memcached(HARNESS_BARE, &port);
	servers_talk(port, commands, without, sizeof without);
	assert_non_null(strstr(without, "VALUE a 0 4\r\none!\r\n"));
	assert_string_equal(with, without);
}

/* A client that does not read holds up its connection, but no thread. */
static void
test_client_that_stops_reading(void **state)
{
	char value[20000];
	int port, fds[CONNECTIONS];
	struct harness_program *program = start_memcached(HARNESS_RUN, &port);

	open_connections(port, fds);
	memset(value, 'x', sizeof value);
	dprintf(fds[0], "set big 0 0 %zu\r\n", sizeof value);
	send(fds[0], value, sizeof value, 0);
	harness_ask(fds[0], "\r", "STORED");
	while (send(fds[0], "get big\r\n", 9, MSG_DONTWAIT) == 9) {
	}
	harness_await(program, WORKERS + 1, "IO poll", NULL);
	assert_int_equal(
	    harness_sessions(harness_dump(program), "socket"), CONNECTIONS);
	harness_ask(fds[1], "set b 0 0 1\r\nx\r", "STORED");
}

/* Its usual load, while it is looked at, and not one answer lost. */
static void
test_load(void **state)
{
	int port, fds[CONNECTIONS];
	struct harness_program *program =
	    start_memcached(HARNESS_PRELOAD, &port);
	struct servers_family family = servers_family(harness_pid(program), 1);
	const char *said;
	char server[32];

	servers_need(MEMCSLAP);
	open_connections(port, fds);
	snprintf(server, sizeof server, "--servers=127.0.0.1:%d", port);
	said = servers_load(&family, SIGQUIT, MEMCSLAP, server,
	    "--concurrency=8", "--execute-number=20000", "--test=get");
	assert_non_null(strstr(said, " 160000 keys by "));
	assert_true(harness_alive(program));
	/* The load has gone, those that we hold open have not. */
	HARNESS_UNTIL(servers_sessions(&family) == CONNECTIONS);
	/* The signal's dumps are all that it has said. */
	HARNESS_UNTIL(strstr(harness_errors(program), "IO poll"));
	for (int i = 0; i < CONNECTIONS; i++) {
		harness_ask(fds[i], "set b 0 0 1\r\nx\r", "STORED");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_threads),
		HARNESS_TEST(test_sessions),
		HARNESS_TEST(test_serves_alike),
		HARNESS_TEST(test_client_that_stops_reading),
		HARNESS_TEST(test_load),
	};

	return cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
}
