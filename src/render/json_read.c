/* json_read.c: see json_read.h. */
#include "render/json_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/table.h"
#include "client/memory.h"
#include "common/states.h"
#include "render/syscalls.h"
#include "render/words.h"

#define MILLISECOND 1000000

struct json_reader {
	struct table frames; /* struct place, by hash */
};

/* A frame, and its strings' memory. */
struct place {
	struct frame frame;
	char *function;
	char *file;
	char *module;
};

/* What is being read. */
struct reading {
	struct json_reader *reader;
	struct snapshot *snapshot;
	size_t block_capacity; /* of the snapshot's blocks */
	struct failure *failure;
	bool failed;      /* `failure` says why; the rest is as if empty */
	const char *list; /* where we are: "tasks", or NULL: at the top */
	size_t index;     /* ... and which of them */
};

/* ---- Values ------------------------------------------------------------ */

/* The first thing that is wrong is what is told. */
static void
wrong(struct reading *reading, const char *key, const char *what)
{
	if (reading->failed) {
		return;
	}
	reading->failed = true;
	if (reading->list != NULL) {
		failure_set(reading->failure, EXIT_FAILED, "%s[%zu].%s %s",
		    reading->list, reading->index, key, what);
	} else {
		failure_set(
		    reading->failure, EXIT_FAILED, "\"%s\" %s", key, what);
	}
}

/* NULL if it is null, or not there. */
static json_t *
value(json_t *object, const char *key)
{
	json_t *found = json_object_get(object, key);

	return json_is_null(found) ? NULL : found;
}

static uint64_t
number(struct reading *reading, json_t *object, const char *key)
{
	json_t *found = value(object, key);

	if (found != NULL &&
	    (!json_is_integer(found) || json_integer_value(found) < 0)) {
		wrong(reading, key, "is no number");
		return 0;
	}
	return (uint64_t) json_integer_value(found);
}

static uint64_t
number_up_to(
    struct reading *reading, json_t *object, const char *key, uint64_t most)
{
	uint64_t found = number(reading, object, key);

	if (found > most) {
		wrong(reading, key, "is too large");
		return 0;
	}
	return found;
}

/* Of milliseconds; -1 if it is not known. */
static int64_t
age(struct reading *reading, json_t *object, const char *key)
{
	if (value(object, key) == NULL) {
		return -1;
	}
	return (int64_t) number_up_to(
		   reading, object, key, INT64_MAX / MILLISECOND) *
	    MILLISECOND;
}

static bool
boolean(struct reading *reading, json_t *object, const char *key)
{
	json_t *found = value(object, key);

	if (found != NULL && !json_is_boolean(found)) {
		wrong(reading, key, "is neither true nor false");
	}
	return json_is_true(found);
}

/* NULL if it is null, or not there. */
static const char *
string(struct reading *reading, json_t *object, const char *key)
{
	json_t *found = value(object, key);

	if (found != NULL && !json_is_string(found)) {
		wrong(reading, key, "is no string");
		return NULL;
	}
	return json_string_value(found);
}

/* "0x…" */
static uint64_t
address(struct reading *reading, json_t *object, const char *key)
{
	const char *text = string(reading, object, key);
	char *end;
	uint64_t result;

	if (text == NULL) {
		return 0;
	}
	result = strtoull(text, &end, 16);
	if (*end != '\0' || end == text) {
		wrong(reading, key, "is no address");
		return 0;
	}
	return result;
}

/* NULL if there is none: an empty one. */
static json_t *
array(struct reading *reading, json_t *object, const char *key)
{
	json_t *found = value(object, key);

	if (found != NULL && !json_is_array(found)) {
		wrong(reading, key, "is no list");
		return NULL;
	}
	return found;
}

/* Memory that the snapshot keeps. */
static void *
keep(struct reading *reading, void *memory)
{
	struct snapshot *snapshot = reading->snapshot;

	snapshot->blocks = memory_grow(snapshot->blocks, snapshot->block_count,
	    &reading->block_capacity, sizeof(*snapshot->blocks));
	snapshot->blocks[snapshot->block_count++] = memory;
	return memory;
}

static uint64_t *
ids(struct reading *reading, json_t *object, const char *key, size_t *count)
{
	json_t *list = array(reading, object, key);
	uint64_t *result =
	    memory_new(json_array_size(list) + 1, sizeof(*result));
	json_t *one;
	size_t i;

	*count = 0;
	json_array_foreach(list, i, one) {
		if (!json_is_integer(one) || json_integer_value(one) < 0) {
			wrong(
			    reading, key, "holds something that is no number");
			break;
		}
		result[(*count)++] = (uint64_t) json_integer_value(one);
	}
	return result;
}

/* ---- Frames ------------------------------------------------------------ */

static char *
copy(const char *string)
{
	return string != NULL ? memory_print("%s", string) : NULL;
}

static bool
equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_place(const struct frame *a, const struct frame *b)
{
	return a->offset == b->offset && a->line == b->line &&
	    a->inlined == b->inlined && equal(a->function, b->function) &&
	    equal(a->file, b->file) && equal(a->module, b->module) &&
	    (a->module != NULL || a->pc == b->pc);
}

static uint64_t
add_hash(uint64_t hash, const char *string)
{
	while (string != NULL && *string != '\0') {
		hash = (hash ^ (unsigned char) *string++) *
		    UINT64_C(0x100000001b3);
	}
	return hash;
}

static const struct frame *
intern(struct json_reader *reader, const struct frame *frame)
{
	uint64_t hash =
	    add_hash(frame->offset * 31 + frame->line + 1, frame->function);
	struct place *place;
	size_t at = 0;

	hash = add_hash(hash, frame->module);
	while ((place = table_next(&reader->frames, hash, &at)) != NULL) {
		if (same_place(&place->frame, frame)) {
			return &place->frame;
		}
	}
	place = memory_new(1, sizeof(*place));
	place->frame = *frame;
	place->frame.function = place->function = copy(frame->function);
	place->frame.file = place->file = copy(frame->file);
	place->frame.module = place->module = copy(frame->module);
	table_add(&reader->frames, hash, place);
	return &place->frame;
}

static void
free_place(void *memory)
{
	struct place *place = memory;

	free(place->function);
	free(place->file);
	free(place->module);
	free(place);
}

static const struct frame *
read_frame(struct reading *reading, json_t *object)
{
	const struct frame frame = {
		.pc = address(reading, object, "pc"),
		.function = string(reading, object, "function"),
		.file = string(reading, object, "file"),
		.line = (unsigned int) number_up_to(
		    reading, object, "line", UINT32_MAX),
		.module = string(reading, object, "module"),
		.offset = address(reading, object, "offset"),
		.inlined = boolean(reading, object, "inlined"),
	};

	return intern(reading->reader, &frame);
}

static struct stack
read_stack(struct reading *reading, json_t *object, const char *key)
{
	json_t *list = array(reading, object, key);
	size_t count = json_array_size(list);
	const struct frame **frames;
	struct stack stack = { 0 };
	json_t *one;
	size_t i;

	if (count == 0) {
		return stack;
	}
	frames = keep(reading, memory_new(count, sizeof(*frames)));
	json_array_foreach(list, i, one) {
		if (!json_is_object(one)) {
			wrong(reading, key, "holds something that is no frame");
			return stack;
		}
		frames[i] = read_frame(reading, one);
	}
	stack.frames = frames;
	stack.frame_count = count;
	return stack;
}

/* ---- Records ----------------------------------------------------------- */

/* STRANDED_UNKNOWN if it is of a later version, or a system call's name. */
static uint32_t
read_state(struct reading *reading, json_t *object)
{
	const char *name = string(reading, object, "state");

	for (uint32_t i = 0; name != NULL && i < STRANDED_STATE_COUNT; i++) {
		if (strcmp(name, state_name(i)) == 0) {
			return i;
		}
	}
	return STRANDED_UNKNOWN;
}

/* The number of the system call that is its state, + 1; or 0. */
static uint32_t
read_call(struct reading *reading, json_t *object)
{
	const char *name = string(reading, object, "state");

	return name != NULL ? syscall_number(name) + 1 : 0;
}

static void
read_seen(struct reading *reading, json_t *object, struct task *task)
{
	const char *by = string(reading, object, "seen_by");

	if (by != NULL && strcmp(by, "kernel") == 0) {
		task->flags |= WIRE_TASK_KERNEL;
	}
	if (boolean(reading, object, "woken_from_cond")) {
		task->flags |= WIRE_TASK_WOKEN;
	}
	if (boolean(reading, object, "holder_exited")) {
		task->flags |= WIRE_TASK_HOLDER_EXITED;
	}
}

/*
 * "7.41", or "7.k41": the task's id, and the number that is wanted, which is
 * the kernel's then; 0: it runs.
 */
static uint64_t
read_wait(struct reading *reading, json_t *object, uint64_t id)
{
	const char *text = string(reading, object, "wait_id");
	uint64_t kernel = 0;
	uint64_t wait;
	char *end;

	if (text == NULL) {
		return 0;
	}
	if (strtoull(text, &end, 10) != id || *end != '.') {
		wrong(reading, "wait_id", "is not one of this task's");
		return 0;
	}
	text = end + 1;
	if (*text == 'k') {
		kernel = WIRE_WAIT_KERNEL;
		text++;
	}
	wait = strtoull(text, &end, 10);
	if (*end != '\0' || end == text) {
		wrong(reading, "wait_id", "is no number of a wait");
	}
	return wait | kernel;
}

static void
read_cases(struct reading *reading, json_t *object, struct task *task)
{
	json_t *list = array(reading, object, "cases");
	json_t *one;
	size_t i;

	task->cases =
	    memory_new(json_array_size(list) + 1, sizeof(*task->cases));
	json_array_foreach(list, i, one) {
		if (!json_is_object(one)) {
			wrong(reading, "cases", "holds something that is none");
			break;
		}
		task->cases[task->case_count++] = (struct task_case) {
			.object = address(reading, one, "object"),
			.state = read_state(reading, one),
		};
	}
}

static enum verdict
read_verdict(struct reading *reading, json_t *object)
{
	const char *name = string(reading, object, "verdict");

	for (int i = VERDICT_OK; name != NULL && i <= VERDICT_LEAKED; i++) {
		if (strcmp(name, words_verdict((enum verdict) i)) == 0) {
			return (enum verdict) i;
		}
	}
	return VERDICT_OK;
}

static uint64_t
read_id(struct reading *reading, json_t *object)
{
	uint64_t id = number(reading, object, "id");

	if (id == 0) {
		wrong(reading, "id", "is missing");
	}
	return id;
}

static void
read_task(struct reading *reading, json_t *object, void *element)
{
	struct task *task = element;
	const char *name = string(reading, object, "name");
	const char *label = string(reading, object, "label");
	const char *why = string(reading, object, "why");

	task->id = read_id(reading, object);
	task->tid = (uint32_t) number_up_to(reading, object, "tid", UINT32_MAX);
	snprintf(
	    task->name, sizeof(task->name), "%s", name != NULL ? name : "");
	snprintf(
	    task->label, sizeof(task->label), "%s", label != NULL ? label : "");
	task->state = read_state(reading, object);
	task->call = read_call(reading, object);
	read_seen(reading, object, task);
	task->wait_seq = read_wait(reading, object, task->id);
	task->since_ns = age(reading, object, "since_ms");
	task->created_ns = age(reading, object, "created_ms");
	task->object = address(reading, object, "object");
	if (value(object, "fd") != NULL) {
		task->flags |= WIRE_TASK_FD;
		task->object = number_up_to(reading, object, "fd", INT32_MAX);
	}
	read_cases(reading, object, task);
	task->holder = number(reading, object, "holder");
	task->holder_tid =
	    (uint32_t) number_up_to(reading, object, "holder_tid", UINT32_MAX);
	task->session = number(reading, object, "session");
	task->verdict = read_verdict(reading, object);
	task->why = why != NULL ? keep(reading, copy(why)) : NULL;
	task->stack = read_stack(reading, object, "stack");
	task->stack.cut = boolean(reading, object, "stack_cut");
	task->created_by = read_stack(reading, object, "created_by");
}

/* By its kind and, of a socket, its origin. */
static enum wire_session_kind
read_kind(struct reading *reading, json_t *object)
{
	const char *kind = string(reading, object, "kind");
	const char *origin = string(reading, object, "origin");

	for (int i = WIRE_SESSION_ACCEPTED; i <= WIRE_SESSION_INHERITED; i++) {
		if (equal(kind, words_session_kind(i)) &&
		    (origin == NULL ||
			equal(origin, words_session_origin(i)))) {
			return (enum wire_session_kind) i;
		}
	}
	return WIRE_SESSION_ACCEPTED;
}

static enum session_state
read_session_state(struct reading *reading, json_t *object)
{
	const char *name = string(reading, object, "state");

	for (int i = SESSION_OPEN; name != NULL && i <= SESSION_CLOSED; i++) {
		if (strcmp(name, words_session_state(i)) == 0) {
			return (enum session_state) i;
		}
	}
	return SESSION_OPEN;
}

static void
read_session(struct reading *reading, json_t *object, void *element)
{
	struct session *session = element;
	const char *name = string(reading, object, "name");

	session->id = read_id(reading, object);
	session->kind = read_kind(reading, object);
	session->name = copy(name != NULL ? name : "");
	session->fd = value(object, "fd") != NULL ?
	    (int) number_up_to(reading, object, "fd", INT32_MAX) :
	    -1;
	session->fds =
	    (uint32_t) number_up_to(reading, object, "descriptors", UINT32_MAX);
	session->from = (uint32_t) number_up_to(
	    reading, object, "received_from", UINT32_MAX);
	session->state = read_session_state(reading, object);
	session->opened_ns = age(reading, object, "opened_ms");
	session->used_ns = age(reading, object, "last_used_ms");
	session->peer_closed_ns = age(reading, object, "peer_closed_ms");
	session->user = number(reading, object, "last_used_by");
	session->closer = number(reading, object, "closed_by");
	session->tasks = ids(reading, object, "tasks", &session->task_count);
	session->opened_by = read_stack(reading, object, "opened_by");
}

static struct channel_user
read_user(struct reading *reading, json_t *object, const char *key)
{
	json_t *user = value(object, key);
	struct channel_user read = { .told = false };

	if (user == NULL) {
		return read;
	}
	if (!json_is_object(user)) {
		wrong(reading, key, "is no object");
		return read;
	}
	read.told = true;
	read.task = number(reading, user, "task");
	read.ended = boolean(reading, user, "ended");
	read.place = read_stack(reading, user, "frames");
	return read;
}

static void
read_channel(struct reading *reading, json_t *object, void *element)
{
	struct channel *channel = element;

	channel->object = address(reading, object, "object");
	channel->length = number(reading, object, "length");
	channel->capacity = number(reading, object, "capacity");
	channel->closed = boolean(reading, object, "closed");
	channel->senders =
	    ids(reading, object, "senders", &channel->sender_count);
	channel->receivers =
	    ids(reading, object, "receivers", &channel->receiver_count);
	channel->sender = read_user(reading, object, "last_sender");
	channel->receiver = read_user(reading, object, "last_receiver");
	channel->created_by = read_stack(reading, object, "created_by");
}

typedef void read_element(
    struct reading *reading, json_t *object, void *element);

/*
 * Reads a list of objects into elements of `size` bytes. `*count` grows with
 * each, so that what has been read is freed whatever comes next.
 */
static void *
read_list(struct reading *reading, const char *key, read_element *read,
    size_t size, size_t *count, json_t *root)
{
	json_t *list = array(reading, root, key);
	char *elements = memory_new(json_array_size(list) + 1, size);
	json_t *one;
	size_t i;

	reading->list = key;
	json_array_foreach(list, i, one) {
		reading->index = i;
		if (!json_is_object(one)) {
			wrong(reading, "", "is no object");
		}
		if (reading->failed) {
			break;
		}
		*count = i + 1;
		read(reading, one, elements + i * size);
	}
	reading->list = NULL;
	return elements;
}

/* ---- The whole --------------------------------------------------------- */

static int
compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *) left;
	uint64_t b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

/* Elements that begin with their id: by id, and none twice. */
static void
sort(struct reading *reading, const char *key, void *elements, size_t count,
    size_t size)
{
	const char *bytes = elements;

	qsort(elements, count, size, compare_ids);
	for (size_t i = 1; i < count; i++) {
		if (compare_ids(bytes + (i - 1) * size, bytes + i * size) ==
		    0) {
			wrong(reading, key, "has the same id twice");
		}
	}
}

static void
read_head(struct reading *reading, json_t *root)
{
	struct snapshot *snapshot = reading->snapshot;
	const char *exe = string(reading, root, "exe");
	const char *name = string(reading, root, "name");

	if (number(reading, root, "version") != 1) {
		wrong(reading, "version",
		    "is not 1: this is no dump, or one of a later version");
	}
	snapshot->dump_id = address(reading, root, "dump_id");
	snapshot->pid = (pid_t) number_up_to(reading, root, "pid", INT32_MAX);
	snapshot->exe = copy(exe != NULL ? exe : "");
	snprintf(snapshot->name, sizeof(snapshot->name), "%s",
	    name != NULL ? name : "");
	snapshot->began_ns = number(reading, root, "began_ns");
	snapshot->ended_ns = number(reading, root, "ended_ns");
}

static void
read_lists(struct reading *reading, json_t *root)
{
	struct snapshot *snapshot = reading->snapshot;

	if (!json_is_array(json_object_get(root, "tasks"))) {
		wrong(reading, "tasks", "is missing: this is no dump");
	}
	snapshot->tasks = read_list(reading, "tasks", read_task,
	    sizeof(*snapshot->tasks), &snapshot->task_count, root);
	sort(reading, "tasks", snapshot->tasks, snapshot->task_count,
	    sizeof(*snapshot->tasks));
	snapshot->sessions = read_list(reading, "sessions", read_session,
	    sizeof(*snapshot->sessions), &snapshot->session_count, root);
	sort(reading, "sessions", snapshot->sessions, snapshot->session_count,
	    sizeof(*snapshot->sessions));
	snapshot->channels = read_list(reading, "channels", read_channel,
	    sizeof(*snapshot->channels), &snapshot->channel_count, root);
}

struct snapshot *
json_read(struct json_reader *reader, const char *text, size_t size,
    struct failure *failure)
{
	struct reading reading = { .reader = reader, .failure = failure };
	json_error_t error;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL) {
		failure_set(failure, EXIT_FAILED, "line %d: %s", error.line,
		    error.text);
		return NULL;
	}
	reading.snapshot = memory_new(1, sizeof(*reading.snapshot));
	read_head(&reading, root);
	read_lists(&reading, root);
	json_decref(root);
	if (reading.failed) {
		snapshot_free(reading.snapshot);
		return NULL;
	}
	return reading.snapshot;
}

struct json_reader *
json_reader_new(void)
{
	return memory_new(1, sizeof(struct json_reader));
}

void
json_reader_free(struct json_reader *reader)
{
	if (reader != NULL) {
		table_clear(&reader->frames, free_place);
		free(reader);
	}
}
