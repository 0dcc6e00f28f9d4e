/*
 * zoo_test.c: one thread in each wait there is, and what a dump says of it.
 */
#include "harness.h"

#include <string.h>

/* A thread of blocked_zoo, and where it must be found. */
struct animal {
	const char *name;
	const char *state;
	const char *function; /* in its stack */
	bool held;            /* it waits for the holder */
};

static const struct animal animals[] = {
	{ "holder", "IO read", "wait_holder", false },
	{ "mutex", "mutex lock", "wait_mutex", true },
	{ "mutex timed", "mutex lock", "wait_mutex_timed", true },
	{ "rwlock read", "rwlock read lock", "wait_rwlock_read", true },
	{ "rwlock write", "rwlock write lock", "wait_rwlock_write", true },
	{ "cond", "cond wait", "wait_cond", false },
	{ "cond timed", "cond wait", "wait_cond_timed", false },
	{ "sem", "semaphore wait", "wait_sem", false },
	{ "sem timed", "semaphore wait", "wait_sem_timed", false },
	{ "barrier", "barrier wait", "wait_barrier", false },
	{ "join", "thread join", "wait_join", true },
	{ "read", "IO read", "wait_read", false },
	{ "write", "IO write", "wait_write", false },
	{ "recv", "IO read", "wait_recv", false },
	{ "send", "IO write", "wait_send", false },
	{ "accept", "IO accept", "wait_accept", false },
	{ "connect", "IO connect", "wait_connect", false },
	{ "poll", "IO poll", "wait_poll", false },
	{ "select", "IO poll", "wait_select", false },
	{ "epoll", "IO poll", "wait_epoll", false },
	{ "nanosleep", "sleep", "wait_sleep", false },
	{ "nested", "semaphore wait", "on_usr1", false },
	{ "jumped", "semaphore wait", "wait_jumped", false },
	{ "cleanup", "semaphore wait", "cleanup_wait", false },
};

#define ANIMALS (sizeof animals / sizeof animals[0])

static json_t *
zoo_dump(enum harness_how how, struct harness_program **program)
{
	*program = harness_start(how, "blocked_zoo");
	harness_ready(*program);
	/* The last to be disturbed is the last to be where it shall be. */
	harness_await(*program, 1, "semaphore wait", "on_usr1");
	return harness_await(*program, 1, "semaphore wait", "cleanup_wait");
}

static json_t *
find(json_t *dump, const char *name)
{
	json_t *task = harness_task(dump, name);

	if (!task) {
		fail_msg("no task %s", name);
	}
	return task;
}

static void
test_each_state(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_RUN, &program);

	for (size_t i = 0; i < ANIMALS; i++) {
		const struct animal *animal = &animals[i];
		json_t *task = find(dump, animal->name);

		if (strcmp(harness_text(task, "state"), animal->state) != 0) {
			fail_msg("%s is in %s, not in %s", animal->name,
			    harness_text(task, "state"), animal->state);
		}
		if (!harness_frame(
			json_object_get(task, "stack"), animal->function)) {
			fail_msg("%s has no %s in its stack:\n%s", animal->name,
			    animal->function, json_dumps(task, JSON_INDENT(1)));
		}
	}
	/* These, main, and nobody else: two have gone. */
	assert_int_equal(
	    json_array_size(json_object_get(dump, "tasks")), ANIMALS + 1);
	assert_null(harness_task(dump, "cancelled"));
	assert_null(harness_task(dump, "exited"));
	assert_int_equal(harness_stop(program), 0);
}

static void
test_holders(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_RUN, &program);
	json_int_t holder = harness_number(find(dump, "holder"), "id");

	for (size_t i = 0; i < ANIMALS; i++) {
		json_t *task = find(dump, animals[i].name);

		if (animals[i].held) {
			assert_int_equal(
			    harness_number(task, "holder"), holder);
		} else {
			assert_true(
			    json_is_null(json_object_get(task, "holder")));
		}
	}
}

/* Those that wait for the same thing say so; those that do not, do not. */
static void
test_objects(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_RUN, &program);
	const char *mutex = harness_text(find(dump, "mutex"), "object");

	assert_memory_equal(mutex, "0x", 2);
	assert_string_equal(
	    mutex, harness_text(find(dump, "mutex timed"), "object"));
	assert_string_equal(harness_text(find(dump, "rwlock read"), "object"),
	    harness_text(find(dump, "rwlock write"), "object"));
	assert_string_equal(harness_text(find(dump, "sem"), "object"),
	    harness_text(find(dump, "nested"), "object"));
	assert_string_not_equal(
	    mutex, harness_text(find(dump, "sem"), "object"));
}

/* A wait keeps its id for as long as it lasts, and grows older. */
static void
test_waits_age(void **state)
{
	struct harness_program *program;
	json_t *first = zoo_dump(HARNESS_RUN, &program), *second;

	harness_sleep_ms(1500);
	second = harness_dump(program);
	for (size_t i = 0; i < ANIMALS; i++) {
		json_t *before = find(first, animals[i].name);
		json_t *after = find(second, animals[i].name);

		assert_string_equal(harness_text(before, "wait_id"),
		    harness_text(after, "wait_id"));
		assert_int_equal(
		    harness_number(before, "id"), harness_number(after, "id"));
		assert_in_range(harness_number(after, "since_ms"), 1000, 20000);
	}
	assert_string_not_equal(
	    harness_text(first, "dump_id"), harness_text(second, "dump_id"));
}

/* Of one that waits in a handler, all can be seen: both waits' functions. */
static void
test_handler_stack(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_RUN, &program);
	json_t *stack = json_object_get(find(dump, "nested"), "stack");

	assert_non_null(harness_frame(stack, "on_usr1"));
	assert_non_null(harness_frame(stack, "wait_nested"));
}

static void
test_creation(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_RUN, &program);
	json_t *by;

	for (size_t i = 0; i < ANIMALS; i++) {
		by = json_object_get(find(dump, animals[i].name), "created_by");
		assert_non_null(harness_frame(by, "main"));
	}
	by = json_object_get(find(dump, "nested"), "created_by");
	assert_non_null(harness_frame(by, "start_adventures"));
}

/* Each frame has a place: a pc, a module and an offset. */
static void
test_frames_are_placed(void **state)
{
	struct harness_program *program;
	json_t *dump = zoo_dump(HARNESS_PRELOAD, &program);

	for (size_t i = 0; i < ANIMALS; i++) {
		json_t *stack =
		    json_object_get(find(dump, animals[i].name), "stack");
		json_t *frame;
		size_t j;

		assert_in_range(json_array_size(stack), 1, 64);
		json_array_foreach(stack, j, frame) {
			assert_memory_equal(harness_text(frame, "pc"), "0x", 2);
			assert_memory_equal(
			    harness_text(frame, "offset"), "0x", 2);
			assert_string_not_equal(
			    harness_text(frame, "module"), "");
			assert_null(strstr(
			    harness_text(frame, "module"), "libstranded"));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_each_state),
		HARNESS_TEST(test_holders),
		HARNESS_TEST(test_objects),
		HARNESS_TEST(test_waits_age),
		HARNESS_TEST(test_handler_stack),
		HARNESS_TEST(test_creation),
		HARNESS_TEST(test_frames_are_placed),
	};

	return cmocka_run_group_tests_name("zoo", tests, NULL, NULL);
}
