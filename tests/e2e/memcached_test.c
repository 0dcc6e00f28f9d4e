/*
 * memcached_test.c: a server that nobody here wrote. Its threads' states and
 * its sessions are right, and it serves as it does without the probe.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS     4
#define CONNECTIONS 9

/* A port that was free a moment ago. */
static int
free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
	getsockname(fd, (struct sockaddr *) &address, &size);
	close(fd);
	return ntohs(address.sin_port);
}

/* Does anybody listen there? */
static bool
is_listening(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = connect(fd, (struct sockaddr *) &address, sizeof address);

	close(fd);
	return error == 0;
}

static struct harness_program *
start_memcached(enum harness_how how, int *port)
{
	struct harness_program *program;
	const char *user = geteuid() == 0 ? "root" : getenv("USER");
	char number[16];

	if (access("/usr/bin/memcached", X_OK) != 0) {
		print_message("no memcached here\n");
		skip();
	}
	*port = free_port();
	snprintf(number, sizeof number, "%d", *port);
	program = harness_start(how, "/usr/bin/memcached", "-l", "127.0.0.1",
	    "-p", number, "-U", "0", "-t", "4", "-m", "16", "-u",
	    user ? user : "nobody");
	HARNESS_UNTIL(is_listening(*port));
	return program;
}

static void
open_connections(int port, int *fds)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = harness_connect(port);
		harness_ask(fds[i], "set key 0 0 5\r\nvalue\r", "STORED");
	}
}

/* How many threads has the process, by the kernel's word? */
static size_t
thread_count(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	size_t count = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		count += entry->d_name[0] != '.';
	}
	closedir(tasks);
	return count;
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
	    thread_count(harness_pid(program)) - 1);
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

/* The whole of what the server answers to a few commands. */
static void
talk(int port, char *answer, size_t size)
{
	static const char commands[] =
	    "set a 0 0 3\r\none\r\nget a\r\nadd a 0 0 3\r\ntwo\r\n"
	    "append a 0 0 1\r\n!\r\nget a\r\nset n 0 0 1\r\n7\r\n"
	    "incr n 35\r\ndelete a\r\nget a n\r\nnonsense\r\nquit\r\n";
	int fd = harness_connect(port);
	size_t length = 0;
	ssize_t got;

	assert_int_equal(
	    send(fd, commands, sizeof commands - 1, 0), sizeof commands - 1);
	while (length + 1 < size &&
	    (got = recv(fd, answer + length, size - 1 - length, 0)) > 0) {
		length += got;
	}
	answer[length] = '\0';
}

static void
test_serves_alike(void **state)
{
	char with[1024], without[1024];
	int port;

	start_memcached(HARNESS_RUN, &port);
	talk(port, with, sizeof with);
	start_memcached(HARNESS_BARE, &port);
	talk(port, without, sizeof without);
	assert_non_null(strstr(without, "VALUE a 0 4\r\none!\r\n"));
	assert_string_equal(with, without);
}

/* Many clients, with dumps taken meanwhile. */
static void
test_serves_while_looked_at(void **state)
{
	int port, fds[CONNECTIONS];
	struct harness_program *program =
	    start_memcached(HARNESS_PRELOAD, &port);

	open_connections(port, fds);
	for (int i = 0; i < 300; i++) {
		harness_ask(
		    fds[i % CONNECTIONS], "set b 0 0 1\r\nx\r", "STORED");
		if (i % 30 == 0) {
			harness_dump(program);
		}
	}
	assert_true(harness_alive(program));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_threads),
		HARNESS_TEST(test_sessions),
		HARNESS_TEST(test_serves_alike),
		HARNESS_TEST(test_serves_while_looked_at),
	};

	return cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
}
