/*
 * render_json_test.c: the dump for programs, read back by a parser of JSON.
 */
#include <errno.h>
#include <jansson.h>

#include "render_sample.h"

/* The caller frees it. */
static char *
render(const struct snapshot *snapshot)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(render_json(out, snapshot), 0);
	fclose(out);
	return text;
}

static json_t *
parse(const struct snapshot *snapshot)
{
	char *text = render(snapshot);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		fail_msg("line %d: %s", error.line, error.text);
	}
	free(text);
	return root;
}

/* Checks that `value` says what `wanted` says, without blanks. */
static void
check(const json_t *value, const char *wanted)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(text, wanted);
	free(text);
}

static const json_t *
task(const json_t *root, json_int_t id)
{
	size_t index;
	const json_t *one;

	json_array_foreach(json_object_get(root, "tasks"), index, one) {
		if (json_integer_value(json_object_get(one, "id")) == id) {
			return one;
		}
	}
	fail_msg("there is no task %d", (int) id);
	return NULL;
}

#define FIELD(record, name) json_object_get((record), (name))

static void
the_head(void **state)
{
	struct snapshot snapshot = sample();
	json_t *root = parse(&snapshot);

	check(FIELD(root, "version"), "1");
	check(FIELD(root, "dump_id"), "\"000000001234abcd\"");
	check(FIELD(root, "began_ns"), "5000000000");
	check(FIELD(root, "ended_ns"), "5012500000");
	check(FIELD(root, "pid"), "8100");
	check(FIELD(root, "exe"), "\"/srv/server\"");
	check(FIELD(root, "coverage"),
	    "{\"tasks\":20,\"not_covered\":[{\"tid\":99,\"why\":"
	    "\"It has made no call that the probe sees.\"}]}");
	check(FIELD(FIELD(root, "states"), "chan send"), "12");
	assert_int_equal(json_array_size(FIELD(root, "tasks")), SAMPLE_TASKS);
	json_decref(root);
}

static void
a_task(void **state)
{
	struct snapshot snapshot = sample();
	json_t *root = parse(&snapshot);

	check(task(root, 7),
	    "{\"id\":7,\"tid\":8123,\"name\":\"reader\",\"label\":null,"
	    "\"state\":\"chan send\",\"wait_id\":\"7.41\","
	    "\"since_ms\":720000,\"object\":\"0xc0de\",\"fd\":null,"
	    "\"timed\":false,"
	    "\"fd_name\":null,\"cases\":[],\"holder\":null,\"holder_tid\":null,"
	    "\"holder_exited\":false,\"woken_from_cond\":false,"
	    "\"seen_by\":\"probe\",\"session\":41,\"verdict\":\"ok\","
	    "\"rule\":null,\"why\":null,\"cure\":null,"
	    "\"created_ms\":780000,\"stack_cut\":false,\"blame\":null,"
	    "\"blame_tid\":null,\"waiters\":0,\"in_cycle\":false,"
	    "\"stack\":["
	    "{\"pc\":\"0x1010\",\"function\":\"strand_chan_send\","
	    "\"file\":\"lib/chan.c\",\"line\":212,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x10\","
	    "\"inlined\":false},"
	    "{\"pc\":\"0x203c\",\"function\":\"interrupt\","
	    "\"file\":\"server.c\",\"line\":31,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x103c\","
	    "\"inlined\":true},"
	    "{\"pc\":\"0x203c\",\"function\":\"reader\","
	    "\"file\":\"server.c\",\"line\":58,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x103c\","
	    "\"inlined\":false}],\"created_by\":["
	    "{\"pc\":\"0x3001\",\"function\":\"strand_go\","
	    "\"file\":\"lib/task.c\",\"line\":9,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x2001\","
	    "\"inlined\":false},"
	    "{\"pc\":\"0x4004\",\"function\":\"serve\","
	    "\"file\":\"server.c\",\"line\":112,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x3004\","
	    "\"inlined\":false}]}");
	json_decref(root);
}

static void
what_is_not_known_is_null(void **state)
{
	struct snapshot snapshot = sample();
	json_t *root = parse(&snapshot);
	const json_t *bare = FIELD(task(root, 30), "stack");

	check(task(root, 1),
	    "{\"id\":1,\"tid\":8100,\"name\":\"server\",\"label\":null,"
	    "\"state\":\"running\",\"wait_id\":null,\"since_ms\":0,"
	    "\"object\":null,\"fd\":null,"
	    "\"timed\":false,\"fd_name\":null,\"cases\":[],\"holder\":null,"
	    "\"holder_tid\":null,\"holder_exited\":false,"
	    "\"woken_from_cond\":false,\"seen_by\":\"probe\","
	    "\"session\":null,\"verdict\":\"ok\","
	    "\"rule\":null,\"why\":null,\"cure\":null,"
	    "\"created_ms\":null,\"stack_cut\":false,"
	    "\"blame\":null,\"blame_tid\":null,\"waiters\":1,"
	    "\"in_cycle\":false,\"stack\":[],\"created_by\":[]}");
	check(json_array_get(bare, 0),
	    "{\"pc\":\"0x7f0000000010\",\"function\":\"worker\","
	    "\"file\":null,\"line\":null,"
	    "\"module\":\"/lib/libwork.so.1\",\"offset\":\"0x1010\","
	    "\"inlined\":false}");
	check(json_array_get(bare, 1),
	    "{\"pc\":\"0x7f0000000fff\",\"function\":null,"
	    "\"file\":null,\"line\":null,"
	    "\"module\":\"/lib/libwork.so.1\",\"offset\":\"0x1fff\","
	    "\"inlined\":false}");
	check(FIELD(json_array_get(bare, 2), "module"), "null");
	check(FIELD(task(root, 30), "stack_cut"), "true");
	json_decref(root);
}

static void
what_is_waited_for(void **state)
{
	struct snapshot snapshot = sample();
	json_t *root = parse(&snapshot);

	check(FIELD(task(root, 30), "holder"), "1");
	check(FIELD(task(root, 34), "holder_tid"), "77");
	check(FIELD(task(root, 32), "fd"), "9");
	check(FIELD(task(root, 32), "object"), "null");
	check(FIELD(task(root, 31), "cases"),
	    "[{\"state\":\"chan send\",\"object\":\"0xc0de\"},"
	    "{\"state\":\"chan receive\",\"object\":null}]");
	check(FIELD(task(root, 33), "verdict"), "\"leaked\"");
	check(FIELD(task(root, 33), "why"), "\"Nothing can end that.\"");
	json_decref(root);
}

static void
sessions_and_channels(void **state)
{
	struct snapshot snapshot = sample();
	json_t *root = parse(&snapshot);

	check(json_array_get(FIELD(root, "sessions"), 0),
	    "{\"id\":41,\"kind\":\"socket\","
	    "\"name\":\"127.0.0.1:53920\",\"fd\":9,"
	    "\"state\":\"peer closed\",\"opened_ms\":720000,"
	    "\"last_used_ms\":3000,\"last_used_by\":null,"
	    "\"origin\":\"accepted\",\"received_from\":null,"
	    "\"descriptors\":1,\"closed_by\":null,"
	    "\"peer_closed_ms\":120000,\"verdict\":\"ok\","
	    "\"rule\":null,\"why\":null,"
	    "\"tasks\":[7],\"opened_by\":["
	    "{\"pc\":\"0x3001\",\"function\":\"strand_go\","
	    "\"file\":\"lib/task.c\",\"line\":9,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x2001\","
	    "\"inlined\":false}]}");
	check(json_array_get(FIELD(root, "sessions"), 1),
	    "{\"id\":42,\"kind\":\"registry\","
	    "\"name\":\"caf\303\251 ?\",\"fd\":null,"
	    "\"state\":\"open\",\"opened_ms\":0,"
	    "\"last_used_ms\":0,\"last_used_by\":null,"
	    "\"origin\":\"opened\",\"received_from\":null,"
	    "\"descriptors\":0,\"closed_by\":null,"
	    "\"peer_closed_ms\":null,\"verdict\":\"ok\","
	    "\"rule\":null,\"why\":null,"
	    "\"tasks\":[],\"opened_by\":[]}");
	check(FIELD(json_array_get(FIELD(root, "channels"), 0), "senders"),
	    "[7]");
	check(FIELD(json_array_get(FIELD(root, "channels"), 0), "closed"),
	    "true");
	check(FIELD(json_array_get(FIELD(root, "channels"), 0), "last_sender"),
	    "null");
	check(
	    FIELD(json_array_get(FIELD(root, "channels"), 0), "last_receiver"),
	    "{\"task\":5,\"ended\":true,\"frames\":["
	    "{\"pc\":\"0x4004\",\"function\":\"serve\","
	    "\"file\":\"server.c\",\"line\":112,"
	    "\"module\":\"/srv/server\",\"offset\":\"0x3004\","
	    "\"inlined\":false}]}");
	json_decref(root);
}

static void
nothing(void **state)
{
	struct snapshot snapshot = { .exe = (char *) "" };
	json_t *root = parse(&snapshot);

	check(FIELD(root, "tasks"), "[]");
	check(FIELD(root, "sessions"), "[]");
	check(FIELD(root, "channels"), "[]");
	json_decref(root);
}

/* No byte of it could move a cursor, whatever the target calls things. */
static void
names_are_harmless(void **state)
{
	struct snapshot snapshot = sample();
	char *text = render(&snapshot);

	for (const char *at = text; *at; at++) {
		assert_true(*at == '\n' || (unsigned char) *at >= ' ');
	}
	assert_null(strchr(text, 0xff));
	free(text);
}

static void
a_full_disk_is_reported(void **state)
{
	struct snapshot snapshot = sample();
	FILE *out = fopen("/dev/full", "w");

	assert_non_null(out);
	assert_int_equal(render_json(out, &snapshot), -1);
	assert_int_equal(errno, ENOSPC);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head),
		cmocka_unit_test(a_task),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(what_is_waited_for),
		cmocka_unit_test(sessions_and_channels),
		cmocka_unit_test(nothing),
		cmocka_unit_test(names_are_harmless),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
