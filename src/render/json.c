/*
 * json.c: version 1 of the format for programs.
 *
 * Most of it is frames, and most frames are those of stacks that were told
 * before. So each list of frames is encoded once and its text kept, and each
 * record is written as soon as it is made: ten thousand tasks never become ten
 * thousand trees in memory.
 *
 * Beyond the fields of version 1: "states", "cases", "fd", "timed",
 * "holder_tid", "holder_exited", "woken_from_cond", "seen_by", "stack_cut",
 * "blame", "blame_tid", "waiters" and "in_cycle"; of channels "last_sender" and
 * "last_receiver".
 */
#include "render/render.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "analyze/blame.h"
#include "analyze/table.h"
#include "client/memory.h"
#include "client/text.h"
#include "common/states.h"
#include "render/json.h"
#include "render/output.h"
#include "render/words.h"

#define MILLISECOND 1000000

struct json {
	FILE *out;
	struct table lists; /* struct list, by the address of its frames */
};

/* The text of a list of frames. */
struct list {
	size_t count;
	char *text;
};

/* ---- Values ------------------------------------------------------------ */

static void
set(json_t *record, const char *name, json_t *value)
{
	json_object_set_new_nocheck(record, name, value);
}

/* Of an age; -1 is an age that is not known. */
static json_t *
milliseconds(int64_t ns)
{
	return ns < 0 ? json_null() : json_integer(ns / MILLISECOND);
}

json_t *
json_string_or_null(const char *string)
{
	json_t *value;
	char *copy;

	if (!string) {
		return json_null();
	}
	value = json_string(string);
	if (!value) { /* it is no UTF-8 */
		copy = memory_print("%s", string);
		text_clean(copy);
		value = json_string(copy);
		free(copy);
	}
	return value;
}

static json_t *
address(uint64_t number)
{
	return json_sprintf("0x%" PRIx64, number);
}

static json_t *
address_or_null(uint64_t number)
{
	return number ? address(number) : json_null();
}

static json_t *
number_or_null(uint64_t number)
{
	return number ? json_integer(number) : json_null();
}

static json_t *
ids(const uint64_t *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(array, json_integer(list[i]));
	}
	return array;
}

/* ---- Frames ------------------------------------------------------------ */

static json_t *
encode_frame(const struct frame *frame)
{
	json_t *record = json_object();

	set(record, "pc", address(frame->pc));
	set(record, "function", json_string_or_null(frame->function));
	set(record, "file", json_string_or_null(frame->file));
	set(record, "line", number_or_null(frame->line));
	set(record, "module", json_string_or_null(frame->module));
	set(record, "offset", address(frame->offset));
	set(record, "inlined", json_boolean(frame->inlined));
	return record;
}

json_t *
json_frames(const struct stack *stack)
{
	json_t *array = json_array();

	for (size_t i = 0; i < stack->frame_count; i++) {
		if (!stack->frames[i]->probe) {
			json_array_append_new(
			    array, encode_frame(stack->frames[i]));
		}
	}
	return array;
}

static char *
encode_frames(const struct stack *stack)
{
	json_t *array = json_frames(stack);
	char *text = json_dumps(array, JSON_COMPACT);

	json_decref(array);
	return text;
}

/* The text of the stack's frames, which belongs to `json`. */
static const char *
frames_text(struct json *json, const struct stack *stack)
{
	uint64_t key = (uintptr_t) stack->frames;
	struct list *list;
	size_t at = 0;

	if (stack->frame_count == 0) {
		return "[]";
	}
	while ((list = table_next(&json->lists, key, &at))) {
		if (list->count == stack->frame_count) {
			return list->text;
		}
	}
	list = memory_new(1, sizeof(*list));
	list->count = stack->frame_count;
	list->text = encode_frames(stack);
	table_add(&json->lists, key, list);
	return list->text;
}

static void
free_list(void *value)
{
	struct list *list = value;

	free(list->text);
	free(list);
}

/* ---- Records ----------------------------------------------------------- */

/* Writes the fields of `record`, without its braces, and lets go of it. */
static void
put_fields(struct json *json, json_t *record)
{
	json_dumpf(record, json->out, JSON_COMPACT | JSON_EMBED);
	json_decref(record);
}

static void
put_frames(struct json *json, const char *name, const struct stack *stack)
{
	fprintf(json->out, ",\"%s\":%s", name, frames_text(json, stack));
}

static json_t *
encode_cases(const struct task *task)
{
	json_t *array = json_array();

	for (size_t i = 0; i < task->case_count; i++) {
		const struct task_case *one = &task->cases[i];
		json_t *record = json_object();

		set(record, "state", json_string(state_name(one->state)));
		set(record, "object", address_or_null(one->object));
		json_array_append_new(array, record);
	}
	return array;
}

static json_t *
encode_wait_id(const struct task *task)
{
	if (task->wait_seq == 0) {
		return json_null();
	}
	/* What the kernel counts is not what the probe counts. */
	return json_sprintf("%" PRIu64 ".%s%" PRIu64, task->id,
	    task->wait_seq & WIRE_WAIT_KERNEL ? "k" : "",
	    task->wait_seq & ~WIRE_WAIT_KERNEL);
}

/* Who is to blame for the wait, and who waits in turn. */
static void
set_blame(
    json_t *record, const struct blame *blame, const struct blame_node *node)
{
	const struct blame_node *root = &blame->nodes[node->root];
	bool waits = root != node;

	set(record, "blame",
	    waits && root->task ? json_integer(root->task->id) : json_null());
	set(record, "blame_tid", number_or_null(waits ? root->tid : 0));
	set(record, "waiters", json_integer(node->waiters));
	set(record, "in_cycle", json_boolean(node->cycle));
}

static json_t *
encode_task(const struct task *task)
{
	bool is_fd = task->flags & WIRE_TASK_FD;
	json_t *record = json_object();

	set(record, "id", json_integer(task->id));
	set(record, "tid", number_or_null(task->tid));
	set(record, "name", json_string_or_null(task->name));
	set(record, "label",
	    json_string_or_null(task->label[0] ? task->label : NULL));
	set(record, "state", json_string(words_state(task)));
	set(record, "wait_id", encode_wait_id(task));
	set(record, "since_ms", milliseconds(task->since_ns));
	set(record, "object",
	    is_fd ? json_null() : address_or_null(task->object));
	set(record, "fd", is_fd ? json_integer(task->object) : json_null());
	set(record, "timed", json_boolean(task->flags & WIRE_TASK_TIMED));
	set(record, "fd_name", json_string_or_null(task->fd_name));
	set(record, "cases", encode_cases(task));
	set(record, "holder", number_or_null(task->holder));
	set(record, "holder_tid", number_or_null(task->holder_tid));
	set(record, "holder_exited",
	    json_boolean(task->flags & WIRE_TASK_HOLDER_EXITED));
	set(record, "woken_from_cond",
	    json_boolean(task->flags & WIRE_TASK_WOKEN));
	set(record, "seen_by",
	    json_string(task->flags & WIRE_TASK_KERNEL ? "kernel" : "probe"));
	set(record, "session", number_or_null(task->session));
	set(record, "verdict", json_string(words_verdict(task->verdict)));
	set(record, "rule", json_string_or_null(words_rule(task->rule)));
	set(record, "why", json_string_or_null(task->why));
	set(record, "cure", json_string_or_null(task->cure));
	set(record, "created_ms", milliseconds(task->created_ns));
	set(record, "stack_cut", json_boolean(task->stack.cut));
	return record;
}

static json_t *
encode_session(const struct session *session)
{
	json_t *record = json_object();

	set(record, "id", json_integer(session->id));
	set(record, "kind", json_string(words_session_kind(session->kind)));
	set(record, "name", json_string_or_null(session->name));
	set(record, "fd",
	    session->fd < 0 ? json_null() : json_integer(session->fd));
	set(record, "state", json_string(words_session_state(session->state)));
	set(record, "opened_ms", milliseconds(session->opened_ns));
	set(record, "last_used_ms", milliseconds(session->used_ns));
	set(record, "last_used_by",
	    session->user ? json_integer(session->user) : json_null());
	set(record, "origin", json_string(words_session_origin(session->kind)));
	set(record, "received_from", number_or_null(session->from));
	set(record, "descriptors", json_integer(session->fds));
	set(record, "closed_by", number_or_null(session->closer));
	set(record, "peer_closed_ms",
	    session->state == SESSION_PEER_CLOSED ?
		milliseconds(session->peer_closed_ns) :
		json_null());
	set(record, "verdict", json_string(words_verdict(session->verdict)));
	set(record, "rule", json_string_or_null(words_rule(session->rule)));
	set(record, "why", json_string_or_null(session->why));
	set(record, "tasks", ids(session->tasks, session->task_count));
	return record;
}

/* null: the runtime does not say. */
static json_t *
encode_user(const struct channel_user *user)
{
	json_t *record;

	if (!user->told) {
		return json_null();
	}
	record = json_object();
	set(record, "task", number_or_null(user->task));
	set(record, "ended", json_boolean(user->ended));
	set(record, "frames", json_frames(&user->place));
	return record;
}

static json_t *
encode_channel(const struct channel *channel)
{
	json_t *record = json_object();

	set(record, "object", address(channel->object));
	set(record, "length", json_integer(channel->length));
	set(record, "capacity", json_integer(channel->capacity));
	set(record, "closed", json_boolean(channel->closed));
	set(record, "senders", ids(channel->senders, channel->sender_count));
	set(record, "receivers",
	    ids(channel->receivers, channel->receiver_count));
	set(record, "last_sender", encode_user(&channel->sender));
	set(record, "last_receiver", encode_user(&channel->receiver));
	return record;
}

static json_t *
encode_coverage(const struct snapshot *snapshot)
{
	json_t *record = json_object();
	json_t *array = json_array();

	for (size_t i = 0; i < snapshot->uncovered_count; i++) {
		const struct uncovered *uncovered = &snapshot->uncovered[i];
		json_t *one = json_object();

		set(one, "tid", json_integer(uncovered->tid));
		set(one, "why", json_string_or_null(uncovered->why));
		json_array_append_new(array, one);
	}
	set(record, "tasks", json_integer(snapshot->task_count));
	set(record, "not_covered", array);
	return record;
}

static json_t *
encode_states(const struct snapshot *snapshot)
{
	json_t *record = json_object();

	for (size_t i = 0; i < snapshot->task_count; i++) {
		const char *name = words_state(&snapshot->tasks[i]);
		json_t *count = json_object_get(record, name);

		set(record, name, json_integer(json_integer_value(count) + 1));
	}
	return record;
}

static json_t *
encode_head(const struct snapshot *snapshot)
{
	json_t *record = json_object();

	set(record, "version", json_integer(1));
	set(record, "dump_id", json_sprintf("%016" PRIx64, snapshot->dump_id));
	set(record, "began_ns", json_integer(snapshot->began_ns));
	set(record, "ended_ns", json_integer(snapshot->ended_ns));
	set(record, "pid", json_integer(snapshot->pid));
	set(record, "exe", json_string_or_null(snapshot->exe));
	set(record, "name", json_string_or_null(snapshot->name));
	set(record, "coverage", encode_coverage(snapshot));
	set(record, "states", encode_states(snapshot));
	return record;
}

/* ---- The whole --------------------------------------------------------- */

/* The brace before a record: each stands on a line of its own. */
static void
put_open(struct json *json, size_t index)
{
	fputs(index ? ",\n{" : "\n{", json->out);
}

static void
put_tasks(struct json *json, const struct snapshot *snapshot)
{
	struct blame *blame = blame_new(snapshot);
	json_t *record;

	fputs(",\n\"tasks\":[", json->out);
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if (ferror(json->out)) {
			break;
		}
		put_open(json, i);
		record = encode_task(task);
		set_blame(record, blame, &blame->nodes[i]);
		put_fields(json, record);
		put_frames(json, "stack", &task->stack);
		put_frames(json, "created_by", &task->created_by);
		fputc('}', json->out);
	}
	blame_free(blame);
	fputs("],\n", json->out);
}

static void
put_sessions(struct json *json, const struct snapshot *snapshot)
{
	fputs("\"sessions\":[", json->out);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (ferror(json->out)) {
			return;
		}
		put_open(json, i);
		put_fields(json, encode_session(&snapshot->sessions[i]));
		put_frames(json, "opened_by", &snapshot->sessions[i].opened_by);
		fputc('}', json->out);
	}
	fputs("],\n", json->out);
}

static void
put_channels(struct json *json, const struct snapshot *snapshot)
{
	fputs("\"channels\":[", json->out);
	for (size_t i = 0; i < snapshot->channel_count; i++) {
		const struct channel *channel = &snapshot->channels[i];

		if (ferror(json->out)) {
			return;
		}
		put_open(json, i);
		put_fields(json, encode_channel(channel));
		put_frames(json, "created_by", &channel->created_by);
		fputc('}', json->out);
	}
	fputs("]}\n", json->out);
}

int
render_json(FILE *out, const struct snapshot *snapshot)
{
	return render_json_with(out, snapshot, NULL);
}

int
render_json_with(
    FILE *out, const struct snapshot *snapshot, struct json_t *more)
{
	struct json json = { .out = out };
	json_t *head = encode_head(snapshot);

	json_object_update(head, more);
	fputc('{', out);
	put_fields(&json, head);
	put_tasks(&json, snapshot);
	put_sessions(&json, snapshot);
	put_channels(&json, snapshot);
	table_clear(&json.lists, free_list);
	return output_end(out);
}
