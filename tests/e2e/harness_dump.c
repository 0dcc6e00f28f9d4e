/* harness_dump.c: dumps, and what is in them. See harness.h. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 10000 /* that one thing is waited for */

static json_t *dumps; /* all of this test */

void
harness_dumps_begin(void)
{
	dumps = json_array();
}

void
harness_dumps_end(void)
{
	json_decref(dumps);
	dumps = NULL;
}

/* What a command has printed: freed at the end of the test. */
static json_t *
parse(const struct harness_output *output)
{
	json_error_t error;
	json_t *dump = json_loads(output->out, 0, &error);

	if (!dump) {
		fail_msg("no JSON, line %d: %s\n%s", error.line, error.text,
		    output->out);
	}
	json_array_append_new(dumps, dump);
	return dump;
}

json_t *
harness_dump_of(pid_t process)
{
	struct harness_output output;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", process);
	output = harness_stranded("dump", "--format=json", pid);
	if (output.status != 0) {
		fail_msg("dump ends with %d: %s", output.status, output.err);
	}
	return parse(&output);
}

json_t *
harness_leaks(const struct harness_program *program)
{
	struct harness_output output;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	output = harness_stranded("leaks", "--format=json", pid);
	if (output.status != 0 && output.status != 1) {
		fail_msg("leaks ends with %d: %s", output.status, output.err);
	}
	return parse(&output);
}

json_t *
harness_dump(const struct harness_program *program)
{
	return harness_dump_of(harness_pid(program));
}

const char *
harness_text(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t
harness_number(json_t *object, const char *key)
{
	json_t *number = json_object_get(object, key);

	return json_is_integer(number) ? json_integer_value(number) : -1;
}

json_t *
harness_task(json_t *dump, const char *name)
{
	json_t *task;
	size_t i;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (strcmp(harness_text(task, "name"), name) == 0) {
			return task;
		}
	}
	return NULL;
}

json_t *
harness_frame(json_t *frames, const char *function)
{
	json_t *frame;
	size_t i;

	json_array_foreach(frames, i, frame) {
		if (strcmp(harness_text(frame, "function"), function) == 0) {
			return frame;
		}
	}
	return NULL;
}

size_t
harness_count(json_t *dump, const char *state, const char *function)
{
	size_t i, count = 0;
	json_t *task;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (state && strcmp(harness_text(task, "state"), state) != 0) {
			continue;
		}
		if (function &&
		    !harness_frame(json_object_get(task, "stack"), function)) {
			continue;
		}
		count++;
	}
	return count;
}

size_t
harness_sessions(json_t *dump, const char *kind)
{
	size_t i, count = 0;
	json_t *session;

	json_array_foreach(json_object_get(dump, "sessions"), i, session) {
		count +=
		    !kind || strcmp(harness_text(session, "kind"), kind) == 0;
	}
	return count;
}

json_t *
harness_session(json_t *dump, json_int_t id)
{
	json_t *session;
	size_t i;

	json_array_foreach(json_object_get(dump, "sessions"), i, session) {
		if (harness_number(session, "id") == id) {
			return session;
		}
	}
	return NULL;
}

int
harness_marker(const char *file, const char *marker)
{
	char path[256], line[256], wanted[64];
	int number = 1;
	FILE *source;

	snprintf(path, sizeof path, "tests/programs/%s", file);
	snprintf(wanted, sizeof wanted, "/* %s */", marker);
	source = fopen(path, "r");
	assert_non_null(source);
	while (fgets(line, sizeof line, source) && !strstr(line, wanted)) {
		number++;
	}
	if (feof(source)) {
		fail_msg("%s has no %s", path, wanted);
	}
	fclose(source);
	return number;
}

void
harness_assert_at(
    json_t *task, const char *function, const char *file, const char *marker)
{
	json_t *frame = harness_frame(json_object_get(task, "stack"), function);
	int line = harness_marker(file, marker);
	json_int_t found;

	if (!frame) {
		char *text = json_dumps(task, JSON_INDENT(1));

		fail_msg("no %s in the stack of:\n%s", function, text);
	}
	assert_non_null(strstr(harness_text(frame, "file"), file));
	found = harness_number(frame, "line");
	if (found != line) {
		fail_msg(
		    "%s is at line %d, not %d", function, (int) found, line);
	}
}

json_t *
harness_await(const struct harness_program *program, size_t count,
    const char *state, const char *function)
{
	int64_t end = harness_now_ms() + WAIT_MS;

	for (;;) {
		json_t *dump = harness_dump(program);
		size_t found = harness_count(dump, state, function);

		if (found == count) {
			return dump;
		}
		if (harness_now_ms() > end) {
			char *text = json_dumps(dump, JSON_INDENT(1));

			fail_msg("%zu tasks in %s, %s instead of %zu:\n%s",
			    found, state ? state : "any state",
			    function ? function : "any function", count, text);
		}
		harness_sleep_ms(20);
	}
}
