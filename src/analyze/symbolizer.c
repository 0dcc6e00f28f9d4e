/*
 * symbolizer.c: what is known of one process: its objects, the places in them
 * that have been named, and the stacks that have been seen. See symbolizer.h.
 *
 * Ten thousand tasks wait in ten places. So each place is named once, and each
 * list of frames is there once; a stack that was seen before costs its
 * unwinding and one look into a table. Both are kept as long as the
 * symbolizer: their number is that of the program's call paths, not that of the
 * tasks.
 *
 * When the target loads or unloads a library, an address may come to mean
 * something else. Then places are looked up afresh; a place in an object that
 * is still there is found again under object and address, and stays the same
 * frame.
 */
#include "analyze/symbolizer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/objects.h"
#include "analyze/symbols.h"
#include "analyze/table.h"
#include "analyze/unwind.h"
#include "client/memory.h"
#include "client/process.h"

/* The frames of one address: more than one if it is in inlined functions. */
struct place {
	const struct object *object; /* or NULL */
	uint64_t pc;
	size_t count;
	struct frame frames[];
};

/* A list of frames. */
struct trace {
	size_t count;
	const struct frame *frames[];
};

struct symbolizer {
	struct objects *objects;
	struct unwinder *unwinder;
	struct table places; /* struct place by pc */
	struct table traces; /* struct trace by the hash of its frames */
	struct walk walk;    /* of the stack at hand */
};

/* Does it run as our user? Then it is another reason that keeps us out. */
static bool
is_ours(pid_t pid)
{
	struct process process;

	return process_read(pid, &process) == 0 &&
	    process.uids[0] == geteuid() && process.uids[1] == geteuid();
}

static void
fail(struct failure *failure, pid_t pid, int error)
{
	if (error == ENOENT || error == ESRCH) {
		failure_set(
		    failure, EXIT_NO_TARGET, "process %d is gone", (int) pid);
	} else if ((error == EACCES || error == EPERM) && is_ours(pid)) {
		failure_set(failure, EXIT_NO_TARGET,
		    "process %d has changed its user, so the kernel lets only "
		    "root look at it: run this as root",
		    (int) pid);
	} else if (error == EACCES || error == EPERM) {
		failure_set(failure, EXIT_NO_TARGET,
		    "process %d may not be looked at: run stranded as the "
		    "user that the process belongs to, or as root",
		    (int) pid);
	} else {
		failure_set(failure, EXIT_FAILED,
		    "cannot read the memory map of process %d: %s", (int) pid,
		    strerror(error));
	}
}

struct symbolizer *
symbolizer_new(pid_t pid, struct client *client, struct failure *failure)
{
	struct symbolizer *symbolizer;

	/* It is read when there is a stack to look up; now only the question
	   is whether it can be: ten thousand threads make it a long one. */
	if (maps_check(pid)) {
		fail(failure, pid, errno);
		return NULL;
	}
	symbolizer = memory_new(1, sizeof(*symbolizer));
	symbolizer->objects = objects_new(pid, client);
	symbolizer->unwinder = unwinder_new(symbolizer->objects);
	return symbolizer;
}

void
symbolizer_free(struct symbolizer *symbolizer)
{
	if (symbolizer) {
		table_clear(&symbolizer->traces, free);
		table_clear(&symbolizer->places, free);
		unwinder_free(symbolizer->unwinder);
		objects_free(symbolizer->objects);
		free(symbolizer);
	}
}

void
symbolizer_refresh(struct symbolizer *symbolizer)
{
	/* If it fails the target is going: what was known will have to do. */
	if (objects_refresh(symbolizer->objects) == 1) {
		unwinder_forget(symbolizer->unwinder);
	}
}

/* ---- Places ------------------------------------------------------------ */

static void
complete(struct frame *frame, const struct object *object, uint64_t pc)
{
	frame->pc = pc;
	if (object != NULL) {
		frame->module =
		    object->file->path[0] ? object->file->path : NULL;
		frame->offset = pc - object->bias;
		frame->probe = object->probe;
	}
}

static struct place *
name_place(struct object *object, uint64_t pc)
{
	struct frame frames[SYMBOLS_INLINED_MAX] = { { .pc = 0 } };
	struct place *place;
	size_t count = 1;

	if (object != NULL) {
		if (!object->symbols) {
			object->symbols = symbols_new(object);
		}
		count =
		    symbols_name(object->symbols, pc - object->bias, frames);
	}
	place = memory_new(1, sizeof(*place) + count * sizeof(*frames));
	place->object = object;
	place->pc = pc;
	place->count = count;
	for (size_t i = 0; i < count; i++) {
		complete(&frames[i], object, pc);
		place->frames[i] = frames[i];
	}
	return place;
}

static const struct place *
find_place(struct symbolizer *symbolizer, uint64_t pc)
{
	struct object *object = objects_find(symbolizer->objects, pc);
	struct place *place;
	size_t at = 0;

	while ((place = table_next(&symbolizer->places, pc, &at))) {
		if (place->object == object) {
			return place;
		}
	}
	place = name_place(object, pc);
	table_add(&symbolizer->places, pc, place);
	return place;
}

/* ---- Traces ------------------------------------------------------------ */

static uint64_t
hash_frames(const struct frame *const *frames, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ (uintptr_t) frames[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return hash;
}

static const struct trace *
intern(struct symbolizer *symbolizer, const struct frame *const *frames,
    size_t count)
{
	uint64_t hash = hash_frames(frames, count);
	struct trace *trace;
	size_t at = 0;

	while ((trace = table_next(&symbolizer->traces, hash, &at))) {
		if (trace->count == count &&
		    memcmp(trace->frames, frames, count * sizeof(*frames)) ==
			0) {
			return trace;
		}
	}
	trace = memory_new(1, sizeof(*trace) + count * sizeof(*frames));
	trace->count = count;
	memcpy(trace->frames, frames, count * sizeof(*frames));
	table_add(&symbolizer->traces, hash, trace);
	return trace;
}

/* Turns the addresses at hand into frames. */
static const struct trace *
name_walk(struct symbolizer *symbolizer)
{
	const struct walk *walk = &symbolizer->walk;
	const struct frame *frames[UNWIND_MAX * 2];
	size_t room = sizeof(frames) / sizeof(frames[0]);
	size_t count = 0;

	for (size_t i = 0; i < walk->count; i++) {
		const struct place *place =
		    find_place(symbolizer, walk->pcs[i]);

		for (size_t j = 0; j < place->count && count < room; j++) {
			frames[count++] = &place->frames[j];
		}
	}
	return intern(symbolizer, frames, count);
}

/* Gives the stack the frames of the addresses at hand. */
static void
take_walk(struct symbolizer *symbolizer, struct stack *stack)
{
	const struct trace *trace = name_walk(symbolizer);

	stack->frames = trace->frames;
	stack->frame_count = trace->count;
	stack->cut = symbolizer->walk.cut;
}

void
symbolizer_fill(struct symbolizer *symbolizer, struct stack *stack)
{
	symbolizer->walk.count = 0;
	symbolizer->walk.cut = false;
	/* A task that went on meanwhile is no longer where it was. */
	if (stack->raw.pc != 0 && !(stack->raw.flags & WIRE_STACK_MOVED)) {
		unwinder_walk(symbolizer->unwinder, stack, &symbolizer->walk);
	}
	take_walk(symbolizer, stack);
}

void
symbolizer_fill_place(struct symbolizer *symbolizer, struct stack *stack)
{
	symbolizer->walk.count = 0;
	symbolizer->walk.cut = false;
	if (stack->raw.pc != 0) {
		symbolizer->walk.pcs[symbolizer->walk.count++] =
		    stack->raw.pc - 1;
	}
	take_walk(symbolizer, stack);
}

bool
symbolizer_has_code(const struct symbolizer *symbolizer, uint64_t pc)
{
	return objects_code(symbolizer->objects, pc) != NULL;
}
