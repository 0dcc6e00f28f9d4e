/*
 * runtimes_test.c: what C++ and GLib wait for, by whichever means their
 * libraries do it.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* A thread, and how it must be found. */
struct thing {
	const char *name;
	const char *state;
	const char *function; /* in its stack, or a part of a C++ name there */
	bool timed;
};

static const struct thing cxx[] = {
	{ "mutex", "mutex lock", "wait_mutex", false },
	{ "timed_mutex", "mutex lock", "wait_timed_mutex", true },
	{ "recursive_mutex", "mutex lock", "wait_recursive_mutex", false },
	{ "shared", "rwlock read lock", "wait_shared_mutex", false },
	{ "unshared", "rwlock write lock", "wait_unshared_mutex", false },
	{ "shared_timed", "rwlock read lock", "wait_shared_timed_mutex", true },
	{ "cond", "cond wait", "wait_cond", false },
	{ "cond_for", "cond wait", "wait_cond_for", true },
	{ "cond_any", "cond wait", "wait_cond_any", false },
	{ "join", "thread join", "wait_join", false },
	{ "future", "futex", "wait_future", false },
	{ "future_for", "futex", "wait_future_for", true },
	{ "semaphore", "futex", "wait_semaphore", false },
	{ "semaphore_for", "futex", "wait_semaphore_for", true },
	{ "binary", "futex", "wait_binary_semaphore", false },
	{ "latch", "futex", "wait_latch", false },
	{ "barrier", "futex", "wait_barrier", false },
	{ "atomic", "futex", "wait_atomic", false },
	{ "once", "futex", "pthread_once", false },
	{ "in_once", "mutex lock", "wait_in_once", false },
	{ "sleep", "sleep", "wait_sleep", true },
	{ "file", "IO read", "wait_file", false },
	{ "thrown", "mutex lock", "wait_thrown", false },
	{ "thrown_c", "mutex lock", "wait_thrown_c", false },
	{ "cancelled", "mutex lock", "be_cancelled", false },
	{ "canceller", "thread join", "wait_cancelled", false },
	{ NULL, NULL, NULL, false },
};

/* The pool's thread is in GLib's own functions; some of those have no name. */
static const struct thing glib[] = {
	{ "queue", "chan receive", "wait_queue", false },
	{ "timed queue", "chan receive", "wait_timed_queue", true },
	{ "unlocked queue", "chan receive", "wait_unlocked_queue", false },
	{ "pool", "chan receive", "g_cond_wait", false },
	{ "cond", "cond wait", "wait_cond", false },
	{ "cond until", "cond wait", "wait_cond_until", true },
	{ "mutex", "futex", "wait_mutex", false },
	{ "rwlock", "rwlock read lock", "wait_rwlock", false },
	{ "join", "thread join", "wait_join", false },
	{ NULL, NULL, NULL, false },
};

/* Is there a frame whose function's name has this in it? */
static bool
has_function(json_t *task, const char *part)
{
	json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(task, "stack"), i, frame) {
		if (strstr(harness_text(frame, "function"), part)) {
			return true;
		}
	}
	return false;
}

static bool
is_there(json_t *dump, const struct thing *thing)
{
	json_t *task = harness_task(dump, thing->name);

	return task && strcmp(harness_text(task, "state"), thing->state) == 0 &&
	    has_function(task, thing->function) &&
	    json_is_true(json_object_get(task, "timed")) == thing->timed;
}

/* The first that is not there, or NULL. */
static const struct thing *
missing(json_t *dump, const struct thing *things)
{
	while (things->name && is_there(dump, things)) {
		things++;
	}
	return things->name ? things : NULL;
}

static json_t *
await_things(struct harness_program *program, const struct thing *things)
{
	int64_t end = harness_now_ms() + 20000;
	json_t *dump = harness_dump(program);

	while (missing(dump, things) && harness_now_ms() < end) {
		harness_sleep_ms(100);
		dump = harness_dump(program);
	}
	if (missing(dump, things)) {
		const char *name = missing(dump, things)->name;

		fail_msg("%s is not as it must be: %s", name,
		    json_dumps(harness_task(dump, name), JSON_INDENT(1)));
	}
	return dump;
}

static void
assert_ends(struct harness_program *program)
{
	harness_say(program, "release");
	harness_line(program, "done");
	assert_null(strstr(harness_said(program), "wrong"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_cxx(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "cxx_waits");

	harness_ready(program);
	await_things(program, cxx);
	assert_ends(program);
}

static void
test_glib(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "glib_waits");
	char queue[32];
	json_t *dump;

	snprintf(queue, sizeof queue, "%s", harness_line(program, "queue "));
	harness_ready(program);
	dump = await_things(program, glib);
	assert_string_equal(
	    harness_text(harness_task(dump, "queue"), "object"), queue);
	assert_string_equal(harness_text(harness_task(dump, "cond"), "object"),
	    harness_text(harness_task(dump, "cond until"), "object"));
	assert_ends(program);
}

/* They end so without the probe, or the tests would say nothing. */
static void
test_twins(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, "cxx_waits");

	harness_ready(program);
	assert_ends(program);
	program = harness_start(HARNESS_BARE, "glib_waits");
	harness_ready(program);
	assert_ends(program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_cxx),
		HARNESS_TEST(test_glib),
		HARNESS_TEST(test_twins),
	};

	return cmocka_run_group_tests_name("runtimes", tests, NULL, NULL);
}
