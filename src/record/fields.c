/* fields.c: see fields.h. */
#include "record/fields.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

#define FIELD(type, kind, member)                                              \
	{                                                                      \
		kind, offsetof(struct type, member),                           \
		    sizeof(((struct type *) NULL)->member)                     \
	}
#define TABLE(type, list)                                                      \
	{                                                                      \
		list, sizeof(list) / sizeof((list)[0]), sizeof(struct type)    \
	}

static const struct field snapshot_fields[] = {
	FIELD(snapshot, FIELD_NUMBER, dump_id),
	FIELD(snapshot, FIELD_SIGNED, pid),
	FIELD(snapshot, FIELD_TEXT, exe),
	FIELD(snapshot, FIELD_NAME, name),
	FIELD(snapshot, FIELD_NUMBER, ended_ns),
	FIELD(snapshot, FIELD_SIGNED, began_unix_ns),
	FIELD(snapshot, FIELD_NUMBER, counts.tasks),
	FIELD(snapshot, FIELD_NUMBER, counts.sessions),
	FIELD(snapshot, FIELD_NUMBER, counts.sessions_opened),
	FIELD(snapshot, FIELD_NUMBER, counts.sessions_closed),
	FIELD(snapshot, FIELD_NUMBERS, counts.by_state),
};

static const struct field task_fields[] = {
	FIELD(task, FIELD_NUMBER, id),
	FIELD(task, FIELD_NUMBER, tid),
	FIELD(task, FIELD_NAME, name),
	FIELD(task, FIELD_NUMBER, state),
	FIELD(task, FIELD_NUMBER, flags),
	FIELD(task, FIELD_NUMBER, wait_seq),
	FIELD(task, FIELD_AGE, since_ns),
	FIELD(task, FIELD_AGE, created_ns),
	FIELD(task, FIELD_NUMBER, created_by_id),
	FIELD(task, FIELD_NUMBER, object),
	FIELD(task, FIELD_NUMBER, thread),
	FIELD(task, FIELD_NUMBER, holder_tid),
	FIELD(task, FIELD_NUMBER, call),
	FIELD(task, FIELD_NUMBER, session),
	FIELD(task, FIELD_CASES, cases),
	FIELD(task, FIELD_STACK, stack),
	FIELD(task, FIELD_STACK, created_by),
	FIELD(task, FIELD_NAME, label),
	FIELD(task, FIELD_KEPT, fd_name),
};

static const struct field session_fields[] = {
	FIELD(session, FIELD_NUMBER, id),
	FIELD(session, FIELD_NUMBER, kind),
	FIELD(session, FIELD_TEXT, name),
	FIELD(session, FIELD_SIGNED, fd),
	FIELD(session, FIELD_NUMBER, fds),
	FIELD(session, FIELD_NUMBER, inode),
	FIELD(session, FIELD_NUMBER, from),
	FIELD(session, FIELD_NUMBER, state),
	FIELD(session, FIELD_AGE, opened_ns),
	FIELD(session, FIELD_AGE, used_ns),
	FIELD(session, FIELD_AGE, peer_closed_ns),
	FIELD(session, FIELD_NUMBER, user),
	FIELD(session, FIELD_NUMBER, closer),
	FIELD(session, FIELD_STACK, opened_by),
};

static const struct field channel_fields[] = {
	FIELD(channel, FIELD_NUMBER, id),
	FIELD(channel, FIELD_NUMBER, object),
	FIELD(channel, FIELD_NUMBER, length),
	FIELD(channel, FIELD_NUMBER, capacity),
	FIELD(channel, FIELD_BOOL, closed),
	FIELD(channel, FIELD_AGE, created_ns),
	FIELD(channel, FIELD_STACK, created_by),
	FIELD(channel, FIELD_NUMBER, sender.task),
	FIELD(channel, FIELD_BOOL, sender.told),
	FIELD(channel, FIELD_BOOL, sender.ended),
	FIELD(channel, FIELD_STACK, sender.place),
	FIELD(channel, FIELD_NUMBER, receiver.task),
	FIELD(channel, FIELD_BOOL, receiver.told),
	FIELD(channel, FIELD_BOOL, receiver.ended),
	FIELD(channel, FIELD_STACK, receiver.place),
};

const struct field_table field_tables[FIELDS_STRUCTS] = {
	[FIELDS_SNAPSHOT] = TABLE(snapshot, snapshot_fields),
	[FIELDS_TASK] = TABLE(task, task_fields),
	[FIELDS_SESSION] = TABLE(session, session_fields),
	[FIELDS_CHANNEL] = TABLE(channel, channel_fields),
};

void
fields_shape(enum field_struct which, char shape[FIELDS_MAX])
{
	const struct field_table *table = &field_tables[which];
	size_t i;

	for (i = 0; i < table->count && i < FIELDS_MAX - 1; i++) {
		shape[i] = (char) table->list[i].kind;
	}
	shape[i] = '\0';
}

/* ---- Numbers of any size ----------------------------------------------- */

static uint64_t
load(const void *at, size_t size)
{
	return size == 4 ? *(const uint32_t *) at : *(const uint64_t *) at;
}

static void
store(void *at, size_t size, uint64_t number)
{
	if (size == 4) {
		*(uint32_t *) at = (uint32_t) number;
	} else {
		*(uint64_t *) at = number;
	}
}

/* Small ones, of either sign, become small numbers. */
static uint64_t
fold(int64_t number)
{
	return (uint64_t) number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t
unfold(uint64_t number)
{
	return (int64_t) (number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

/* ---- Writing ----------------------------------------------------------- */

/* The moment itself, plus 1: as long as that is the same, so is the field. */
static void
pack_age(struct pack *pack, int64_t age, const struct field_context *context)
{
	uint64_t began = context->began_ns;
	uint64_t moment = (uint64_t) age < began ? began - (uint64_t) age : 0;

	pack_number(pack, age < 0 ? 0 : moment + 1);
}

static void
pack_stack(struct pack *pack, const struct stack *stack,
    const struct field_context *context)
{
	pack_number(pack, context->number(context->argument, stack));
	pack_number(pack, (uint64_t) stack->raw.flags << 1 | stack->cut);
	pack_number(pack, stack->raw.leaf_pc);
}

static void
pack_cases(struct pack *pack, const struct task *task)
{
	pack_number(pack, task->case_count);
	for (size_t i = 0; i < task->case_count; i++) {
		pack_number(pack, task->cases[i].object);
		pack_number(pack, task->cases[i].state);
	}
}

static void
pack_field(struct pack *pack, const struct field *field, const void *object,
    const struct field_context *context)
{
	const void *at = (const char *) object + field->offset;

	switch (field->kind) {
	case FIELD_NUMBER:
		pack_number(pack, load(at, field->size));
		break;
	case FIELD_BOOL:
		pack_number(pack, *(const bool *) at);
		break;
	case FIELD_NUMBERS:
		for (size_t i = 0; i < field->size; i += 4) {
			pack_number(pack, load((const char *) at + i, 4));
		}
		break;
	case FIELD_SIGNED:
		pack_number(pack,
		    fold(field->size == 4 ? (int32_t) load(at, 4) :
					    (int64_t) load(at, 8)));
		break;
	case FIELD_AGE:
		pack_age(pack, *(const int64_t *) at, context);
		break;
	case FIELD_NAME:
		pack_text(pack, at);
		break;
	case FIELD_TEXT:
	case FIELD_KEPT:
		pack_text(pack, *(char *const *) at);
		break;
	case FIELD_STACK:
		pack_stack(pack, at, context);
		break;
	case FIELD_CASES:
		pack_cases(pack, object);
		break;
	}
}

void
fields_pack(struct pack *pack, enum field_struct which, const void *object,
    const struct field_context *context)
{
	const struct field_table *table = &field_tables[which];

	for (size_t i = 0; i < table->count; i++) {
		pack_field(pack, &table->list[i], object, context);
	}
}

/* ---- Reading ----------------------------------------------------------- */

static int64_t
unpack_age(struct unpack *unpack, const struct field_context *context)
{
	uint64_t moment = unpack_number(unpack);
	uint64_t age;

	if (moment == 0) {
		return -1;
	}
	age =
	    moment - 1 < context->began_ns ? context->began_ns - moment + 1 : 0;
	return age < INT64_MAX ? (int64_t) age : INT64_MAX;
}

static void
unpack_stack(struct unpack *unpack, struct stack *stack,
    const struct field_context *context)
{
	uint64_t number = unpack_number(unpack);
	uint64_t flags = unpack_number(unpack);

	stack->raw.leaf_pc = unpack_number(unpack);
	stack->raw.flags = (uint32_t) (flags >> 1);
	stack->cut = flags & 1;
	if (number > 0 && number <= context->trace_count) {
		stack->frames = context->traces[number - 1].frames;
		stack->frame_count = context->traces[number - 1].count;
	} else if (number > 0) {
		unpack->failed = true;
	}
}

static void
unpack_cases(struct unpack *unpack, struct task *task)
{
	uint64_t count = unpack_number(unpack);

	if (count > WIRE_CASES_MAX) {
		unpack->failed = true;
		return;
	}
	if (count > 0) {
		task->cases = memory_new((size_t) count, sizeof(*task->cases));
		task->case_count = (size_t) count;
	}
	for (size_t i = 0; i < task->case_count; i++) {
		task->cases[i].object = unpack_number(unpack);
		task->cases[i].state = (uint32_t) unpack_number(unpack);
	}
}

static void
unpack_name(struct unpack *unpack, char *name, size_t size)
{
	char *text = unpack_text(unpack);

	if (text != NULL) {
		/* As it was, or else cut where it may be cut. */
		size_t length = strnlen(text, size - 1);

		memcpy(name, text, length);
		name[length] = '\0';
		free(text);
	}
}

static void
unpack_kept(struct unpack *unpack, const char **kept,
    const struct field_context *context)
{
	char *text = unpack_text(unpack);

	if (text != NULL) {
		*kept = snapshot_keep(context->snapshot, text);
	}
}

static void
unpack_field(struct unpack *unpack, const struct field *field, void *object,
    const struct field_context *context)
{
	void *at = (char *) object + field->offset;

	switch (field->kind) {
	case FIELD_NUMBER:
		store(at, field->size, unpack_number(unpack));
		break;
	case FIELD_BOOL:
		*(bool *) at = unpack_number(unpack) != 0;
		break;
	case FIELD_NUMBERS:
		for (size_t i = 0; i < field->size; i += 4) {
			store((char *) at + i, 4, unpack_number(unpack));
		}
		break;
	case FIELD_SIGNED:
		store(
		    at, field->size, (uint64_t) unfold(unpack_number(unpack)));
		break;
	case FIELD_AGE:
		*(int64_t *) at = unpack_age(unpack, context);
		break;
	case FIELD_NAME:
		unpack_name(unpack, at, field->size);
		break;
	case FIELD_TEXT:
		*(char **) at = unpack_text(unpack);
		break;
	case FIELD_KEPT:
		unpack_kept(unpack, at, context);
		break;
	case FIELD_STACK:
		unpack_stack(unpack, at, context);
		break;
	case FIELD_CASES:
		unpack_cases(unpack, object);
		break;
	}
}

void
fields_unpack(struct unpack *unpack, enum field_struct which, void *object,
    const struct field_context *context)
{
	const struct field_table *table = &field_tables[which];

	for (size_t i = 0; i < table->count && unpack->at < unpack->end; i++) {
		unpack_field(unpack, &table->list[i], object, context);
	}
}
