/*
 * descriptors_test.c: the sessions of connections whose descriptors are opened,
 * used and closed by different threads, duplicated, inherited, and passed on.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Has the program do what `order` says, and returns its result. */
static int
order(struct harness_program *program, const char *format, ...)
{
	char line[64];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	harness_say(program, line);
	return (int) strtol(harness_line(program, "did"), NULL, 10);
}

/* A connection to the program; its descriptor there in `*theirs`. */
static int
join(struct harness_program *program, int port, int *theirs)
{
	int ours = harness_connect(port);

	*theirs = order(program, "accept");
	assert_true(*theirs >= 0);
	return ours;
}

static json_t *
session_at(json_t *dump, size_t index)
{
	return json_array_get(json_object_get(dump, "sessions"), index);
}

/* Dumps until there are so many sessions. */
static json_t *
await_sessions(struct harness_program *program, size_t count)
{
	json_t *dump;

	HARNESS_UNTIL(
	    harness_sessions(dump = harness_dump(program), NULL) == count);
	return dump;
}

/* The dump of another process. Its owner is the caller. */
static json_t *
dump_of(int pid)
{
	char word[16];
	struct harness_output output;
	json_t *dump;

	snprintf(word, sizeof word, "%d", pid);
	output = harness_stranded("dump", "--format=json", word);
	assert_int_equal(output.status, 0);
	dump = json_loads(output.out, 0, NULL);
	assert_non_null(dump);
	return dump;
}

static size_t
sessions_of(int pid)
{
	json_t *dump = dump_of(pid);
	size_t count = harness_sessions(dump, NULL);

	json_decref(dump);
	return count;
}

/* Until the probe in it can be spoken to. */
static void
await_child(int pid)
{
	char word[16];

	snprintf(word, sizeof word, "%d", pid);
	HARNESS_UNTIL(harness_stranded("dump", word).status == 0);
}

/* Has the child of a fork become a program of its own? */
static bool
has_become_other(int pid)
{
	char path[32], line[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (file) {
		/* The arguments have a NUL between them. */
		(void) !fread(line, 1, sizeof line - 1, file);
		fclose(file);
	}
	return strcmp(line + strlen(line) + 1, "--other") == 0;
}

/* One thread accepts, one works, one closes; all of that can be told. */
static void
test_three_threads(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, port = harness_ready(program);
	int ours = join(program, port, &fd);
	json_t *dump = await_sessions(program, 1), *session;
	json_int_t first;

	session = session_at(dump, 0);
	assert_int_equal(harness_number(session, "fd"), fd);
	assert_string_equal(harness_text(session, "origin"), "accepted");
	assert_true(json_is_null(json_object_get(session, "last_used_by")));
	assert_true(json_is_null(json_object_get(session, "closed_by")));
	assert_int_equal(
	    harness_number(
		harness_frame(json_object_get(session, "opened_by"), "accepts"),
		"line"),
	    harness_marker("descriptors.c", "accepts here"));
	write(ours, "x", 1);
	assert_int_equal(order(program, "work %d", fd), 1);
	session = session_at(harness_dump(program), 0);
	first = harness_number(session, "last_used_by");
	assert_true(first > 0);
	/* Of two descriptors one is closed, by another thread. */
	order(program, "dup %d", fd);
	order(program, "close %d", fd);
	session = session_at(harness_dump(program), 0);
	assert_int_equal(harness_number(session, "last_used_by"), first);
	assert_true(harness_number(session, "closed_by") > first);
	assert_int_not_equal(harness_number(session, "fd"), fd);
	order(program, "close %d", (int) harness_number(session, "fd"));
	await_sessions(program, 0);
	assert_int_equal(harness_stop(program), 0);
}

/* A session lasts until its last descriptor is closed, whichever it is. */
static void
test_duplicates(void **state)
{
	static const char *const ways[] = { "dup %d", "fcntl %d", "cloexec %d",
		"dup2 %d 80", "dup3 %d 81", "loop %d", "loopm %d", "pidfd %d" };
	enum { WAYS = sizeof ways / sizeof *ways };
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, port = harness_ready(program), more[WAYS];
	int ours = join(program, port, &fd);
	json_t *dump, *session;

	for (size_t i = 0; i < WAYS; i++) {
		more[i] = order(program, ways[i], fd);
		assert_true(more[i] > fd);
		write(ours, "x", 1);
		assert_int_equal(order(program, "work %d", more[i]), 1);
	}
	dump = await_sessions(program, 1);
	session = session_at(dump, 0);
	assert_int_equal(harness_number(session, "descriptors"), WAYS + 1);
	order(program, "close %d", fd);
	for (size_t i = 0; i < WAYS; i++) {
		dump = harness_dump(program);
		session = session_at(dump, 0);
		assert_int_equal(harness_sessions(dump, NULL), 1);
		assert_string_equal(harness_text(session, "state"), "open");
		order(program, i % 2 ? "hide %d" : "close %d", more[i]);
	}
	await_sessions(program, 0);
}

/* What is put in the place of a session's descriptor ends it. */
static void
test_replaced(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int one, other, port = harness_ready(program);

	join(program, port, &one);
	join(program, port, &other);
	await_sessions(program, 2);
	order(program, "dup2 %d %d", one, other);
	assert_int_equal(harness_sessions(harness_dump(program), NULL), 1);
	order(program, "dup2 0 %d", one);
	assert_int_equal(
	    harness_number(session_at(harness_dump(program), 0), "fd"), other);
	order(program, "dup3 0 %d", other);
	assert_int_equal(harness_sessions(harness_dump(program), NULL), 0);
}

/* A number that was closed behind the probe's back, and is used again. */
static void
test_number_reused(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, again, port = harness_ready(program);
	json_t *dump;
	int last;

	for (int i = 0; i < 10; i++) {
		join(program, port, &fd);
		assert_int_equal(order(program, "hide %d", fd), 0);
		last = join(program, port, &again);
		assert_int_equal(again, fd);
		dump = harness_dump(program);
		assert_int_equal(harness_sessions(dump, NULL), 1);
		assert_string_equal(harness_text(session_at(dump, 0), "name"),
		    harness_name(last));
		order(program, "close %d", again);
	}
	await_sessions(program, 0);
}

/* A child has what it inherits, and what each closes is its own affair. */
static void
test_fork(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int one, other, port = harness_ready(program);
	int child, closing;

	join(program, port, &one);
	join(program, port, &other);
	child = order(program, "fork");
	closing = order(program, "fork %d", one);
	await_child(child);
	await_child(closing);
	assert_int_equal(sessions_of(child), 2);
	HARNESS_UNTIL(sessions_of(closing) == 1);
	assert_int_equal(harness_sessions(harness_dump(program), NULL), 2);
	order(program, "close %d", one);
	order(program, "close %d", other);
	await_sessions(program, 0);
	assert_int_equal(sessions_of(child), 2);
	assert_int_equal(sessions_of(closing), 1);
}

/* A worker is given connections; the giver's closing is its own affair. */
static void
test_passed(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, port = harness_ready(program), worker, theirs;
	json_t *dump, *session;

	worker = order(program, "receiver");
	join(program, port, &fd);
	theirs = order(program, "pass %d", fd);
	await_child(worker);
	dump = dump_of(worker);
	assert_int_equal(harness_sessions(dump, "socket"), 1);
	session = session_at(dump, 0);
	assert_int_equal(harness_number(session, "fd"), theirs);
	assert_string_equal(harness_text(session, "origin"), "received");
	assert_int_equal(
	    harness_number(session, "received_from"), harness_pid(program));
	assert_int_equal(
	    harness_number(
		harness_frame(json_object_get(session, "opened_by"), "takes"),
		"line"),
	    harness_marker("descriptors.c", "takes here"));
	json_decref(dump);
	assert_int_equal(harness_sessions(harness_dump(program), NULL), 1);
	order(program, "close %d", fd);
	await_sessions(program, 0);
	assert_int_equal(sessions_of(worker), 1);
	/* What is no client's connection is none: a listener, a pipe. */
	assert_true(order(program, "pass 0") > theirs);
	assert_int_equal(sessions_of(worker), 1);
}

/* A server that is started for one client has that client from the start. */
static void
test_inherited(void **state)
{
	static const char *const ways[] = { "inetd %d", "systemd %d" };
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, ours, port = harness_ready(program), child;
	json_t *dump, *session;

	for (size_t i = 0; i < 2; i++) {
		ours = join(program, port, &fd);
		child = order(program, ways[i], fd);
		HARNESS_UNTIL(has_become_other(child));
		await_child(child);
		dump = dump_of(child);
		assert_int_equal(harness_sessions(dump, NULL), 1);
		session = session_at(dump, 0);
		assert_string_equal(
		    harness_text(session, "origin"), "inherited");
		assert_string_equal(
		    harness_text(session, "name"), harness_name(ours));
		assert_int_equal(
		    harness_number(session, "descriptors"), i == 0 ? 2 : 1);
		json_decref(dump);
		order(program, "close %d", fd);
	}
}

/* Connections to others are sessions for those who want them, of their kind. */
static void
test_connect(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	struct harness_program *client, *silent;
	int fd, port = harness_ready(program);
	json_t *dump, *session;

	silent = harness_start(HARNESS_PRELOAD, "descriptors");
	harness_ready(silent);
	order(silent, "connect %d", port);
	assert_int_equal(harness_sessions(harness_dump(silent), NULL), 0);
	setenv("STRANDED_CONNECT", "1", 1);
	client = harness_start(HARNESS_PRELOAD, "descriptors");
	unsetenv("STRANDED_CONNECT");
	harness_ready(client);
	fd = order(client, "connect %d", port);
	assert_true(fd >= 0);
	dump = harness_dump(client);
	assert_int_equal(harness_sessions(dump, "connect"), 1);
	session = session_at(dump, 0);
	assert_int_equal(harness_number(session, "fd"), fd);
	assert_string_equal(harness_text(session, "origin"), "connected");
	assert_int_equal(
	    harness_number(harness_frame(json_object_get(session, "opened_by"),
			       "connects"),
		"line"),
	    harness_marker("descriptors.c", "connects here"));
	order(client, "close %d", fd);
	await_sessions(client, 0);
}

/* Two that listen on one port: the kernel deals, and each has its own. */
static void
test_shared_port(void **state)
{
	enum { CLIENTS = 20 };
	struct harness_program *one =
	    harness_start(HARNESS_PRELOAD, "descriptors", "--port=0");
	int port = harness_ready(one), first = 0, second = 0;
	struct harness_program *other;
	char option[32];

	snprintf(option, sizeof option, "--port=%d", port);
	other = harness_start(HARNESS_PRELOAD, "descriptors", option);
	harness_ready(other);
	for (int i = 0; i < CLIENTS; i++) {
		harness_connect(port);
	}
	HARNESS_UNTIL((first += order(one, "accept") >= 0,
	    second += order(other, "accept") >= 0, first + second == CLIENTS));
	assert_int_equal(harness_sessions(harness_dump(one), NULL), first);
	assert_int_equal(harness_sessions(harness_dump(other), NULL), second);
}

/* How often `word` is in the text. */
static int
occurrences(const char *text, const char *word)
{
	int count = 0;

	for (; (text = strstr(text, word)) != NULL; text++) {
		count++;
	}
	return count;
}

/* A master and its workers: each has its own sessions, and ps shows whose it
   is. */
static void
test_family(void **state)
{
	enum { WORKERS = 64 };
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "descriptors");
	int fd, port = harness_ready(program), master = harness_pid(program);
	struct harness_output output;
	json_t *list, *row;
	int workers = 0;
	size_t i;

	join(program, port, &fd);
	for (int worker = 0; worker < WORKERS; worker++) {
		order(program, worker % 2 ? "fork" : "fork %d", fd);
	}
	order(program, "close %d", fd);
	HARNESS_UNTIL(occurrences(harness_stranded("ps").out,
			  "1    descriptors\n") == WORKERS / 2);
	output = harness_stranded("ps");
	assert_int_equal(output.status, 0);
	assert_int_equal(occurrences(output.out, "0  descriptors\n"), 1);
	assert_int_equal(occurrences(output.out, "    descriptors\n"), WORKERS);
	output = harness_stranded("ps", "--format=json");
	list = json_loads(output.out, 0, NULL);
	assert_non_null(list);
	json_array_foreach(json_object_get(list, "processes"), i, row) {
		if (i == 0) {
			assert_int_equal(harness_number(row, "pid"), master);
			assert_true(
			    json_is_null(json_object_get(row, "parent")));
		} else {
			assert_int_equal(harness_number(row, "parent"), master);
			workers++;
		}
		assert_int_equal(harness_number(row, "connects"), 0);
	}
	assert_int_equal(workers, WORKERS);
	json_decref(list);
}

/* A connection at a path is a session like others. */
static void
test_unix(void **state)
{
	char path[300], option[320];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct harness_program *program;
	int fd, ours = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	json_t *session;

	snprintf(path, sizeof path, "%s/server", harness_directory());
	snprintf(option, sizeof option, "--unix=%s", path);
	assert_true(strlen(path) < sizeof address.sun_path);
	memcpy(address.sun_path, path, strlen(path));
	program = harness_start(HARNESS_PRELOAD, "descriptors", option);
	harness_ready(program);
	assert_int_equal(
	    connect(ours, (struct sockaddr *) &address, sizeof address), 0);
	unlink(path);
	fd = order(program, "accept");
	session = session_at(await_sessions(program, 1), 0);
	assert_string_equal(harness_text(session, "name"), "unix");
	assert_string_equal(harness_text(session, "kind"), "socket");
	assert_string_equal(harness_text(session, "state"), "open");
	close(ours);
	HARNESS_UNTIL(
	    strcmp(harness_text(session_at(harness_dump(program), 0), "state"),
		"peer closed") == 0);
	order(program, "close %d", fd);
	await_sessions(program, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_three_threads),
		HARNESS_TEST(test_duplicates),
		HARNESS_TEST(test_replaced),
		HARNESS_TEST(test_number_reused),
		HARNESS_TEST(test_fork),
		HARNESS_TEST(test_passed),
		HARNESS_TEST(test_inherited),
		HARNESS_TEST(test_connect),
		HARNESS_TEST(test_shared_port),
		HARNESS_TEST(test_family),
		HARNESS_TEST(test_unix),
	};

	return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
}
