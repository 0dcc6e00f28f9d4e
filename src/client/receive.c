/*
 * receive.c: see receive.h.
 *
 * Stacks are most of what comes. Their bytes go into a few large blocks, not
 * into memory of their own, and are let go of together once they are unwound.
 */
#include "client/receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "client/sockets.h"
#include "client/text.h"

/* Far beyond what a process can have, and still what a machine can bear. */
#define RECORDS_MAX (1u << 21)
#define BYTES_MAX   (UINT64_C(1) << 30)
#define TIME_MAX_MS (60 * 1000)

#define BLOCK_SIZE ((size_t) 4 << 20)

struct receiver {
	struct snapshot *snapshot;
	int64_t deadline; /* for all of it, of stream_now() */
	uint64_t bytes;   /* received so far */
	size_t records;
	size_t task_room; /* capacities of the snapshot's arrays */
	size_t session_room;
	size_t channel_room;
	size_t uncovered_room;
	size_t block_room;
	size_t block_used; /* of the last block */
};

/* How long before the snapshot's begin `when` was; 0 if it was after. */
static int64_t
age(const struct receiver *receiver, uint64_t when)
{
	uint64_t began = receiver->snapshot->began_ns;
	uint64_t passed = when < began ? began - when : 0;

	return passed < INT64_MAX ? (int64_t) passed : INT64_MAX;
}

/* The same, but -1 if `when` is 0: not known. */
static int64_t
age_or_none(const struct receiver *receiver, uint64_t when)
{
	return when != 0 ? age(receiver, when) : -1;
}

/* Room for `size` bytes that lives as long as the stacks do. */
static uint8_t *
new_bytes(struct receiver *receiver, size_t size)
{
	struct snapshot *snapshot = receiver->snapshot;
	uint8_t *block;

	if (snapshot->block_count == 0 ||
	    receiver->block_used + size > BLOCK_SIZE) {
		snapshot->blocks =
		    memory_grow(snapshot->blocks, snapshot->block_count,
			&receiver->block_room, sizeof(*snapshot->blocks));
		snapshot->blocks[snapshot->block_count++] =
		    memory_new(BLOCK_SIZE, 1);
		receiver->block_used = 0;
	}
	block = snapshot->blocks[snapshot->block_count - 1];
	block += receiver->block_used;
	receiver->block_used += (size + 7) & ~(size_t) 7;
	return block;
}

static void
take_stack(struct receiver *receiver, struct stack *stack,
    const struct wire_stack *raw, const uint8_t *bytes)
{
	stack->raw = *raw;
	if (raw->size > 0) {
		stack->bytes =
		    memcpy(new_bytes(receiver, raw->size), bytes, raw->size);
	}
}

static void
take_cases(struct task *task, const struct wire_task *message)
{
	const struct wire_case *cases = wire_task_cases(message);

	if (message->case_count == 0) {
		return;
	}
	task->case_count = message->case_count;
	task->cases = memory_new(task->case_count, sizeof(*task->cases));
	for (size_t i = 0; i < task->case_count; i++) {
		task->cases[i].object = cases[i].object;
		task->cases[i].state = cases[i].state;
	}
}

static void
take_task(struct receiver *receiver, const void *data)
{
	const struct wire_task *message = data;
	struct snapshot *snapshot = receiver->snapshot;
	struct task *task;

	snapshot->tasks = memory_grow(snapshot->tasks, snapshot->task_count,
	    &receiver->task_room, sizeof(*snapshot->tasks));
	task = &snapshot->tasks[snapshot->task_count++];
	*task = (struct task) {
		.id = message->id,
		.tid = message->tid,
		.state = message->state,
		.flags = message->flags,
		.wait_seq = message->wait_seq,
		.since_ns = message->since_ns != 0 ?
		    age(receiver, message->since_ns) :
		    0,
		.created_ns = age_or_none(receiver, message->created_ns),
		.created_by_id = message->created_by,
		.object = message->object,
		.thread = message->thread,
		.holder_tid = message->holder_tid,
		.call = message->call,
		.session = message->session,
	};
	memcpy(task->name, message->name, sizeof(task->name));
	text_clean(task->name);
	memcpy(task->label, message->label, sizeof(task->label));
	text_clean(task->label);
	take_cases(task, message);
	take_stack(
	    receiver, &task->stack, &message->stack, wire_task_stack(message));
	take_stack(receiver, &task->created_by, &message->creation,
	    wire_task_creation(message));
}

static char *
session_name(const struct wire_session *message)
{
	char *name;

	if (message->address_size > 0) {
		name = sockets_name(
		    wire_session_address(message), message->address_size);
	} else if (message->name_size > 0) {
		name = memory_print("%.*s", (int) message->name_size,
		    wire_session_name(message));
	} else {
		name = memory_print("descriptor %d", message->fd);
	}
	text_clean(name);
	return name;
}

/* A kind that we do not know is taken for a connection. */
static enum wire_session_kind
session_kind(const struct wire_session *message)
{
	return message->kind >= WIRE_SESSION_ACCEPTED &&
		message->kind <= WIRE_SESSION_INHERITED ?
	    message->kind :
	    WIRE_SESSION_ACCEPTED;
}

static void
take_session(struct receiver *receiver, const void *data)
{
	const struct wire_session *message = data;
	struct snapshot *snapshot = receiver->snapshot;
	struct session *session;

	snapshot->sessions =
	    memory_grow(snapshot->sessions, snapshot->session_count,
		&receiver->session_room, sizeof(*snapshot->sessions));
	session = &snapshot->sessions[snapshot->session_count++];
	*session = (struct session) {
		.id = message->id,
		.kind = session_kind(message),
		.name = session_name(message),
		.fd = message->fd >= 0 ? message->fd : -1,
		.fds = message->fds,
		.inode = message->inode,
		.from = message->from,
		.state =
		    message->gone_ns != 0 ? SESSION_PEER_CLOSED : SESSION_OPEN,
		.opened_ns = age(receiver, message->opened_ns),
		.used_ns = age(receiver, message->used_ns),
		.peer_closed_ns = age_or_none(receiver, message->gone_ns),
		.user = message->user,
		.closer = message->closer,
	};
	take_stack(receiver, &session->opened_by, &message->opened_by,
	    wire_session_stack(message));
}

static struct channel_user
user_of(const struct wire_user *user)
{
	return (struct channel_user) {
		.task = user->task,
		.told = user->flags & WIRE_USER_TOLD,
		.ended = user->flags & WIRE_USER_ENDED,
		.place = { .raw = { .pc = user->pc } },
	};
}

static void
take_channel(struct receiver *receiver, const void *data)
{
	const struct wire_channel *message = data;
	struct snapshot *snapshot = receiver->snapshot;
	struct channel *channel;

	snapshot->channels =
	    memory_grow(snapshot->channels, snapshot->channel_count,
		&receiver->channel_room, sizeof(*snapshot->channels));
	channel = &snapshot->channels[snapshot->channel_count++];
	*channel = (struct channel) {
		.id = message->id,
		.object = message->object,
		.length = message->length,
		.capacity = message->capacity,
		.closed = message->closed != 0,
		.created_ns = age(receiver, message->created_ns),
		.sender = user_of(&message->sender),
		.receiver = user_of(&message->receiver),
	};
	take_stack(receiver, &channel->created_by, &message->created_by,
	    wire_channel_stack(message));
}

static const char *
uncovered_text(uint32_t why)
{
	switch (why) {
	case WIRE_UNCOVERED_NO_CALL:
		return "it has not made a call that the probe sees";
	case WIRE_UNCOVERED_NO_ROOM:
		return "there are more tasks than the probe can hold";
	default:
		return "the probe does not say why";
	}
}

static void
take_uncovered(struct receiver *receiver, const void *data)
{
	const struct wire_uncovered *message = data;
	struct snapshot *snapshot = receiver->snapshot;
	struct uncovered *uncovered;

	snapshot->uncovered =
	    memory_grow(snapshot->uncovered, snapshot->uncovered_count,
		&receiver->uncovered_room, sizeof(*snapshot->uncovered));
	uncovered = &snapshot->uncovered[snapshot->uncovered_count++];
	uncovered->tid = message->tid;
	uncovered->why = uncovered_text(message->why);
}

static int
take_end(struct receiver *receiver, const void *data)
{
	const struct wire_end *message = data;
	struct snapshot *snapshot = receiver->snapshot;

	snapshot->ended_ns = message->ended_ns > snapshot->began_ns ?
	    message->ended_ns :
	    snapshot->began_ns;
	return message->tasks == snapshot->task_count &&
		message->sessions == snapshot->session_count &&
		message->channels == snapshot->channel_count &&
		message->uncovered == snapshot->uncovered_count ?
	    0 :
	    EPROTO;
}

/* Takes one record; EPROTO if it has no place in a snapshot. */
static int
take_record(struct receiver *receiver, const struct wire_header *message)
{
	switch (message->type) {
	case WIRE_TASK:
		take_task(receiver, message);
		return 0;
	case WIRE_SESSION:
		take_session(receiver, message);
		return 0;
	case WIRE_CHANNEL:
		take_channel(receiver, message);
		return 0;
	case WIRE_UNCOVERED:
		take_uncovered(receiver, message);
		return 0;
	case WIRE_END:
		return take_end(receiver, message);
	default:
		return EPROTO;
	}
}

/* Is it still within the bounds, this message included? */
static int
check_bounds(struct receiver *receiver, const struct wire_header *message)
{
	receiver->bytes += message->length;
	receiver->records++;
	if (receiver->bytes > BYTES_MAX || receiver->records > RECORDS_MAX) {
		return EFBIG;
	}
	return stream_now() > receiver->deadline ? ETIMEDOUT : 0;
}

static int
receive_begin(struct stream *stream, struct snapshot *snapshot)
{
	const struct wire_header *message;
	const struct wire_begin *begin;
	int error = stream_expect(stream, WIRE_BEGIN, &message);

	if (error != 0) {
		return error;
	}
	begin = (const void *) message;
	snapshot->dump_id = begin->dump_id;
	snapshot->began_ns = begin->began_ns;
	snapshot->counts = begin->counts;
	return 0;
}

/* All of these records begin with their id. */
static int
id_order(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *) left;
	uint64_t b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

/* The probe sends what it has more or less in order: look before sorting. */
static void
sort(void *array, size_t count, size_t size)
{
	const char *at = array;

	for (size_t i = 1; i < count; i++, at += size) {
		if (id_order(at, at + size) > 0) {
			qsort(array, count, size, id_order);
			return;
		}
	}
}

/* The head of a snapshot says what its tasks say. */
static void
count_tasks(struct snapshot *snapshot)
{
	uint32_t *by_state = snapshot->counts.by_state;

	snapshot->counts.tasks = (uint32_t) snapshot->task_count;
	memset(by_state, 0, sizeof(snapshot->counts.by_state));
	for (size_t i = 0; i < snapshot->task_count; i++) {
		uint32_t state = snapshot->tasks[i].state;

		by_state[state < STRANDED_STATE_COUNT ? state :
							STRANDED_UNKNOWN]++;
	}
}

int
receive_snapshot(struct stream *stream, struct snapshot *snapshot)
{
	struct receiver receiver = {
		.snapshot = snapshot,
		.deadline = stream_now() + TIME_MAX_MS,
	};
	const struct wire_header *message;
	int error = receive_begin(stream, snapshot);

	while (error == 0) {
		error = stream_answer(stream, &message);
		if (error == 0) {
			error = check_bounds(&receiver, message);
		}
		if (error == 0) {
			error = take_record(&receiver, message);
		}
		if (error == 0 && message->type == WIRE_END) {
			break;
		}
	}
	count_tasks(snapshot);
	sort(snapshot->tasks, snapshot->task_count, sizeof(struct task));
	sort(snapshot->sessions, snapshot->session_count,
	    sizeof(struct session));
	sort(snapshot->channels, snapshot->channel_count,
	    sizeof(struct channel));
	return error;
}
