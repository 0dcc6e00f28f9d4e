/* recorder.c: see recorder.h. */
#include "record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/table.h"
#include "client/memory.h"
#include "record/fields.h"
#include "record/format.h"

#define KEY_AT_LEAST 30   /* snapshots from one key to the next, */
#define KEY_AT_MOST  1000 /* whatever they take */

/* What an object was like when it was written last. */
struct written {
	uint64_t id;
	uint64_t hash; /* of its bytes */
};

/* All objects of one kind that there were, sorted by id. */
struct written_list {
	struct written *list;
	size_t count;
	size_t room;
};

struct recorder {
	int fd;              /* -1: it has ended */
	struct pack out;     /* records to be written */
	struct pack object;  /* one of them, packed */
	struct table frames; /* numbers of frames, */
	struct table traces; /* and of their lists */
	uint64_t frame_count;
	uint64_t trace_count;
	struct written_list before[FIELDS_STRUCTS]; /* as last written */
	struct written_list after;                  /* being made */
	size_t since_key;                           /* snapshots, */
	size_t bytes;                               /* and their size; */
	size_t key_bytes;                           /* that of the key itself */
};

/* ---- Records ----------------------------------------------------------- */

/* Begins a record; the length is put in at its end. */
static size_t
begin_record(struct pack *out, enum format_type type)
{
	const uint8_t letter = (uint8_t) type;
	size_t at = out->size;

	pack_word(out, 0);
	pack_bytes(out, &letter, 1);
	return at;
}

static void
end_record(struct pack *out, size_t at)
{
	size_t size = out->size - at - FORMAT_HEAD;

	for (int i = 0; i < 4; i++) {
		out->bytes[at + (size_t) i] = (uint8_t) (size >> (8 * i));
	}
	pack_word(out, format_sum(out->bytes + at + 4, size + 1));
}

/* ---- Frames ------------------------------------------------------------ */

/* Numbers as values of a table, which may not be NULL: they begin with 1. */
static uint64_t
find_number(const struct table *table, const void *key)
{
	return (uint64_t) (uintptr_t) table_find(table, (uintptr_t) key);
}

static void
add_number(struct table *table, const void *key, uint64_t number)
{
	table_add(table, (uintptr_t) key, (void *) (uintptr_t) number);
}

static uint64_t
frame_number(struct recorder *recorder, const struct frame *frame)
{
	uint64_t number = find_number(&recorder->frames, frame);
	size_t at;

	if (number != 0) {
		return number;
	}
	at = begin_record(&recorder->out, FORMAT_FRAME);
	pack_number(&recorder->out, frame->pc);
	pack_text(&recorder->out, frame->function);
	pack_number(&recorder->out, frame->function_offset);
	pack_text(&recorder->out, frame->file);
	pack_number(&recorder->out, frame->line);
	pack_text(&recorder->out, frame->module);
	pack_number(&recorder->out, frame->offset);
	pack_number(&recorder->out,
	    (uint64_t) (frame->inlined ? FORMAT_INLINED : 0) |
		(uint64_t) (frame->probe ? FORMAT_PROBE : 0));
	end_record(&recorder->out, at);
	add_number(&recorder->frames, frame, ++recorder->frame_count);
	return recorder->frame_count;
}

/* Lists of frames are interned: the same list is the same array. */
static uint64_t
trace_number(void *argument, const struct stack *stack)
{
	struct recorder *recorder = argument;
	uint64_t number;
	size_t at;

	if (stack->frame_count == 0) {
		return 0;
	}
	number = find_number(&recorder->traces, stack->frames);
	if (number != 0) {
		return number;
	}
	for (size_t i = 0; i < stack->frame_count; i++) {
		(void) frame_number(recorder, stack->frames[i]);
	}
	at = begin_record(&recorder->out, FORMAT_TRACE);
	pack_number(&recorder->out, stack->frame_count);
	for (size_t i = 0; i < stack->frame_count; i++) {
		pack_number(
		    &recorder->out, frame_number(recorder, stack->frames[i]));
	}
	end_record(&recorder->out, at);
	add_number(&recorder->traces, stack->frames, ++recorder->trace_count);
	return recorder->trace_count;
}

/* ---- Objects ----------------------------------------------------------- */

/* Objects of one kind: an array of structs that begin with their id. */
struct objects_list {
	enum field_struct which;
	const void *first;
	size_t count;
};

static const void *
object_at(const struct objects_list *objects, size_t index)
{
	return (const char *) objects->first +
	    index * field_tables[objects->which].size;
}

static uint64_t
id_at(const struct objects_list *objects, size_t index)
{
	return *(const uint64_t *) object_at(objects, index);
}

static uint64_t
hash_bytes(const struct pack *pack)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < pack->size; i++) {
		hash = (hash ^ pack->bytes[i]) * 0x100000001b3u;
	}
	return hash;
}

/* What was written of `id`; `at` goes on from where the last one was. */
static const struct written *
find_written(const struct written_list *list, size_t *at, uint64_t id)
{
	while (*at < list->count && list->list[*at].id < id) {
		++*at;
	}
	return *at < list->count && list->list[*at].id == id ?
	    &list->list[*at] :
	    NULL;
}

/* Packs those that are new or have changed behind each other. */
static size_t
pack_changed(struct recorder *recorder, const struct objects_list *objects,
    struct field_context *context, struct pack *changed)
{
	struct written_list *after = &recorder->after;
	size_t at = 0;
	size_t count = 0;

	after->count = 0;
	for (size_t i = 0; i < objects->count; i++) {
		const struct written *before = find_written(
		    &recorder->before[objects->which], &at, id_at(objects, i));
		struct written now = { .id = id_at(objects, i) };

		recorder->object.size = 0;
		fields_pack(&recorder->object, objects->which,
		    object_at(objects, i), context);
		now.hash = hash_bytes(&recorder->object);
		after->list = memory_grow(after->list, after->count,
		    &after->room, sizeof(*after->list));
		after->list[after->count++] = now;
		if (before == NULL || before->hash != now.hash) {
			pack_number(changed, recorder->object.size);
			pack_bytes(changed, recorder->object.bytes,
			    recorder->object.size);
			count++;
		}
	}
	return count;
}

/* The ids of those that were there and are not any more. */
static size_t
pack_gone(struct recorder *recorder, const struct objects_list *objects,
    struct pack *gone)
{
	const struct written_list *before = &recorder->before[objects->which];
	size_t at = 0;
	size_t count = 0;

	for (size_t i = 0; i < before->count; i++) {
		uint64_t id = before->list[i].id;

		while (at < objects->count && id_at(objects, at) < id) {
			at++;
		}
		if (at == objects->count || id_at(objects, at) != id) {
			pack_number(gone, id);
			count++;
		}
	}
	return count;
}

/* Adds what has changed of one kind; what there is now is then "before". */
static void
pack_objects(struct recorder *recorder, const struct objects_list *objects,
    struct field_context *context, struct pack *to)
{
	struct written_list *before = &recorder->before[objects->which];
	struct written_list old;
	struct pack part = { 0 };
	size_t count = pack_changed(recorder, objects, context, &part);

	pack_number(to, count);
	pack_bytes(to, part.bytes, part.size);
	part.size = 0;
	count = pack_gone(recorder, objects, &part);
	pack_number(to, count);
	pack_bytes(to, part.bytes, part.size);
	pack_fini(&part);
	old = *before;
	*before = recorder->after;
	recorder->after = old;
}

/* ---- Snapshots --------------------------------------------------------- */

static bool
is_key(const struct recorder *recorder)
{
	return recorder->since_key == 0 || recorder->since_key >= KEY_AT_MOST ||
	    (recorder->since_key >= KEY_AT_LEAST &&
		recorder->bytes > recorder->key_bytes);
}

static void
pack_head(struct pack *to, const struct snapshot *snapshot, bool key,
    const struct field_context *context)
{
	struct pack fields = { 0 };

	pack_number(to, key ? FORMAT_KEY : 0);
	pack_number(to, snapshot->began_ns);
	fields_pack(&fields, FIELDS_SNAPSHOT, snapshot, context);
	pack_number(to, fields.size);
	pack_bytes(to, fields.bytes, fields.size);
	pack_fini(&fields);
	pack_number(to, snapshot->uncovered_count);
	for (size_t i = 0; i < snapshot->uncovered_count; i++) {
		pack_number(to, snapshot->uncovered[i].tid);
		pack_text(to, snapshot->uncovered[i].why);
	}
}

static void
pack_snapshot(struct recorder *recorder, const struct snapshot *snapshot,
    bool key, struct pack *to)
{
	struct field_context context = {
		.began_ns = snapshot->began_ns,
		.number = trace_number,
		.argument = recorder,
	};
	const struct objects_list kinds[] = {
		{ FIELDS_TASK, snapshot->tasks, snapshot->task_count },
		{ FIELDS_SESSION, snapshot->sessions, snapshot->session_count },
		{ FIELDS_CHANNEL, snapshot->channels, snapshot->channel_count },
	};

	pack_head(to, snapshot, key, &context);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (key) {
			recorder->before[kinds[i].which].count = 0;
		}
		pack_objects(recorder, &kinds[i], &context, to);
	}
}

/* ---- The file ---------------------------------------------------------- */

/* Ends the recording; returns the error for the caller to return. */
static int
give_up(struct recorder *recorder, int error)
{
	if (recorder->fd >= 0) {
		close(recorder->fd);
	}
	recorder->fd = -1;
	return error;
}

static int
write_out(struct recorder *recorder)
{
	const uint8_t *at = recorder->out.bytes;
	size_t left = recorder->out.size;

	recorder->out.size = 0;
	while (left > 0) {
		ssize_t written = write(recorder->fd, at, left);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return give_up(recorder, written < 0 ? errno : EIO);
		}
		at += written;
		left -= (size_t) written;
	}
	return 0;
}

struct recorder *
recorder_open(const char *path, struct failure *failure)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct recorder *recorder;

	if (fd < 0) {
		failure_set(failure, EXIT_FAILED, "cannot record to %s: %s%s",
		    path, strerror(errno),
		    errno == EEXIST ? " (choose another name)" : "");
		return NULL;
	}
	recorder = memory_new(1, sizeof(*recorder));
	recorder->fd = fd;
	pack_bytes(&recorder->out, FORMAT_MAGIC, FORMAT_MAGIC_SIZE);
	return recorder;
}

void
recorder_close(struct recorder *recorder)
{
	if (recorder == NULL) {
		return;
	}
	(void) give_up(recorder, 0);
	table_clear(&recorder->frames, NULL);
	table_clear(&recorder->traces, NULL);
	for (size_t i = 0; i < FIELDS_STRUCTS; i++) {
		free(recorder->before[i].list);
	}
	free(recorder->after.list);
	pack_fini(&recorder->object);
	pack_fini(&recorder->out);
	free(recorder);
}

void
recorder_watch(struct recorder *recorder, pid_t pid, uint64_t start_ns)
{
	size_t at = begin_record(&recorder->out, FORMAT_PROCESS);

	pack_number(&recorder->out, FORMAT_VERSION);
	pack_number(&recorder->out, (uint64_t) pid);
	pack_number(&recorder->out, start_ns);
	for (int i = 0; i < FIELDS_STRUCTS; i++) {
		char shape[FIELDS_MAX];

		fields_shape((enum field_struct) i, shape);
		pack_text(&recorder->out, shape);
	}
	end_record(&recorder->out, at);
	table_clear(&recorder->frames, NULL);
	table_clear(&recorder->traces, NULL);
	recorder->frame_count = recorder->trace_count = 0;
	recorder->since_key = 0;
}

int
recorder_add(struct recorder *recorder, const struct snapshot *snapshot)
{
	struct pack content = { 0 };
	bool key = is_key(recorder);
	size_t size;
	size_t at;

	if (recorder->fd < 0) {
		return EBADF;
	}
	/* Packing adds records of frames: this one comes after them. */
	pack_snapshot(recorder, snapshot, key, &content);
	size = content.size;
	at = begin_record(&recorder->out, FORMAT_SNAPSHOT);
	pack_bytes(&recorder->out, content.bytes, content.size);
	end_record(&recorder->out, at);
	pack_fini(&content);
	if (key) {
		recorder->since_key = recorder->bytes = 0;
		recorder->key_bytes = size;
	}
	recorder->since_key++;
	recorder->bytes += key ? 0 : size;
	return write_out(recorder);
}
