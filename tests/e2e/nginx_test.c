/*
 * nginx_test.c: nginx, which nobody here wrote: a master and the workers that
 * it forks, each a process under the probe; in the foreground, and as a daemon.
 *
 * It has its own idea of SIGQUIT, and of nearly all others that have names: a
 * dump is asked for by one that has none.
 */
#include "servers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NGINX       "/usr/sbin/nginx"
#define WRK         "/usr/bin/wrk"
#define WORKERS     2
#define CONNECTIONS 16
#define DUMPS       ".dumps"  /* the file of the signal's */
#define BIG_SIZE    (8 << 20) /* of a file that no socket holds */

struct nginx {
	struct harness_program *program;
	struct servers_family family; /* the master first */
	int port;
	char url[48];
};

/* ---- Starting and ending ----------------------------------------------- */

static const char *
in_directory(const char *name)
{
	static char path[192];

	snprintf(path, sizeof path, "%s/%s", harness_directory(), name);
	return path;
}

static FILE *
open_file(const char *name, const char *mode)
{
	FILE *file = fopen(in_directory(name), mode);

	assert_non_null(file);
	return file;
}

/* All files have names with a dot: the directory is full of sockets else. */
static void
write_files(int port)
{
	static const struct timespec then[2] = { { 1700000000, 0 },
		{ 1700000000, 0 } };
	FILE *file = open_file(".index", "w");

	fputs("a page\n", file);
	fclose(file);
	file = open_file(".big", "w");
	assert_int_equal(ftruncate(fileno(file), BIG_SIZE), 0);
	fclose(file);
	/* It tells its clients: let it be the same in every run. */
	utimensat(AT_FDCWD, in_directory(".index"), then, 0);
	utimensat(AT_FDCWD, in_directory(".big"), then, 0);
	file = open_file(".conf", "w");
	if (geteuid() == 0) {
		fprintf(file, "user root root;\n");
	}
	fprintf(file,
	    "worker_processes %d;\npid %s/.pid;\n"
	    "error_log %s/.error info;\nevents { }\nhttp {\n"
	    "access_log off; client_body_temp_path .body;\n"
	    "proxy_temp_path .proxy; fastcgi_temp_path .fastcgi;\n"
	    "uwsgi_temp_path .uwsgi; scgi_temp_path .scgi;\n"
	    "server { listen 127.0.0.1:%d; root %s;\n"
	    "location /echo { return 200 \"$request_method $args\\n\"; } } }\n",
	    WORKERS, harness_directory(), harness_directory(), port,
	    harness_directory());
	fclose(file);
}

static pid_t
master_pid(void)
{
	FILE *file = fopen(in_directory(".pid"), "r");
	int pid = 0;

	if (file) {
		if (fscanf(file, "%d", &pid) != 1) {
			pid = 0;
		}
		fclose(file);
	}
	return pid;
}

static struct nginx
start_nginx(bool probe, const char *daemon)
{
	char dump_to[224];
	const char *const words[] = { harness_tool(), "run", "--signal=RTMIN",
		dump_to, "--", NGINX, "-p", harness_directory(), "-c", ".conf",
		"-e", ".error", "-g", daemon, NULL };
	struct servers_port port = servers_free_port();
	struct nginx nginx = { .port = port.number };
	pid_t master = 0;

	servers_need(NGINX);
	servers_need(WRK);
	unlink(in_directory(".pid"));
	write_files(port.number);
	snprintf(dump_to, sizeof dump_to, "--dump-to=%s", in_directory(DUMPS));
	snprintf(nginx.url, sizeof nginx.url, "http://127.0.0.1:%d/.index",
	    port.number);
	nginx.program =
	    harness_start_list(HARNESS_BARE, words + (probe ? 0 : 5));
	servers_await(port.number);
	HARNESS_UNTIL((master = master_pid()) != 0);
	if (probe) {
		nginx.family = servers_family(master, 1 + WORKERS);
	}
	return nginx;
}

/* Ends it as its own scripts do, and returns what its log has of trouble. */
static char *
stop_nginx(struct nginx *nginx)
{
	kill(master_pid(), SIGQUIT);
	assert_int_equal(harness_stop(nginx->program), 0);
	HARNESS_UNTIL(access(in_directory(".pid"), F_OK) != 0);
	return servers_log(in_directory(".error"), NULL);
}

/* Workers outlive a master that is killed, and hide whose they are: a test that
   has failed ends them in nginx's own way. */
static int
teardown(void **state)
{
	pid_t master = master_pid();

	if (master != 0 && kill(master, SIGTERM) == 0) {
		for (int i = 0; i < 100 && master_pid() != 0; i++) {
			harness_sleep_ms(50);
		}
	}
	return harness_teardown(state);
}

#define NGINX_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, harness_setup, teardown)

/* Its log names the level in brackets; these and worse are trouble. */
static void
assert_no_trouble(char *log)
{
	static const char *const levels[] = { "[warn]", "[error]", "[crit]",
		"[alert]", "[emerg]" };

	assert_non_null(strstr(log, "[notice]"));
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		if (strstr(log, levels[i])) {
			fail_msg("nginx's log:\n%s", log);
		}
	}
	free(log);
}

/* ---- Tests ------------------------------------------------------------- */

static void
check_idle(const struct nginx *nginx)
{
	json_t *dump = harness_dump_of(nginx->family.pids[0]);

	assert_int_equal(harness_count(dump, NULL, NULL), 1);
	assert_int_equal(
	    harness_count(dump, "signal wait", "ngx_master_process_cycle"), 1);
	for (size_t i = 1; i <= WORKERS; i++) {
		dump = harness_dump_of(nginx->family.pids[i]);
		assert_int_equal(harness_count(dump, NULL, NULL), 1);
		assert_int_equal(harness_count(dump, "IO poll",
				     "ngx_process_events_and_timers"),
		    1);
	}
}

static void
connect_all(const struct nginx *nginx, int *fds)
{
	servers_connect(nginx->port, "GET /echo?x HTTP/1.1\r\nHost: a\r\n\r",
	    "HTTP/1.1 200 OK", fds, CONNECTIONS);
}

/* Each worker has its own view, and all of them together have all. */
static void
check_sessions(const struct nginx *nginx)
{
	int fds[CONNECTIONS];

	connect_all(nginx, fds);
	HARNESS_UNTIL(servers_sessions(&nginx->family) == CONNECTIONS);
	assert_int_equal(
	    harness_sessions(harness_dump_of(nginx->family.pids[0]), NULL), 0);
	for (int i = 0; i < CONNECTIONS; i++) {
		shutdown(fds[i], SHUT_RDWR);
	}
	HARNESS_UNTIL(servers_sessions(&nginx->family) == 0);
}

/* Has the signal had its dump of each process? */
static bool
has_dumps_of(const struct nginx *nginx)
{
	FILE *file = open_file(DUMPS, "r");
	char line[256], of[32];
	size_t found = 0;

	while (found < nginx->family.count && fgets(line, sizeof line, file)) {
		snprintf(of, sizeof of, " of process %d ",
		    nginx->family.pids[found]);
		if (strstr(line, of)) {
			found++;
			rewind(file);
		}
	}
	fclose(file);
	return found == nginx->family.count;
}

/* Its usual load, while it is looked at, and not one answer lost. */
static void
check_load(const struct nginx *nginx)
{
	int fds[CONNECTIONS];
	const char *said;

	connect_all(nginx, fds);
	said = servers_load(&nginx->family, SIGRTMIN, WRK, "-t", "1", "-c",
	    "20", "-d", "1", nginx->url);
	assert_non_null(strstr(said, "Requests/sec"));
	assert_null(strstr(said, "Socket errors"));
	assert_null(strstr(said, "Non-2xx"));
	HARNESS_UNTIL(has_dumps_of(nginx));
	HARNESS_UNTIL(servers_sessions(&nginx->family) == CONNECTIONS);
}

static void
test_foreground(void **state)
{
	struct nginx nginx = start_nginx(true, "daemon off;");

	check_idle(&nginx);
	check_sessions(&nginx);
	check_load(&nginx);
	assert_no_trouble(stop_nginx(&nginx));
}

/* The same as a daemon, whose first process has ended long ago. */
static void
test_daemon(void **state)
{
	struct nginx nginx = start_nginx(true, "daemon on;");

	assert_int_equal(harness_stop(nginx.program), 0);
	check_idle(&nginx);
	check_sessions(&nginx);
	check_load(&nginx);
	assert_no_trouble(stop_nginx(&nginx));
}

/* A client that does not read holds up its connection, but no worker. */
static void
test_client_that_stops_reading(void **state)
{
	struct nginx nginx = start_nginx(true, "daemon off;");
	int fd;

	servers_connect(nginx.port, "GET /.big HTTP/1.1\r\nHost: a\r\n\r",
	    "HTTP/1.1 200 OK", &fd, 1);
	HARNESS_UNTIL(servers_tasks(&nginx.family, "IO poll") == WORKERS);
	assert_int_equal(servers_sessions(&nginx.family), 1);
	shutdown(fd, SHUT_RDWR);
	HARNESS_UNTIL(servers_sessions(&nginx.family) == 0);
	free(stop_nginx(&nginx));
}

/* New workers, a new configuration: what its administrators do. */
static void
test_reload(void **state)
{
	struct nginx nginx = start_nginx(true, "daemon off;");
	pid_t worker = nginx.family.pids[1];

	kill(nginx.family.pids[0], SIGHUP);
	HARNESS_UNTIL(kill(worker, 0) == -1);
	HARNESS_UNTIL(
	    servers_family(nginx.family.pids[0], 1 + WORKERS).pids[1] !=
	    worker);
	nginx.family = servers_family(nginx.family.pids[0], 1 + WORKERS);
	check_idle(&nginx);
	assert_no_trouble(stop_nginx(&nginx));
}

/* What it answers, but for the date. */
static void
serve(bool probe, char *answer, size_t size)
{
	static const char commands[] =
	    "GET /.index HTTP/1.1\r\nHost: a\r\n\r\n"
	    "HEAD /.big HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /.index HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\n\r\n"
	    "GET /echo?of=this HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
	    "POST /.index HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
	    "GET /.index HTTP/1.0\r\n\r\n";
	struct nginx nginx = start_nginx(probe, "daemon off;");
	char *date;

	servers_talk(nginx.port, commands, answer, size);
	for (date = answer; (date = strstr(date, "\nDate: ")); date++) {
		memset(date + 7, '.', strcspn(date + 7, "\r"));
	}
	free(stop_nginx(&nginx));
}

static void
test_serves_alike(void **state)
{
	char with[8192], without[8192];

	serve(true, with, sizeof with);
	serve(false, without, sizeof without);
	assert_non_null(strstr(without, "\r\n\r\na page\n"));
	assert_string_equal(with, without);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NGINX_TEST(test_foreground),
		NGINX_TEST(test_daemon),
		NGINX_TEST(test_client_that_stops_reading),
		NGINX_TEST(test_reload),
		NGINX_TEST(test_serves_alike),
	};

	return cmocka_run_group_tests_name("nginx", tests, NULL, NULL);
}
