/*
 * silence_test.c: servers that are idle, or do their work, and of which nothing
 * may be said: their threads wait on conditions for hours. Nobody here wrote
 * most of them.
 *
 * Each is asked a few times; with LONG set, for a minute.
 */
#include "e2e/servers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOKS      4 /* at one process */
#define LONG_LOOKS 60
#define CLIENTS    8

/* Asks for verdicts; nothing is leaked, and that is known by all there is. */
static void
assert_silent_once(pid_t pid)
{
	char text[16];
	struct harness_output output;
	json_t *verdicts, *proof;

	snprintf(text, sizeof(text), "%d", pid);
	output = harness_stranded("leaks", "--format=json", text);
	if (output.status != 0) {
		fail_msg("leaks ends with %d: %s%s", output.status, output.err,
		    harness_stranded("leaks", text).out);
	}
	verdicts = json_loads(output.out, 0, NULL);
	proof = json_object_get(verdicts, "proof");
	if (!json_is_true(json_object_get(proof, "complete"))) {
		fail_msg("not proved: %s", harness_text(proof, "why_not"));
	}
	assert_true(json_array_size(json_object_get(verdicts, "tasks")) > 0);
	json_decref(verdicts);
}

static void
assert_silent(const struct servers_family *family)
{
	bool is_long = getenv("LONG") && getenv("LONG")[0];
	int looks = is_long ? LONG_LOOKS : LOOKS;

	alarm(is_long ? 600 : 180); /* instead of the harness's */
	for (int i = 0; i < looks; i++) {
		for (size_t j = 0; j < family->count; j++) {
			assert_silent_once(family->pids[j]);
		}
		harness_sleep_ms(is_long ? 1000 : 100);
	}
}

/* Once it listens, with so many processes; idle, and with clients. */
static void
assert_server_silent(struct harness_program *program, int port, size_t count,
    const char *line, const char *answer)
{
	struct servers_family family;
	int fds[CLIENTS];

	servers_await(port);
	family = servers_family(harness_pid(program), count);
	assert_silent(&family);
	servers_connect(port, line, answer, fds, CLIENTS);
	assert_silent(&family);
}

static void
test_memcached(void **state)
{
	struct servers_port port = servers_free_port();

	servers_need("/usr/bin/memcached");
	assert_server_silent(harness_start(HARNESS_RUN, "/usr/bin/memcached",
				 "-l", "127.0.0.1", "-p", port.text, "-U", "0",
				 "-t", "4", "-m", "16", "-u", servers_user()),
	    port.number, 1, "set key 0 0 5\r\nvalue\r", "STORED");
}

static void
test_redis(void **state)
{
	struct servers_port port = servers_free_port();

	servers_need("/usr/bin/redis-server");
	assert_server_silent(harness_start(HARNESS_RUN, "/usr/bin/redis-server",
				 "--port", port.text, "--bind", "127.0.0.1",
				 "--save", "", "--dir", harness_directory()),
	    port.number, 1, "PING", "+PONG");
}

/* With threads for what is slow, which do nothing. */
static void
write_nginx_conf(int port)
{
	char path[192];
	FILE *file;

	snprintf(path, sizeof(path), "%s/.conf", harness_directory());
	file = fopen(path, "w");
	assert_non_null(file);
	if (geteuid() == 0) {
		fputs("user root root;\n", file);
	}
	fprintf(file,
	    "daemon off; worker_processes 2; pid .pid;\n"
	    "error_log stderr;\nevents { }\nhttp {\n"
	    "access_log off; aio threads; client_body_temp_path .body;\n"
	    "proxy_temp_path .proxy; fastcgi_temp_path .fastcgi;\n"
	    "uwsgi_temp_path .uwsgi; scgi_temp_path .scgi;\n"
	    "server { listen 127.0.0.1:%d; return 200 \"here\\n\"; } }\n",
	    port);
	fclose(file);
}

static void
test_nginx(void **state)
{
	struct servers_port port = servers_free_port();
	struct harness_program *program;

	servers_need("/usr/sbin/nginx");
	write_nginx_conf(port.number);
	program = harness_start(HARNESS_BARE, harness_tool(), "run",
	    "--signal=RTMIN", "--", "/usr/sbin/nginx", "-p",
	    harness_directory(), "-c", ".conf", "-e", "stderr");
	assert_server_silent(program, port.number, 3,
	    "GET / HTTP/1.1\r\nHost: here\r\n\r", "HTTP/1.1 200 OK");
	/* It ends its workers itself. */
	kill(harness_pid(program), SIGTERM);
	HARNESS_UNTIL(!harness_alive(program));
}

/* Those of the project's own programs that lose nothing. */
static void
test_own_programs(void **state)
{
	static const char *const programs[][2] = {
		{ "session_server", "--fix" },
		{ "statsd_like", NULL },
		{ "relay", NULL },
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct harness_program *program =
		    harness_start(HARNESS_RUN, programs[i][0], programs[i][1]);
		struct servers_family family = { .count = 1 };

		harness_ready(program);
		family.pids[0] = harness_pid(program);
		assert_silent(&family);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_memcached),
		HARNESS_TEST(test_redis),
		HARNESS_TEST(test_nginx),
		HARNESS_TEST(test_own_programs),
	};

	return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
