/*
 * wire_fuzz.c: whatever the bytes are, wire_check_*() reads none beyond them,
 * and of what it lets pass every part lies within the message.
 */
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"
#include "fuzz/messages.h"

/* Reads all of a part, so that a sanitizer sees where it lies. */
static void
touch(const void *part, size_t size)
{
	const volatile uint8_t *bytes = part;

	for (size_t i = 0; i < size; i++) {
		(void) bytes[i];
	}
}

static void
touch_task(const struct wire_task *task)
{
	touch(task->name, strlen(task->name));
	touch(
	    wire_task_cases(task), task->case_count * sizeof(struct wire_case));
	touch(wire_task_stack(task), task->stack.size);
	touch(wire_task_creation(task), task->creation.size);
}

static void
touch_session(const struct wire_session *session)
{
	touch(wire_session_address(session), session->address_size);
	touch(wire_session_name(session), session->name_size);
	touch(wire_session_stack(session), session->opened_by.size);
}

static void
touch_answer(const void *message)
{
	const struct wire_header *header = message;
	const struct wire_channel *channel = message;
	const struct wire_memory *memory = message;
	const struct wire_error *error = message;

	switch (header->type) {
	case WIRE_TASK:
		touch_task(message);
		break;
	case WIRE_SESSION:
		touch_session(message);
		break;
	case WIRE_CHANNEL:
		touch(wire_channel_stack(channel), channel->created_by.size);
		break;
	case WIRE_MEMORY:
		touch(memory + 1, memory->size);
		break;
	case WIRE_ERROR:
		touch(error + 1, error->text_size);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message = malloc(size > 0 ? size : 1);

	memcpy(message, data, size);
	if (wire_check_request(message, size)) {
		touch(message, size);
	}
	if (wire_check_answer(message, size)) {
		touch_answer(message);
	}
	free(message);
	return 0;
}

size_t
fuzz_seed(unsigned int index, uint8_t data[FUZZ_SIZE_MAX])
{
	struct wire_hello hello = { .magic = WIRE_MAGIC };
	struct wire_read_request request = { .size = 64 };
	struct wire_memory memory = { .size = 32 };
	struct wire_error error = { .text_size = 20 };

	switch (index) {
	case 0:
		return message_task(data, 1);
	case 1:
		return message_session(data, 1);
	case 2:
		return message_channel(data, 1);
	case 3:
		return message_put(data, WIRE_HELLO, &hello, sizeof(hello), 0);
	case 4:
		return message_put(
		    data, WIRE_READ_REQUEST, &request, sizeof(request), 0);
	case 5:
		return message_put(
		    data, WIRE_MEMORY, &memory, sizeof(memory), 32);
	case 6:
		return message_put(data, WIRE_ERROR, &error, sizeof(error), 20);
	default:
		return 0;
	}
}
