/*
 * messages.h: sane messages to begin with, one of each kind, and a whole
 * conversation of them.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <string.h>

#include "common/wire.h"
#include "fuzz/fuzz.h"

/* Puts a message of `type` at `data`; `tail` zeroed bytes follow it. */
static inline size_t
message_put(
    uint8_t *data, uint16_t type, void *message, size_t size, size_t tail)
{
	struct wire_header *header = message;

	header->length = (uint32_t) (size + tail);
	header->type = type;
	memcpy(data, message, size);
	memset(data + size, 0, tail);
	return size + tail;
}

static inline size_t
message_task(uint8_t *data, uint64_t id)
{
	struct wire_task task = {
		.id = id,
		.tid = (uint32_t) id + 100,
		.thread = id % 4,
		.holder_tid = (uint32_t) id + 99,
		.flags = (uint32_t) (id % 256),
		.call = (uint32_t) id,
		.state = (uint16_t) (id % 26),
		.session = id % 3,
		.object = id % 4,
		.name = "reader",
		.case_count = 2,
		.stack = { .pc = 1, .base = 4096, .size = 64 },
		.creation = { .pc = 1, .base = 4096, .size = 24 },
	};

	return message_put(data, WIRE_TASK, &task, sizeof(task),
	    2 * sizeof(struct wire_case) + 64 + 24);
}

static inline size_t
message_session(uint8_t *data, uint64_t id)
{
	struct wire_session session = {
		.id = id,
		.fd = 9,
		.kind = WIRE_SESSION_ACCEPTED,
		.address_size = 16,
		.name_size = 5,
		.opened_by = { .size = 8 },
	};

	return message_put(
	    data, WIRE_SESSION, &session, sizeof(session), 16 + 5 + 8);
}

static inline size_t
message_channel(uint8_t *data, uint64_t id)
{
	struct wire_channel channel = {
		.id = id,
		.object = id,
		.created_by = { .size = 16 },
		.sender = { .task = 1, .pc = 64, .flags = WIRE_USER_TOLD },
		.receiver = { .task = 2, .pc = 64, .flags = 3 },
	};

	return message_put(data, WIRE_CHANNEL, &channel, sizeof(channel), 16);
}

/* BEGIN, some records of each kind, END. */
static inline size_t
message_conversation(uint8_t *data, uint32_t count)
{
	struct wire_begin begin = { .dump_id = 1, .began_ns = 1000 };
	struct wire_uncovered uncovered = { .tid = 5 };
	struct wire_end end = { .tasks = count,
		.sessions = count,
		.channels = count,
		.uncovered = 1 };
	size_t size = message_put(data, WIRE_BEGIN, &begin, sizeof(begin), 0);

	for (uint32_t i = 1; i <= count; i++) {
		size += message_task(data + size, i);
		size += message_session(data + size, i);
		size += message_channel(data + size, i);
	}
	size += message_put(
	    data + size, WIRE_UNCOVERED, &uncovered, sizeof(uncovered), 0);
	return size + message_put(data + size, WIRE_END, &end, sizeof(end), 0);
}

#endif
