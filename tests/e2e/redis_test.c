/*
 * redis_test.c: redis-server, which nobody here wrote: one thread that serves
 * all clients, others for what is slow, and a child that saves.
 */
#include "servers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REDIS       "/usr/bin/redis-server"
#define BENCHMARK   "/usr/bin/redis-benchmark"
#define BIO_THREADS 3 /* that do what is slow */
#define CONNECTIONS 12
#define UNREAD      300 /* answers of 100,000 bytes: no socket holds them */

struct redis {
	struct harness_program *program;
	struct servers_family family;
	int port;
	char text[8]; /* the port */
	char log[192];
	char save[16]; /* the name of its file */
};

static struct redis
start_redis(enum harness_how how)
{
	struct servers_port port = servers_free_port();
	struct redis redis = { .port = port.number };

	servers_need(REDIS);
	servers_need(BENCHMARK);
	memcpy(redis.text, port.text, sizeof redis.text);
	snprintf(redis.log, sizeof redis.log, "%s/.log-%d", harness_directory(),
	    how);
	snprintf(redis.save, sizeof redis.save, ".save-%d", how);
	redis.program = harness_start(how, REDIS, "--port", port.text, "--bind",
	    "127.0.0.1", "--save", "", "--dir", harness_directory(),
	    "--dbfilename", redis.save, "--logfile", redis.log);
	servers_await(port.number);
	if (how != HARNESS_BARE) {
		redis.family = servers_family(harness_pid(redis.program), 1);
	}
	return redis;
}

static void
test_idle(void **state)
{
	struct redis redis = start_redis(HARNESS_RUN);
	json_t *dump = harness_await(redis.program, 1, "IO poll", "aeMain");

	assert_int_equal(
	    harness_count(dump, "cond wait", "bioProcessBackgroundJobs"),
	    BIO_THREADS);
	assert_int_equal(json_array_size(json_object_get(dump, "tasks")),
	    servers_threads(redis.family.pids[0]) - 1);
	assert_int_equal(harness_sessions(dump, NULL), 0);
}

static void
test_sessions(void **state)
{
	struct redis redis = start_redis(HARNESS_RUN);
	int fds[CONNECTIONS];

	servers_connect(redis.port, "PING", "+PONG", fds, CONNECTIONS);
	HARNESS_UNTIL(servers_sessions(&redis.family) == CONNECTIONS);
	for (int i = 0; i < CONNECTIONS; i++) {
		shutdown(fds[i], SHUT_RDWR);
	}
	HARNESS_UNTIL(servers_sessions(&redis.family) == 0);
}

/* The load tool's own idle connections, counted from outside. */
static void
test_sessions_of_the_load_tool(void **state)
{
	struct redis redis = start_redis(HARNESS_RUN);
	struct harness_program *load = harness_start(
	    HARNESS_BARE, BENCHMARK, "-p", redis.text, "-I", "-c", "40");

	HARNESS_UNTIL(servers_sessions(&redis.family) == 40);
	harness_kill(load);
	HARNESS_UNTIL(servers_sessions(&redis.family) == 0);
}

/* A client that does not read holds up its connection, but no thread. */
static void
test_client_that_stops_reading(void **state)
{
	struct redis redis = start_redis(HARNESS_RUN);
	int fds[2];

	servers_connect(redis.port, "PING", "+PONG", fds, 2);
	harness_ask(fds[0], "SETRANGE big 100000 x", ":100001");
	for (int i = 0; i < UNREAD; i++) {
		assert_int_equal(send(fds[0], "GET big\r\n", 9, 0), 9);
	}
	harness_await(redis.program, 1, "IO poll", "aeMain");
	assert_int_equal(servers_sessions(&redis.family), 2);
	harness_ask(fds[1], "PING", "+PONG");
}

/* What it answers, and what it writes to its log while it is at it. */
static char *
serve(enum harness_how how, char *answer, size_t size)
{
	static const char commands[] =
	    "SET a one\r\nGET a\r\nAPPEND a !\r\nGET a\r\nINCRBY n 35\r\n"
	    "RPUSH l 1 2 3\r\nLRANGE l 0 -1\r\nHSET h f v\r\nHGETALL h\r\n"
	    "ZADD z 1 one 2 two\r\nZRANGE z 0 -1 WITHSCORES\r\n"
	    "EVAL \"return redis.call('GET', KEYS[1])\" 1 a\r\n"
	    "MULTI\r\nDEL a\r\nGET a\r\nEXEC\r\nBLPOP none 0.1\r\n"
	    "UNLINK l\r\nSAVE\r\nNONSENSE\r\nDBSIZE\r\nQUIT\r\n";
	struct redis redis = start_redis(how);

	servers_talk(redis.port, commands, answer, size);
	kill(harness_pid(redis.program), SIGTERM);
	assert_int_equal(harness_stop(redis.program), 0);
	return servers_log(redis.log, NULL);
}

static void
test_serves_alike(void **state)
{
	char with[4096], without[4096];
	char *log_with = serve(HARNESS_RUN, with, sizeof with);
	char *log_without = serve(HARNESS_BARE, without, sizeof without);

	assert_non_null(strstr(without, "$4\r\none!\r\n"));
	assert_string_equal(with, without);
	assert_non_null(strstr(log_without, "Ready to accept connections"));
	assert_string_equal(log_with, log_without);
	free(log_with);
	free(log_without);
}

/* It saves in a child, which it forks in the midst of its work. */
static void
test_saves(void **state)
{
	struct redis redis = start_redis(HARNESS_RUN);
	char answer[8192];
	int fd;

	servers_connect(redis.port, "SET a one", "+OK", &fd, 1);
	harness_ask(fd, "BGSAVE", "+Background saving started");
	do {
		harness_sleep_ms(100);
		servers_talk(redis.port, "INFO persistence\r\nQUIT\r\n", answer,
		    sizeof answer);
	} while (!strstr(answer, "rdb_bgsave_in_progress:0"));
	assert_non_null(strstr(answer, "rdb_last_bgsave_status:ok"));
}

/* Its usual load, while it is looked at, and not one answer lost. */
static void
test_load(void **state)
{
	struct redis redis = start_redis(HARNESS_PRELOAD);
	int fds[CONNECTIONS];
	const char *said;
	char *log;

	servers_connect(redis.port, "PING", "+PONG", fds, CONNECTIONS);
	said = servers_load(&redis.family, SIGQUIT, BENCHMARK, "-p", redis.text,
	    "-c", "20", "-n", "30000", "-t", "ping,set,get,lpush,zadd",
	    "--csv");
	assert_null(strstr(said, "rror"));
	assert_non_null(strstr(said, "\"ZADD\""));
	assert_true(harness_alive(redis.program));
	HARNESS_UNTIL(servers_sessions(&redis.family) == CONNECTIONS);
	/* The signal's dumps have come, and are nothing to its log. */
	HARNESS_UNTIL(strstr(harness_errors(redis.program), "aeMain("));
	for (int i = 0; i < CONNECTIONS; i++) {
		harness_ask(fds[i], "PING", "+PONG");
	}
	log = servers_log(redis.log, " # ");
	assert_null(strstr(log, "crash"));
	free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_idle),
		HARNESS_TEST(test_sessions),
		HARNESS_TEST(test_sessions_of_the_load_tool),
		HARNESS_TEST(test_client_that_stops_reading),
		HARNESS_TEST(test_serves_alike),
		HARNESS_TEST(test_saves),
		HARNESS_TEST(test_load),
	};

	return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
