/*
 * calls_test.c: a thread blocked in each call that the probe wraps, and what a
 * dump says of it. The rows are those of the probe's table; every_call blocks
 * in them.
 */
#include "harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/states.h"

static const struct row {
	const char *name;
	enum stranded_state state;
} rows[] = {
#define WAIT(name, version, state, file) { #name, STRANDED_##state },
#include "probe/calls.def"
};

#define ROWS (sizeof rows / sizeof rows[0])

/* What every_call says of a row. */
struct told {
	char kind[16];
	char object[32];
	char timed[16];
};

static struct told told[ROWS];

static struct harness_program *
start(enum harness_how how)
{
	struct harness_program *program = harness_start(how, "every_call");

	for (size_t i = 0; i < ROWS; i++) {
		const char *line = harness_line(program, "row ");
		char name[64];

		memset(&told[i], 0, sizeof told[i]);
		assert_in_range(
		    sscanf(line, "%63s %15s %31s %15s", name, told[i].kind,
			told[i].object, told[i].timed),
		    2, 4);
		assert_string_equal(name, rows[i].name);
	}
	harness_ready(program);
	return program;
}

static bool
is(size_t row, const char *kind)
{
	return strcmp(told[row].kind, kind) == 0;
}

static json_t *
task_of(json_t *dump, size_t row)
{
	char name[16];

	snprintf(name, sizeof name, "row %zu", row);
	return harness_task(dump, name);
}

/* Two names may be one function of libc's. */
static bool
is_function(const char *name, const char *other)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *function = dlsym(libc, name);
	bool same = function && function == dlsym(libc, other);

	dlclose(libc);
	return same || strcmp(name, other) == 0;
}

/* Is it on top? Above may be what the compiler has put into it. */
static bool
has_function(json_t *task, const char *name)
{
	json_t *stack = json_object_get(task, "stack"), *frame;
	size_t i;

	json_array_foreach(stack, i, frame) {
		if (is_function(name, harness_text(frame, "function"))) {
			return true;
		}
		if (!json_is_true(json_object_get(frame, "inlined"))) {
			return false;
		}
	}
	return false;
}

static bool
has_caller(json_t *task, const char *name)
{
	char caller[64];

	snprintf(caller, sizeof caller, "case_%s", name);
	return harness_frame(json_object_get(task, "stack"), caller);
}

static bool
has_object(json_t *task, size_t row)
{
	char number[32];

	if (is(row, "object")) {
		return strcmp(harness_text(task, "object"), told[row].object) ==
		    0;
	}
	snprintf(number, sizeof number, "%d", (int) harness_number(task, "fd"));
	return is(row, "fd") ? strcmp(number, told[row].object) == 0 :
			       strcmp(number, "-1") == 0;
}

static bool
has_limit(json_t *task, size_t row)
{
	const char *timed =
	    is(row, "none") ? told[row].object : told[row].timed;

	return json_is_true(json_object_get(task, "timed")) ==
	    (strcmp(timed, "timed") == 0);
}

/* What is wrong with the row in this dump, or NULL. */
static const char *
fault(json_t *dump, size_t row)
{
	json_t *task = task_of(dump, row);

	if (is(row, "passes")) {
		return task ? "still there" : NULL;
	}
	if (!task) {
		return "not there";
	}
	if (strcmp(harness_text(task, "state"), state_name(rows[row].state)) !=
	    0) {
		return "in another state";
	}
	if (!has_function(task, rows[row].name)) {
		return "in another function";
	}
	if (!has_caller(task, rows[row].name)) {
		return "called by somebody else";
	}
	if (!has_object(task, row)) {
		return "waiting for something else";
	}
	return has_limit(task, row) ? NULL : "with or without a limit";
}

static size_t
faults(json_t *dump, bool say)
{
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const char *what = fault(dump, i);

		count += what != NULL;
		if (what && say) {
			char *text =
			    json_dumps(task_of(dump, i), JSON_INDENT(1));

			print_error("%s is %s, not as told (%s %s %s): %s\n",
			    rows[i].name, what, told[i].kind, told[i].object,
			    told[i].timed, text ? text : "");
			free(text);
		}
	}
	return count;
}

/* A dump in which all rows are as they must be: they block one by one. */
static json_t *
await_rows(struct harness_program *program)
{
	json_t *dump = harness_dump(program);
	int64_t end = harness_now_ms() + 20000;

	while (faults(dump, false) > 0 && harness_now_ms() < end) {
		harness_sleep_ms(100);
		dump = harness_dump(program);
	}
	assert_int_equal(faults(dump, true), 0);
	return dump;
}

/* All calls end, and with what they must. */
static void
assert_ends(struct harness_program *program)
{
	harness_say(program, "release");
	harness_line(program, "done");
	assert_null(strstr(harness_said(program), "wrong"));
}

/* Nothing is left of them: the threads have gone, and so have their records. */
static void
assert_nothing_left(struct harness_program *program)
{
	json_t *dump;

	HARNESS_UNTIL((dump = harness_dump(program)) &&
	    json_array_size(json_object_get(dump, "tasks")) == 1);
	assert_null(harness_task(dump, "row 0"));
}

static void
test_every_call(void **state)
{
	struct harness_program *program = start(HARNESS_RUN);
	json_t *dump = await_rows(program);

	/* Who runs a routine for others does not wait for himself. */
	assert_string_equal(harness_text(harness_task(dump, "runner"), "state"),
	    "semaphore wait");
	assert_non_null(harness_frame(
	    json_object_get(harness_task(dump, "c11"), "created_by"),
	    "case_thrd_join"));
	assert_ends(program);
	assert_nothing_left(program);
	assert_int_equal(harness_stop(program), 0);
}

/* They do so without the probe, or the test would say nothing. */
static void
test_twin(void **state)
{
	struct harness_program *program = start(HARNESS_BARE);

	assert_ends(program);
	assert_int_equal(harness_stop(program), 0);
}

/* The dump's signal in each thread: all go on waiting as if nothing were. */
static void
test_disturbed(void **state)
{
	struct harness_program *program;
	json_t *before, *after;

	setenv("STRANDED_SIGNAL", "HUP", 1);
	program = start(HARNESS_PRELOAD);
	unsetenv("STRANDED_SIGNAL");
	before = await_rows(program);
	harness_say(program, "disturb");
	harness_line(program, "disturbed");
	HARNESS_UNTIL(strstr(harness_errors(program), "tasks:"));
	after = await_rows(program);
	for (size_t i = 0; i < ROWS; i++) {
		if (!is(i, "passes")) {
			assert_string_equal(
			    harness_text(task_of(before, i), "wait_id"),
			    harness_text(task_of(after, i), "wait_id"));
		}
	}
	assert_ends(program);
	assert_int_equal(harness_stop(program), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_every_call),
		HARNESS_TEST(test_twin),
		HARNESS_TEST(test_disturbed),
	};

	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
