/*
 * nghttpd_test.c: nghttpd, a server in C++ that nobody here wrote: it accepts
 * in one thread, and works in others that it hands the connections to.
 */
#include "servers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NGHTTPD     "/usr/sbin/nghttpd"
#define NGHTTP      "/usr/bin/nghttp"
#define H2LOAD      "/usr/bin/h2load"
#define WORKERS     3
#define CONNECTIONS 10
#define BIG_LINES   200000

struct nghttpd {
	struct harness_program *program;
	int port;
	char url[48]; /* of a page */
	char big[48]; /* of a large file */
};

static void
write_file(const char *name, int lines)
{
	char path[192];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", harness_directory(), name);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < lines; i++) {
		fprintf(file, "line %d\n", i);
	}
	fclose(file);
}

static struct nghttpd
start_nghttpd(enum harness_how how)
{
	struct servers_port port = servers_free_port();
	struct nghttpd nghttpd = { .port = port.number };

	servers_need(NGHTTPD);
	servers_need(NGHTTP);
	servers_need(H2LOAD);
	write_file(".page", 1);
	write_file(".big", BIG_LINES);
	snprintf(nghttpd.url, sizeof nghttpd.url, "http://127.0.0.1:%s/.page",
	    port.text);
	snprintf(nghttpd.big, sizeof nghttpd.big, "http://127.0.0.1:%s/.big",
	    port.text);
	nghttpd.program = harness_start(how, NGHTTPD, "--no-tls", "-n", "3",
	    "-a", "127.0.0.1", "-d", harness_directory(), port.text);
	servers_await(port.number);
	return nghttpd;
}

/* Each says what a client of HTTP/2 says first, and has the server's word. */
static void
open_connections(int port, int *fds)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				      "\0\0\0\4\0\0\0\0";
	char settings[9];

	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = harness_connect(port);
		assert_int_equal(
		    send(fds[i], preface, sizeof preface, 0), sizeof preface);
		assert_int_equal(
		    recv(fds[i], settings, sizeof settings, MSG_WAITALL),
		    sizeof settings);
	}
}

static void
test_idle(void **state)
{
	struct nghttpd nghttpd = start_nghttpd(HARNESS_RUN);
	json_t *dump =
	    harness_await(nghttpd.program, WORKERS + 1, "IO poll", "ev_run");

	assert_int_equal(json_array_size(json_object_get(dump, "tasks")),
	    servers_threads(harness_pid(nghttpd.program)) - 1);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(dump, "coverage"), "not_covered")),
	    0);
}

/* They are accepted by one thread, and belong to others. */
static void
test_sessions(void **state)
{
	struct nghttpd nghttpd = start_nghttpd(HARNESS_RUN);
	int fds[CONNECTIONS];
	json_t *dump, *task;
	size_t i;

	open_connections(nghttpd.port, fds);
	HARNESS_UNTIL(harness_sessions(dump = harness_dump(nghttpd.program),
			  "socket") == CONNECTIONS);
	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		bool is_main = harness_frame(
		    json_object_get(task, "stack"), "__libc_start_main");

		assert_int_equal(harness_number(task, "session") > 0, !is_main);
	}
	for (int j = 0; j < CONNECTIONS; j++) {
		shutdown(fds[j], SHUT_RDWR);
	}
	HARNESS_UNTIL(
	    harness_sessions(harness_dump(nghttpd.program), "socket") == 0);
}

/* What a client gets, of one file and of the server's opinion of another. */
static char *
serve(enum harness_how how)
{
	struct nghttpd nghttpd = start_nghttpd(how);
	struct harness_output output =
	    harness_command(NGHTTP, nghttpd.big, nghttpd.url);
	char *text = strdup(output.out);

	assert_int_equal(output.status, 0);
	assert_non_null(text);
	return text;
}

static void
test_serves_alike(void **state)
{
	char *with = serve(HARNESS_RUN), *without = serve(HARNESS_BARE);

	assert_non_null(strstr(without, "line 199999\n"));
	assert_string_equal(with, without);
	free(with);
	free(without);
}

/* Its usual load, while it is looked at, and not one answer lost. */
static void
test_load(void **state)
{
	struct nghttpd nghttpd = start_nghttpd(HARNESS_PRELOAD);
	struct servers_family family =
	    servers_family(harness_pid(nghttpd.program), 1);
	int fds[CONNECTIONS];
	const char *said;

	open_connections(nghttpd.port, fds);
	said = servers_load(&family, SIGQUIT, H2LOAD, "-n", "100000", "-c",
	    "20", "-m", "10", nghttpd.url);
	assert_non_null(strstr(said, "100000 succeeded, 0 failed, 0 errored"));
	assert_non_null(strstr(said, " 100000 2xx, "));
	assert_true(harness_alive(nghttpd.program));
	HARNESS_UNTIL(servers_sessions(&family) == CONNECTIONS);
	HARNESS_UNTIL(strstr(harness_errors(nghttpd.program), "ev_run("));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_idle),
		HARNESS_TEST(test_sessions),
		HARNESS_TEST(test_serves_alike),
		HARNESS_TEST(test_load),
	};

	return cmocka_run_group_tests_name("nghttpd", tests, NULL, NULL);
}
