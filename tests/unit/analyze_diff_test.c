/*
 * analyze_diff_test.c: dumps read from JSON, what is wrong with those that are
 * none, and what has changed from one to the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/diff.h"
#include "render/diff.h"
#include "render/json_read.h"
#include "render/render.h"

#define STACK(line)                                                            \
	"\"stack\":[{\"pc\":\"0x10\",\"function\":\"reader\",\"file\":"        \
	"\"server.c\",\"line\":" #line                                         \
	",\"module\":\"/srv/server\",\"offset\":\"0x10\",\"inlined\":false}]"

#define SENDER(id, wait, line)                                                 \
	"{\"id\":" #id ",\"state\":\"chan send\",\"wait_id\":\"" #id "." #wait \
	"\",\"since_ms\":1000,\"created_ms\":5000,\"name\":\"reader\"," STACK( \
	    line) "}"

#define DUMP(pid, rest)                                                        \
	"{\"version\":1,\"dump_id\":\"0000000000000001\",\"pid\":" #pid        \
	",\"exe\":\"/srv/server\",\"began_ns\":9000000000,"                    \
	"\"ended_ns\":9000000001," rest "}"

static struct json_reader *reader;

static int
setup(void **state)
{
	reader = json_reader_new();
	return 0;
}

static int
teardown(void **state)
{
	json_reader_free(reader);
	return 0;
}

static struct snapshot *
read_text(const char *text)
{
	struct failure failure = { 0 };
	struct snapshot *snapshot =
	    json_read(reader, text, strlen(text), &failure);

	if (!snapshot) {
		fail_msg("%s", failure.text);
	}
	return snapshot;
}

/* ---- Reading ----------------------------------------------------------- */

static void
assert_refused(const char *text, const char *why)
{
	struct failure failure = { 0 };

	assert_null(json_read(reader, text, strlen(text), &failure));
	assert_int_equal(failure.status, EXIT_FAILED);
	if (!strstr(failure.text, why)) {
		fail_msg("\"%s\", not \"%s\"", failure.text, why);
	}
}

#define ALL_TASKS                                                              \
	SENDER(3, 9, 31)                                                       \
	",{\"id\":2,\"state\":\"IO read\",\"fd\":5,"                           \
	"\"verdict\":\"leaked\",\"why\":\"so\"}"
#define ALL_ELSE                                                               \
	"\"sessions\":[{\"id\":1,\"kind\":\"registry\",\"name\":\"x\","        \
	"\"fd\":null,\"state\":\"peer closed\",\"tasks\":[3]}],"               \
	"\"channels\":[{\"object\":\"0x20\",\"capacity\":4,"                   \
	"\"senders\":[3]}]"

static void
test_reads(void **state)
{
	struct snapshot *snapshot =
	    read_text(DUMP(7, "\"tasks\":[" ALL_TASKS "]," ALL_ELSE));
	const struct task *task = snapshot_task(snapshot, 3);
	const struct session *session = snapshot_session(snapshot, 1);

	assert_int_equal(snapshot->pid, 7);
	assert_int_equal(snapshot->task_count, 2);
	assert_int_equal(snapshot->tasks[0].id, 2);
	assert_int_equal(snapshot->tasks[0].object, 5);
	assert_true(snapshot->tasks[0].flags & WIRE_TASK_FD);
	assert_int_equal(snapshot->tasks[0].verdict, VERDICT_LEAKED);
	assert_string_equal(snapshot->tasks[0].why, "so");
	assert_int_equal(task->state, STRANDED_CHAN_SEND);
	assert_int_equal(task->wait_seq, 9);
	assert_int_equal(task->since_ns, 1000000000);
	assert_string_equal(task->name, "reader");
	assert_int_equal(task->stack.frame_count, 1);
	assert_int_equal(task->stack.frames[0]->line, 31);
	assert_int_equal(session->kind, WIRE_SESSION_REGISTRY);
	assert_int_equal(session->state, SESSION_PEER_CLOSED);
	assert_int_equal(session->fd, -1);
	assert_int_equal(session->tasks[0], 3);
	assert_int_equal(snapshot->channels[0].capacity, 4);
	snapshot_free(snapshot);
}

static void
test_same_place_is_same_frame(void **state)
{
	struct snapshot *a =
	    read_text(DUMP(7, "\"tasks\":[" SENDER(3, 9, 31) "]"));
	struct snapshot *b = read_text(
	    DUMP(7, "\"tasks\":[" SENDER(3, 9, 31) "," SENDER(4, 9, 32) "]"));

	assert_ptr_equal(
	    a->tasks[0].stack.frames[0], b->tasks[0].stack.frames[0]);
	assert_ptr_not_equal(
	    b->tasks[0].stack.frames[0], b->tasks[1].stack.frames[0]);
	snapshot_free(a);
	snapshot_free(b);
}

static void
test_refuses(void **state)
{
	static const char *const texts[][2] = {
		{ "", "line" },
		{ "{\"version\":1", "line 1" },
		{ "[]", "\"version\" is not 1" },
		{ "{}", "\"version\" is not 1" },
		{ "{\"version\":2,\"tasks\":[]}", "\"version\" is not 1" },
		{ "{\"version\":\"1\",\"tasks\":[]}", "is no number" },
		{ "{\"version\":1}", "\"tasks\" is missing" },
		{ "{\"version\":1,\"tasks\":{}}", "\"tasks\" is missing" },
		{ "{\"version\":1,\"version\":1,\"tasks\":[]}", "duplicate" },
		{ DUMP(-1, "\"tasks\":[]"), "\"pid\" is no number" },
		{ DUMP(99999999999, "\"tasks\":[]"), "\"pid\" is too large" },
		{ DUMP(1, "\"tasks\":[3]"), "tasks[0]" },
		{ DUMP(1, "\"tasks\":[{}]"), "tasks[0].id is missing" },
		{ DUMP(1, "\"tasks\":[{\"id\":1},{\"id\":1}]"),
		    "same id twice" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"name\":7}]"),
		    "tasks[0].name is no string" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"wait_id\":\"2.3\"}]"),
		    "tasks[0].wait_id is not one of this task's" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"wait_id\":\"1.x\"}]"),
		    "tasks[0].wait_id" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"object\":\"here\"}]"),
		    "tasks[0].object is no address" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"since_ms\":-4}]"),
		    "tasks[0].since_ms" },
		{ DUMP(1,
		      "\"tasks\":[{\"id\":1,\"since_ms\":"
		      "9223372036854775807}]"),
		    "tasks[0].since_ms is too large" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"stack\":{}}]"),
		    "tasks[0].stack is no list" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"stack\":[1]}]"), "no frame" },
		{ DUMP(1, "\"tasks\":[{\"id\":1,\"cases\":[1]}]"), "cases" },
		{ DUMP(1,
		      "\"tasks\":[],\"sessions\":[{\"id\":1,\"tasks\":["
		      "\"x\"]}]"),
		    "sessions[0].tasks" },
		{ DUMP(1, "\"tasks\":[],\"channels\":[{\"closed\":1}]"),
		    "channels[0].closed" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_refused(texts[i][0], texts[i][1]);
	}
}

/* What a later version has added is passed over. */
static void
test_tolerates(void **state)
{
	struct snapshot *snapshot = read_text(DUMP(1,
	    "\"news\":{},\"tasks\":[{\"id\":1,\"state\":\"flying\","
	    "\"verdict\":\"odd\",\"color\":\"red\"}],"
	    "\"sessions\":[{\"id\":1,\"kind\":\"pipe\",\"state\":\"x\"}]"));

	assert_int_equal(snapshot->tasks[0].state, STRANDED_UNKNOWN);
	assert_int_equal(snapshot->tasks[0].verdict, VERDICT_OK);
	snapshot_free(snapshot);
}

/* ---- Comparing --------------------------------------------------------- */

/* Both as text; and what it says is freed at the next call. */
static const char *
compare(const char *before, const char *after, bool *grown)
{
	static char *text;
	struct snapshot *a = read_text(before);
	struct snapshot *b = read_text(after);
	struct diff *diff = diff_new(a, b);
	size_t size;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	assert_int_equal(render_diff_text(out, diff), 0);
	fclose(out);
	*grown = diff_has_grown(diff);
	diff_free(diff);
	snapshot_free(a);
	snapshot_free(b);
	return text;
}

static void
assert_says(const char *text, const char *words)
{
	if (!strstr(text, words)) {
		fail_msg("\"%s\" is not in:\n%s", words, text);
	}
}

#define ONE  DUMP(7, "\"tasks\":[" SENDER(3, 9, 31) "]")
#define TWO  DUMP(7, "\"tasks\":[" SENDER(3, 9, 31) "," SENDER(4, 2, 31) "]")
#define NONE DUMP(7, "\"tasks\":[]")

static void
test_nothing_changed(void **state)
{
	bool grown;
	const char *text = compare(ONE, ONE, &grown);

	assert_false(grown);
	assert_says(text,
	    "same: 1 task [chan send, 1s] \"reader\", 1 still in "
	    "the very same wait:\nreader(...)\n");
	assert_says(text, "nothing is new, and nothing has grown");
}

static void
test_new_grown_fewer_gone(void **state)
{
	bool grown;

	assert_says(compare(NONE, ONE, &grown), "\nnew: 1 task [chan send");
	assert_true(grown);
	assert_says(compare(ONE, TWO, &grown),
	    "\ngrown: 1 -> 2 tasks [chan send, 1s] \"reader\", 1 still in the "
	    "very same wait:");
	assert_true(grown);
	assert_says(compare(TWO, ONE, &grown), "\nfewer: 2 -> 1 task [");
	assert_false(grown);
	assert_says(compare(ONE, NONE, &grown), "\ngone: 1 task [");
	assert_false(grown);
}

/* The same place, another wait: it came back there. */
static void
test_another_wait(void **state)
{
	bool grown;
	const char *text =
	    compare(ONE, DUMP(7, "\"tasks\":[" SENDER(3, 10, 31) "]"), &grown);

	assert_false(grown);
	assert_null(strstr(text, "still in"));
}

static void
test_running_is_nowhere(void **state)
{
	bool grown;
	const char *text = compare(NONE,
	    DUMP(7, "\"tasks\":[{\"id\":1,\"state\":\"running\"}]"), &grown);

	assert_false(grown);
	assert_null(strstr(text, "new:"));
}

static void
test_other_process(void **state)
{
	bool grown;
	const char *text =
	    compare(ONE, DUMP(8, "\"tasks\":[" SENDER(3, 9, 31) "]"), &grown);

	assert_false(grown);
	assert_says(text, "two different processes");
	assert_null(strstr(text, "still in"));
	/* The pid and the program may be the same again. */
	text = compare(ONE,
	    DUMP(7,
		"\"tasks\":[{\"id\":3,\"state\":\"select\","
		"\"created_ms\":1}]"),
	    &grown);
	assert_says(text, "two different processes");
}

static void
test_sessions(void **state)
{
	bool grown;
	const char *none = DUMP(7, "\"tasks\":[]");
	const char *one = DUMP(7,
	    "\"tasks\":[],\"sessions\":[{\"id\":4,\"kind\":\"socket\","
	    "\"name\":\"127.0.0.1:1\"}]");

	assert_says(compare(none, one, &grown),
	    "\nnew: 1 session: 4 \"127.0.0.1:1\"\n");
	assert_true(grown);
	assert_says(compare(one, none, &grown),
	    "\ngone: 1 session: 4 \"127.0.0.1:1\"\n");
	assert_false(grown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_same_place_is_same_frame),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_tolerates),
		cmocka_unit_test(test_nothing_changed),
		cmocka_unit_test(test_new_grown_fewer_gone),
		cmocka_unit_test(test_another_wait),
		cmocka_unit_test(test_running_is_nowhere),
		cmocka_unit_test(test_other_process),
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
