/*
 * suspects_test.c: each option of `stranded leaks` that says what is suspect:
 * what it must find, and beside it what it must not.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The report with the option; valid until the next. Nobody is stopped. */
static json_t *
report(struct harness_program *program, const char *option)
{
	static json_t *last;
	struct harness_output output;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", harness_pid(program));
	output = harness_stranded(
	    "leaks", "--graph-only", "--format=json", option, pid);
	if (output.status != 0) {
		fail_msg("leaks ends with %d: %s", output.status, output.err);
	}
	json_decref(last);
	last = json_loads(output.out, 0, NULL);
	assert_non_null(last);
	return last;
}

/* Is it suspect, by `rule`? */
static bool
is_suspect(json_t *record, const char *rule)
{
	if (strcmp(harness_text(record, "verdict"), "ok") == 0) {
		return false;
	}
	assert_string_equal(harness_text(record, "verdict"), "suspect");
	assert_string_equal(harness_text(record, "rule"), rule);
	assert_true(strlen(harness_text(record, "why")) > 0);
	return true;
}

static bool
task_is_suspect(json_t *dump, const char *name, const char *rule)
{
	json_t *task = harness_task(dump, name);

	if (task == NULL) {
		fail_msg("there is no task \"%s\"", name);
	}
	return is_suspect(task, rule);
}

static bool
session_is_suspect(json_t *dump, int fd, const char *rule)
{
	const char *name = harness_name(fd);
	json_t *session;
	size_t i;

	json_array_foreach(json_object_get(dump, "sessions"), i, session) {
		if (strcmp(harness_text(session, "name"), name) == 0) {
			return is_suspect(session, rule);
		}
	}
	fail_msg("there is no session \"%s\"", name);
	return false;
}

static size_t
suspects(json_t *dump)
{
	json_t *proof = json_object_get(dump, "proof");

	return (size_t) harness_number(proof, "suspect");
}

/* How many of the tasks are suspect for their age? */
static size_t
old(json_t *dump, const char *const *names)
{
	size_t count = 0;

	for (; *names != NULL; names++) {
		count += task_is_suspect(dump, *names, "age");
	}
	return count;
}

/* ---- Tasks -------------------------------------------------------------- */

/* Where nobody who is well stays, and where one may for hours. */
static void
test_age(void **state)
{
	static const char *const short_waits[] = { "mutex", "rwlock read",
		"rwlock write", "barrier", "write", "send", "connect", NULL };
	static const char *const long_waits[] = { "holder", "cond", "sem",
		"read", "recv", "accept", "poll", "epoll", "nanosleep",
		"mutex timed", NULL };
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "blocked_zoo");
	json_t *dump;

	harness_ready(program);
	harness_await(program, 1, "semaphore wait", "cleanup_wait");
	HARNESS_UNTIL(old(dump = report(program, "--age=1"), short_waits) == 7);
	assert_int_equal(old(dump, long_waits), 0);
	assert_int_equal(suspects(report(program, "--age=0")), 0);
	assert_int_equal(suspects(report(program, "--all")), 0);
}

/* The very same wait, not one like it. */
static void
test_since(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "suspects");
	char pid[16], output[256], since[256];
	json_t *dump;

	harness_ready(program);
	harness_await(program, 2, "chan send", NULL);
	harness_await(program, 3, "chan receive", "enough");
	snprintf(pid, sizeof(pid), "%d", harness_pid(program));
	snprintf(
	    output, sizeof(output), "--output=%s/.before", harness_directory());
	snprintf(
	    since, sizeof(since), "--since=%s/.before", harness_directory());
	assert_int_equal(
	    harness_stranded("dump", "--format=json", output, pid).status, 0);
	harness_say(program, "next");
	harness_line(program, "next");
	harness_await(program, 2, "chan send", NULL);
	dump = report(program, since);
	assert_true(task_is_suspect(dump, "same", "same wait again"));
	assert_false(task_is_suspect(dump, "anew", NULL));
	assert_false(task_is_suspect(dump, "enough", NULL));
	assert_int_equal(suspects(report(program, "--all")), 0);
}

/* More at each look, and as many at each. */
static void
test_looks(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "suspects");
	json_t *dump;

	harness_ready(program);
	harness_await(program, 3, "chan receive", "enough");
	harness_say(program, "grow");
	harness_line(program, "growing");
	dump = report(program, "--looks=3");
	assert_true(task_is_suspect(dump, "more", "growth"));
	assert_false(task_is_suspect(dump, "enough", NULL));
	assert_false(task_is_suspect(dump, "same", NULL));
	assert_int_equal(suspects(report(program, "--all")), 0);
	harness_say(program, "");
}

/* ---- Sessions ----------------------------------------------------------- */

/* Two clients, one of which has gone; the server looks at neither. */
static void
test_peer_gone(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int gone = harness_connect(port), there = harness_connect(port);
	json_t *dump;

	harness_ask(gone, "hello", "hello");
	harness_ask(there, "hello", "hello");
	dprintf(gone, "hold\n");
	dprintf(there, "hold\n");
	harness_await(program, 2, "cond wait", "hold");
	shutdown(gone, SHUT_WR);
	HARNESS_UNTIL(session_is_suspect(
	    dump = report(program, "--peer-gone=1"), gone, "peer has gone"));
	assert_false(session_is_suspect(dump, there, NULL));
	/* Of the tasks it is the one that serves that client. */
	assert_int_equal(suspects(dump), 1);
	assert_false(
	    session_is_suspect(report(program, "--peer-gone=0"), gone, NULL));
	/* The default is a minute. */
	assert_false(session_is_suspect(report(program, "--all"), gone, NULL));
}

/* Two clients, one of which says something now and then. */
static void
test_session_idle(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "plain_server");
	int port = harness_ready(program);
	int idle = harness_connect(port), busy = harness_connect(port);
	json_t *dump;

	harness_ask(idle, "hello", "hello");
	do {
		harness_ask(busy, "hello", "hello");
		dump = report(program, "--session-idle=2");
		assert_false(session_is_suspect(dump, busy, NULL));
		harness_sleep_ms(50);
	} while (!session_is_suspect(dump, idle, "age"));
	assert_false(session_is_suspect(
	    report(program, "--session-idle=0"), idle, NULL));
	assert_false(session_is_suspect(report(program, "--all"), idle, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_age),
		HARNESS_TEST(test_since),
		HARNESS_TEST(test_looks),
		HARNESS_TEST(test_peer_gone),
		HARNESS_TEST(test_session_idle),
	};

	return cmocka_run_group_tests_name("suspects", tests, NULL, NULL);
}
