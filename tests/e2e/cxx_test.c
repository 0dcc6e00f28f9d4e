/*
 * cxx_test.c: what C++ waits for, by whichever means its library does it.
 */
#include "harness.h"

#include <string.h>

struct thing {
	const char *name;     /* the thread's */
	const char *state;    /* it is in */
	const char *function; /* and in its stack; this one has no mangled name
	                         or one that contains it */
	bool timed;
};

static const struct thing things[] = {
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
};

#define THINGS (sizeof things / sizeof things[0])

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

static const struct thing *
missing(json_t *dump)
{
	for (size_t i = 0; i < THINGS; i++) {
		if (!is_there(dump, &things[i])) {
			return &things[i];
		}
	}
	return NULL;
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
test_states(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "cxx_waits");
	int64_t end = harness_now_ms() + 20000;
	json_t *dump;

	harness_ready(program);
	dump = harness_dump(program);
	while (missing(dump) && harness_now_ms() < end) {
		harness_sleep_ms(100);
		dump = harness_dump(program);
	}
	if (missing(dump)) {
		fail_msg("%s is not as it must be: %s", missing(dump)->name,
		    json_dumps(harness_task(dump, missing(dump)->name),
			JSON_INDENT(1)));
	}
	assert_ends(program);
}

/* It does so without the probe, or the test would say nothing. */
static void
test_twin(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_BARE, "cxx_waits");

	harness_ready(program);
	assert_ends(program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_states),
		HARNESS_TEST(test_twin),
	};

	return cmocka_run_group_tests_name("cxx", tests, NULL, NULL);
}
