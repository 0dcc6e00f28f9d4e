/*
 * fields.h: which fields of a snapshot's structs are recorded, and how.
 *
 * One table for each struct; writing and reading both go by it, so neither can
 * forget what the other does. Tables only ever grow at their end: what an older
 * file lacks is zero, what a newer one has in addition is passed over. Verdicts
 * and relations are not recorded: they are found out again from the rest.
 */
#ifndef RECORD_FIELDS_H
#define RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "client/snapshot.h"
#include "record/pack.h"

/* Each is a letter of a table's shape, which files begin with. */
enum field_kind {
	FIELD_NUMBER = 'n',  /* unsigned, of 4 or 8 bytes */
	FIELD_NUMBERS = 'm', /* an array of such of 4 bytes */
	FIELD_BOOL = 'b',
	FIELD_SIGNED = 'i', /* of 4 or 8 bytes */
	FIELD_AGE = 'a',    /* int64_t before the snapshot; negative: unknown */
	FIELD_NAME = 'c',   /* an array of char */
	FIELD_TEXT = 't',   /* a char *, malloc'ed */
	FIELD_KEPT = 'k',   /* a const char *, the snapshot's */
	FIELD_STACK = 's',
	FIELD_CASES = 'o' /* of a select */
};

struct field {
	enum field_kind kind;
	size_t offset;
	size_t size; /* in bytes */
};

struct field_table {
	const struct field *list;
	size_t count;
	size_t size; /* of the struct */
};

/* The first field of the middle three is the id. */
enum field_struct {
	FIELDS_SNAPSHOT,
	FIELDS_TASK,
	FIELDS_SESSION,
	FIELDS_CHANNEL,
	FIELDS_STRUCTS
};

extern const struct field_table field_tables[FIELDS_STRUCTS];

/* A list of frames that stacks refer to. */
struct field_trace {
	const struct frame *const *frames;
	size_t count;
};

/* What fields refer to. */
struct field_context {
	uint64_t began_ns; /* of the snapshot */

	/* Writing: the number of a stack's frames, from 1; 0 for none. */
	uint64_t (*number)(void *argument, const struct stack *stack);
	void *argument;

	/* Reading: the snapshot that keeps texts. */
	struct snapshot *snapshot;

	/* The lists by their numbers, which begin with 1. */
	const struct field_trace *traces;
	size_t trace_count;
};

void fields_pack(struct pack *pack, enum field_struct which, const void *object,
    const struct field_context *context);

/* Fills `object`, zeroed before, from all that there is to read. */
void fields_unpack(struct unpack *unpack, enum field_struct which, void *object,
    const struct field_context *context);

/* The kinds of a table's fields as letters: FIELDS_MAX bytes. */
#define FIELDS_MAX 64
void fields_shape(enum field_struct which, char shape[FIELDS_MAX]);

#endif
