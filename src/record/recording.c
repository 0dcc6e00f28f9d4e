/*
 * recording.c: see recording.h.
 *
 * Opening reads the file once from end to end: it checks each record, makes the
 * frames and traces, and notes where the snapshots are. A snapshot is then made
 * from the key before it and the changes since; of each object only the newest
 * bytes are kept until all of them are known, and unpacked then.
 */
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/relate.h"
#include "record/fields.h"
#include "record/format.h"
#include "record/pack.h"

#define TRACE_MAX 4096 /* frames of one list */
#define NONE      SIZE_MAX

/* One process: frames and traces are counted within it. */
struct segment {
	pid_t pid;
	uint64_t start_ns;
	size_t frames; /* number of the first, in all */
	size_t traces;
};

/* Where a snapshot is. */
struct place {
	const uint8_t *bytes; /* the record's content */
	size_t size;
	uint64_t began_ns;
	size_t segment; /* which of them */
	size_t traces;  /* how many there were by then, in all */
	bool key;
};

/* The newest bytes of one object. */
struct piece {
	uint64_t id;
	const uint8_t *bytes;
	size_t size;
};

/* All objects of one kind, sorted by id. */
struct pieces {
	struct piece *list;
	size_t count;
	size_t room;
};

struct recording {
	void *map; /* of the file; NULL: the bytes are somebody else's */
	size_t map_size;
	struct frame **frames;
	size_t frame_count;
	size_t frame_room;
	struct field_trace *traces;
	size_t trace_count;
	size_t trace_room;
	struct segment *segments;
	size_t segment_count;
	size_t segment_room;
	struct place *places;
	size_t place_count;
	size_t place_room;
	size_t at; /* the snapshot that the pieces are of, or NONE */
	struct pieces pieces[FIELDS_STRUCTS];
};

/* ---- Opening: frames and traces ---------------------------------------- */

static struct segment *
last_segment(struct recording *recording)
{
	return recording->segment_count > 0 ?
	    &recording->segments[recording->segment_count - 1] :
	    NULL;
}

/* Has the file the fields that we know, as far as it has any? */
static bool
has_our_shape(struct unpack *in)
{
	for (int i = 0; i < FIELDS_STRUCTS; i++) {
		char ours[FIELDS_MAX];
		char *theirs = unpack_text(in);
		size_t length = theirs != NULL ? strlen(theirs) : 0;
		bool same;

		fields_shape((enum field_struct) i, ours);
		if (length > strlen(ours)) {
			length = strlen(ours);
		}
		same = theirs != NULL && strncmp(theirs, ours, length) == 0;
		free(theirs);
		if (!same) {
			return false;
		}
	}
	return true;
}

static bool
take_process(struct recording *recording, struct unpack *in)
{
	struct segment segment = {
		.frames = recording->frame_count,
		.traces = recording->trace_count,
	};

	if (unpack_number(in) != FORMAT_VERSION) {
		return false;
	}
	segment.pid = (pid_t) (unpack_number(in) & INT32_MAX);
	segment.start_ns = unpack_number(in);
	if (!has_our_shape(in) || in->failed) {
		return false;
	}
	recording->segments =
	    memory_grow(recording->segments, recording->segment_count,
		&recording->segment_room, sizeof(segment));
	recording->segments[recording->segment_count++] = segment;
	return true;
}

static bool
take_frame(struct recording *recording, struct unpack *in)
{
	struct frame *frame = memory_new(1, sizeof(*frame));
	uint64_t flags;

	frame->pc = unpack_number(in);
	frame->function = unpack_text(in);
	frame->function_offset = unpack_number(in);
	frame->file = unpack_text(in);
	frame->line = (unsigned int) unpack_number(in);
	frame->module = unpack_text(in);
	frame->offset = unpack_number(in);
	flags = unpack_number(in);
	frame->inlined = flags & FORMAT_INLINED;
	frame->probe = flags & FORMAT_PROBE;
	recording->frames = memory_grow(recording->frames,
	    recording->frame_count, &recording->frame_room, sizeof(frame));
	recording->frames[recording->frame_count++] = frame;
	return !in->failed;
}

static bool
take_trace(struct recording *recording, struct unpack *in)
{
	const struct segment *segment = last_segment(recording);
	size_t known = recording->frame_count - segment->frames;
	uint64_t count = unpack_number(in);
	const struct frame **frames;

	if (count > TRACE_MAX || count > (uint64_t) (in->end - in->at)) {
		return false;
	}
	frames = memory_new((size_t) count, sizeof(struct frame *));
	recording->traces =
	    memory_grow(recording->traces, recording->trace_count,
		&recording->trace_room, sizeof(*recording->traces));
	recording->traces[recording->trace_count++] =
	    (struct field_trace) { frames, (size_t) count };
	for (size_t i = 0; i < count; i++) {
		uint64_t number = unpack_number(in);

		if (number == 0 || number > known) {
			return false;
		}
		frames[i] =
		    recording->frames[segment->frames + (size_t) number - 1];
	}
	return true;
}

/* ---- Opening: snapshots ------------------------------------------------ */

/* Notes where it is. The first of a process must be a key. */
static bool
take_snapshot(struct recording *recording, struct unpack *in)
{
	struct place place = {
		.bytes = in->at,
		.size = (size_t) (in->end - in->at),
		.segment = recording->segment_count - 1,
		.traces = recording->trace_count,
	};

	place.key = unpack_number(in) & FORMAT_KEY;
	place.began_ns = unpack_number(in);
	if (in->failed ||
	    (!place.key &&
		(recording->place_count == 0 ||
		    recording->places[recording->place_count - 1].segment !=
			place.segment))) {
		return false;
	}
	recording->places = memory_grow(recording->places,
	    recording->place_count, &recording->place_room, sizeof(place));
	recording->places[recording->place_count++] = place;
	return true;
}

static bool
take_record(
    struct recording *recording, enum format_type type, struct unpack *in)
{
	if (type == FORMAT_PROCESS) {
		return take_process(recording, in);
	}
	if (last_segment(recording) == NULL) {
		return false;
	}
	switch (type) {
	case FORMAT_FRAME:
		return take_frame(recording, in);
	case FORMAT_TRACE:
		return take_trace(recording, in);
	case FORMAT_SNAPSHOT:
		return take_snapshot(recording, in);
	default:
		return true; /* of a later version */
	}
}

/* The next whole record; false at the end of what is whole. */
static bool
next_record(struct unpack *file, struct unpack *content, uint8_t *type)
{
	uint32_t size = unpack_word(file);
	const uint8_t *bytes =
	    file->failed ? NULL : unpack_bytes(file, (uint64_t) size + 1);
	uint32_t sum = unpack_word(file);

	if (bytes == NULL || file->failed ||
	    sum != format_sum(bytes, (size_t) size + 1)) {
		return false;
	}
	*type = bytes[0];
	*content = (struct unpack) { .at = bytes + 1, .end = bytes + 1 + size };
	return true;
}

struct recording *
recording_parse(const uint8_t *bytes, size_t size, struct failure *failure)
{
	struct recording *recording = memory_new(1, sizeof(*recording));
	struct unpack file = { .at = bytes, .end = bytes + size };
	const uint8_t *magic = unpack_bytes(&file, FORMAT_MAGIC_SIZE);
	struct unpack content;
	uint8_t type;

	recording->at = NONE;
	if (magic == NULL ||
	    memcmp(magic, FORMAT_MAGIC, FORMAT_MAGIC_SIZE) != 0) {
		failure_set(
		    failure, EXIT_FAILED, "it does not begin as recordings do");
		recording_close(recording);
		return NULL;
	}
	while (next_record(&file, &content, &type) &&
	    take_record(recording, type, &content)) {
		continue;
	}
	if (recording->place_count == 0) {
		failure_set(failure, EXIT_FAILED, "%s",
		    recording->segment_count == 0 ?
			"another version of stranded has written it" :
			"there is not one snapshot in it");
		recording_close(recording);
		return NULL;
	}
	return recording;
}

/* ---- The file ---------------------------------------------------------- */

static int
map_file(const char *path, void **map, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int error = 0;

	if (fd < 0) {
		return errno;
	}
	if (fstat(fd, &status) != 0) {
		error = errno;
	} else if (!S_ISREG(status.st_mode) || status.st_size == 0) {
		error = EINVAL;
	} else {
		*size = (size_t) status.st_size;
		*map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
		error = *map == MAP_FAILED ? errno : 0;
	}
	close(fd);
	return error;
}

struct recording *
recording_open(const char *path, struct failure *failure)
{
	struct recording *recording;
	struct failure inner;
	size_t size = 0;
	void *map = NULL;
	int error = map_file(path, &map, &size);

	if (error != 0) {
		failure_set(failure, EXIT_FAILED, "cannot read %s: %s", path,
		    error == EINVAL ? "it is no file, or empty" :
				      strerror(error));
		return NULL;
	}
	recording = recording_parse(map, size, &inner);
	if (recording == NULL) {
		failure_set(failure, EXIT_FAILED, "%s is no recording: %s",
		    path, inner.text);
		munmap(map, size);
		return NULL;
	}
	recording->map = map;
	recording->map_size = size;
	return recording;
}

bool
recording_is_one(const char *path)
{
	char magic[FORMAT_MAGIC_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	bool is;

	if (fd < 0) {
		return false;
	}
	is = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    memcmp(magic, FORMAT_MAGIC, sizeof(magic)) == 0;
	close(fd);
	return is;
}

void
recording_close(struct recording *recording)
{
	if (recording == NULL) {
		return;
	}
	for (size_t i = 0; i < recording->frame_count; i++) {
		free((char *) recording->frames[i]->function);
		free((char *) recording->frames[i]->file);
		free((char *) recording->frames[i]->module);
		free(recording->frames[i]);
	}
	for (size_t i = 0; i < recording->trace_count; i++) {
		free((void *) recording->traces[i].frames);
	}
	for (size_t i = 0; i < FIELDS_STRUCTS; i++) {
		free(recording->pieces[i].list);
	}
	if (recording->map != NULL) {
		munmap(recording->map, recording->map_size);
	}
	free(recording->frames);
	free(recording->traces);
	free(recording->segments);
	free(recording->places);
	free(recording);
}

size_t
recording_count(const struct recording *recording)
{
	return recording->place_count;
}

struct recording_moment
recording_moment(const struct recording *recording, size_t index)
{
	const struct place *place = &recording->places[index];
	const struct segment *segment = &recording->segments[place->segment];

	return (struct recording_moment) { place->began_ns, segment->pid,
		segment->start_ns };
}

/* ---- Loading: which objects there are ---------------------------------- */

/* The next changed object; false if there is none, or no sense in it. */
static bool
next_piece(struct unpack *in, struct piece *piece)
{
	uint64_t size = unpack_number(in);
	const uint8_t *bytes = unpack_bytes(in, size);
	struct unpack fields;

	if (bytes == NULL) {
		return false;
	}
	fields = (struct unpack) { .at = bytes, .end = bytes + size };
	piece->id = unpack_number(&fields);
	piece->bytes = bytes;
	piece->size = (size_t) size;
	return !fields.failed;
}

static int
compare_pieces(const void *a, const void *b)
{
	uint64_t x = ((const struct piece *) a)->id;
	uint64_t y = ((const struct piece *) b)->id;

	return (x > y) - (x < y);
}

/* Reads those that have changed; in order, whatever the file's is. */
static bool
read_changed(struct unpack *in, struct pieces *changed)
{
	uint64_t count = unpack_number(in);

	for (uint64_t i = 0; i < count; i++) {
		struct piece piece;

		if (!next_piece(in, &piece)) {
			return false;
		}
		changed->list = memory_grow(changed->list, changed->count,
		    &changed->room, sizeof(piece));
		changed->list[changed->count++] = piece;
	}
	if (changed->count > 0) {
		qsort(changed->list, changed->count, sizeof(*changed->list),
		    compare_pieces);
	}
	return !in->failed;
}

/* Adds a piece to a list in order; of two with one id the later stays. */
static void
add_piece(struct pieces *pieces, struct piece piece)
{
	if (pieces->count > 0 &&
	    pieces->list[pieces->count - 1].id == piece.id) {
		pieces->count--;
	}
	pieces->list = memory_grow(
	    pieces->list, pieces->count, &pieces->room, sizeof(piece));
	pieces->list[pieces->count++] = piece;
}

/* Both lists are sorted, and so is what they become. */
static void
merge(struct pieces *pieces, const struct pieces *changed)
{
	struct pieces merged = { 0 };
	size_t old = 0;
	size_t new = 0;

	while (old < pieces->count || new < changed->count) {
		bool take_old = new == changed->count ||
		    (old < pieces->count &&
			pieces->list[old].id <= changed->list[new].id);

		add_piece(&merged,
		    take_old ? pieces->list[old++] : changed->list[new ++]);
	}
	free(pieces->list);
	*pieces = merged;
}

/* Drops those whose ids follow, in ascending order. */
static bool
drop_gone(struct unpack *in, struct pieces *pieces)
{
	uint64_t count = unpack_number(in);
	size_t kept = 0;
	size_t at = 0;

	for (uint64_t i = 0; i < count && !in->failed; i++) {
		uint64_t id = unpack_number(in);

		while (at < pieces->count && pieces->list[at].id < id) {
			pieces->list[kept++] = pieces->list[at++];
		}
		if (at < pieces->count && pieces->list[at].id == id) {
			at++;
		}
	}
	while (at < pieces->count) {
		pieces->list[kept++] = pieces->list[at++];
	}
	pieces->count = kept;
	return !in->failed;
}

static bool
apply_objects(struct unpack *in, struct pieces *pieces)
{
	struct pieces changed = { 0 };
	bool sane = read_changed(in, &changed);

	if (sane) {
		merge(pieces, &changed);
		sane = drop_gone(in, pieces);
	}
	free(changed.list);
	return sane;
}

/* ---- Loading: what stands before them ---------------------------------- */

/* Reads it, into the snapshot if there is one. */
static bool
read_head(
    struct unpack *in, struct snapshot *snapshot, struct field_context *context)
{
	uint64_t size;
	const uint8_t *bytes;
	struct unpack fields = { 0 };

	(void) unpack_number(in); /* flags */
	context->began_ns = unpack_number(in);
	size = unpack_number(in);
	bytes = unpack_bytes(in, size);
	if (bytes != NULL && snapshot != NULL) {
		fields = (struct unpack) { .at = bytes, .end = bytes + size };
		snapshot->began_ns = context->began_ns;
		fields_unpack(&fields, FIELDS_SNAPSHOT, snapshot, context);
	}
	return bytes != NULL && !fields.failed;
}

static bool
read_uncovered(struct unpack *in, struct snapshot *snapshot)
{
	uint64_t count = unpack_number(in);
	size_t room = 0;

	for (uint64_t i = 0; i < count && !in->failed; i++) {
		uint32_t tid = (uint32_t) unpack_number(in);
		char *why = unpack_text(in);

		if (snapshot == NULL) {
			free(why);
			continue;
		}
		snapshot->uncovered =
		    memory_grow(snapshot->uncovered, snapshot->uncovered_count,
			&room, sizeof(*snapshot->uncovered));
		snapshot->uncovered[snapshot->uncovered_count++] =
		    (struct uncovered) { tid,
			    why != NULL ? snapshot_keep(snapshot, why) : "" };
	}
	return !in->failed;
}

/* Brings the pieces up to a snapshot; what stands before them, into `head`. */
static bool
apply(struct recording *recording, size_t index, struct snapshot *head,
    struct field_context *context)
{
	const struct place *place = &recording->places[index];
	struct unpack in = { .at = place->bytes,
		.end = place->bytes + place->size };

	if (!read_head(&in, head, context) || !read_uncovered(&in, head)) {
		return false;
	}
	for (int i = FIELDS_TASK; i < FIELDS_STRUCTS; i++) {
		if (place->key) {
			recording->pieces[i].count = 0;
		}
		if (!apply_objects(&in, &recording->pieces[i])) {
			return false;
		}
	}
	recording->at = index;
	return true;
}

/* ---- Loading: the snapshot --------------------------------------------- */

/* What could not be had of a text or a number is made harmless. */
static void
mend_session(struct session *session)
{
	if (session->name == NULL) {
		session->name = memory_print("%s", "");
	}
	if (session->state > SESSION_CLOSED) {
		session->state = SESSION_OPEN;
	}
	if (session->kind < WIRE_SESSION_ACCEPTED ||
	    session->kind > WIRE_SESSION_INHERITED) {
		session->kind = WIRE_SESSION_ACCEPTED;
	}
}

/* Unpacks all objects of one kind into an array. */
static void *
unpack_all(const struct pieces *pieces, enum field_struct which,
    const struct field_context *context)
{
	size_t size = field_tables[which].size;
	char *array = memory_new(pieces->count, size);

	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->list[i];
		struct unpack fields = { .at = piece->bytes,
			.end = piece->bytes + piece->size };

		fields_unpack(&fields, which, array + i * size, context);
	}
	return array;
}

static void
unpack_objects(const struct recording *recording, struct snapshot *snapshot,
    const struct field_context *context)
{
	const struct pieces *pieces = recording->pieces;

	snapshot->tasks =
	    unpack_all(&pieces[FIELDS_TASK], FIELDS_TASK, context);
	snapshot->task_count = pieces[FIELDS_TASK].count;
	snapshot->sessions =
	    unpack_all(&pieces[FIELDS_SESSION], FIELDS_SESSION, context);
	snapshot->session_count = pieces[FIELDS_SESSION].count;
	snapshot->channels =
	    unpack_all(&pieces[FIELDS_CHANNEL], FIELDS_CHANNEL, context);
	snapshot->channel_count = pieces[FIELDS_CHANNEL].count;
	for (size_t i = 0; i < snapshot->session_count; i++) {
		mend_session(&snapshot->sessions[i]);
	}
}

/* The key that a snapshot goes by, or the pieces if they are nearer. */
static size_t
start_of(const struct recording *recording, size_t index)
{
	size_t key = index;

	while (!recording->places[key].key) {
		key--;
	}
	return recording->at != NONE && recording->at >= key &&
		recording->at < index ?
	    recording->at + 1 :
	    key;
}

struct snapshot *
recording_load(struct recording *recording, size_t index)
{
	const struct place *place = &recording->places[index];
	size_t first_trace = recording->segments[place->segment].traces;
	struct field_context context = {
		.traces = place->traces > first_trace ?
		    &recording->traces[first_trace] :
		    NULL,
		.trace_count = place->traces - first_trace,
	};
	struct snapshot *snapshot = memory_new(1, sizeof(*snapshot));

	context.snapshot = snapshot;
	for (size_t i = start_of(recording, index); i <= index; i++) {
		/* What makes no sense is left out, as if it were not there. */
		if (!apply(
			recording, i, i == index ? snapshot : NULL, &context)) {
			recording->at = NONE;
		}
	}
	snapshot->pid = recording->segments[place->segment].pid;
	snapshot->began_ns = context.began_ns = place->began_ns;
	unpack_objects(recording, snapshot, &context);
	if (snapshot->exe == NULL) {
		snapshot->exe = memory_print("%s", "");
	}
	relate_snapshot(snapshot);
	return snapshot;
}

struct snapshot *
recording_snapshot(const char *path, size_t moment,
    struct recording **recording, struct failure *failure)
{
	size_t count;

	*recording = recording_open(path, failure);
	if (*recording == NULL) {
		return NULL;
	}
	count = recording_count(*recording);
	if (moment > count) {
		failure_set(failure, EXIT_USAGE,
		    "there are only %zu moments in %s", count, path);
		recording_close(*recording);
		*recording = NULL;
		return NULL;
	}
	return recording_load(*recording, moment > 0 ? moment - 1 : count - 1);
}
