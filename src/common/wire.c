/*
 * wire.c: is a message what it says? See wire.h.
 *
 * Sizes are added up in 64 bits from fields of 32, so no sum overflows.
 */
#include "common/wire.h"

/* Variable parts that are read as numbers must not begin at odd places. */
_Static_assert(sizeof(struct wire_task) % 8 == 0, "cases are aligned");
_Static_assert(sizeof(struct wire_session) % 8 == 0, "address is aligned");
_Static_assert(sizeof(struct wire_case) % 8 == 0, "stack is aligned");
_Static_assert(sizeof(struct wire_bookkeeping) % 8 == 0, "ranges are aligned");

static bool
stack_is_sane(const struct wire_stack *stack)
{
	return stack->size <= WIRE_STACK_MAX &&
	    stack->base + stack->size >= stack->base;
}

static bool
header_is_sane(const struct wire_header *header, size_t size)
{
	return size >= sizeof(*header) && header->length == size &&
	    size <= WIRE_MAX && header->zero == 0;
}

bool
wire_check_request(const void *message, size_t size)
{
	const struct wire_header *header = message;

	if (!header_is_sane(header, size) || size > WIRE_REQUEST_MAX) {
		return false;
	}
	switch (header->type) {
	case WIRE_HELLO:
		return size == sizeof(struct wire_hello);
	case WIRE_COUNTS_REQUEST:
	case WIRE_STATES_REQUEST:
		return size == sizeof(struct wire_counts_request);
	case WIRE_SNAPSHOT_REQUEST:
		return size == sizeof(struct wire_snapshot_request);
	case WIRE_READ_REQUEST:
		return size == sizeof(struct wire_read_request);
	case WIRE_SIGNAL_REQUEST:
		return size == sizeof(struct wire_signal_request);
	case WIRE_PERMIT_REQUEST:
		return size == sizeof(struct wire_permit_request);
	case WIRE_BOOKKEEPING_REQUEST:
		return size == sizeof(struct wire_bookkeeping_request);
	case WIRE_CHECK_REQUEST:
		return size == sizeof(struct wire_check_request);
	default:
		return false;
	}
}

static bool
task_is_sane(const struct wire_task *task, size_t size)
{
	if (size < sizeof(*task) || task->case_count > WIRE_CASES_MAX ||
	    task->name[WIRE_NAME_MAX - 1] != '\0' ||
	    task->label[WIRE_LABEL_MAX - 1] != '\0' ||
	    !stack_is_sane(&task->stack) || !stack_is_sane(&task->creation)) {
		return false;
	}
	return size ==
	    sizeof(*task) +
	    (uint64_t) task->case_count * sizeof(struct wire_case) +
	    task->stack.size + task->creation.size;
}

static bool
session_is_sane(const struct wire_session *session, size_t size)
{
	if (size < sizeof(*session) ||
	    session->address_size > WIRE_ADDRESS_MAX ||
	    session->address_size % 8 != 0 ||
	    session->name_size > WIRE_TEXT_MAX ||
	    !stack_is_sane(&session->opened_by)) {
		return false;
	}
	return size ==
	    sizeof(*session) + (uint64_t) session->address_size +
	    session->name_size + session->opened_by.size;
}

static bool
channel_is_sane(const struct wire_channel *channel, size_t size)
{
	return size >= sizeof(*channel) &&
	    stack_is_sane(&channel->created_by) &&
	    size == sizeof(*channel) + (uint64_t) channel->created_by.size;
}

static bool
error_is_sane(const struct wire_error *error, size_t size)
{
	return size >= sizeof(*error) && error->text_size <= WIRE_TEXT_MAX &&
	    size == sizeof(*error) + (uint64_t) error->text_size;
}

static bool
memory_is_sane(const struct wire_memory *memory, size_t size)
{
	return size >= sizeof(*memory) &&
	    size == sizeof(*memory) + (uint64_t) memory->size;
}

static bool
bookkeeping_is_sane(const struct wire_bookkeeping *bookkeeping, size_t size)
{
	return size >= sizeof(*bookkeeping) &&
	    size ==
	    sizeof(*bookkeeping) +
		(uint64_t) bookkeeping->range_count *
		    sizeof(struct wire_range) +
		(uint64_t) bookkeeping->argument_count * sizeof(uint64_t);
}

static bool
check_is_sane(const struct wire_check *check, size_t size)
{
	return size == sizeof(*check) && check->kind <= WIRE_CHECK_EXIT &&
	    check->name[WIRE_LABEL_MAX - 1] == '\0';
}

bool
wire_check_answer(const void *message, size_t size)
{
	const struct wire_header *header = message;

	if (!header_is_sane(header, size)) {
		return false;
	}
	switch (header->type) {
	case WIRE_HELLO:
		return size == sizeof(struct wire_hello);
	case WIRE_ERROR:
		return error_is_sane(message, size);
	case WIRE_COUNTS:
		return size == sizeof(struct wire_counts);
	case WIRE_BEGIN:
		return size == sizeof(struct wire_begin);
	case WIRE_TASK:
		return task_is_sane(message, size);
	case WIRE_SESSION:
		return session_is_sane(message, size);
	case WIRE_CHANNEL:
		return channel_is_sane(message, size);
	case WIRE_UNCOVERED:
		return size == sizeof(struct wire_uncovered);
	case WIRE_END:
		return size == sizeof(struct wire_end);
	case WIRE_MEMORY:
		return memory_is_sane(message, size);
	case WIRE_SIGNAL:
		return size == sizeof(struct wire_signal);
	case WIRE_PERMIT:
		return size == sizeof(struct wire_permit);
	case WIRE_BOOKKEEPING:
		return bookkeeping_is_sane(message, size);
	case WIRE_CHECK:
		return check_is_sane(message, size);
	default:
		return false;
	}
}

const struct wire_case *
wire_task_cases(const struct wire_task *task)
{
	return (const struct wire_case *) (task + 1);
}

const uint8_t *
wire_task_stack(const struct wire_task *task)
{
	return (const uint8_t *) (wire_task_cases(task) + task->case_count);
}

const uint8_t *
wire_task_creation(const struct wire_task *task)
{
	return wire_task_stack(task) + task->stack.size;
}

const uint8_t *
wire_session_address(const struct wire_session *session)
{
	return (const uint8_t *) (session + 1);
}

const char *
wire_session_name(const struct wire_session *session)
{
	return (const char *) wire_session_address(session) +
	    session->address_size;
}

const uint8_t *
wire_session_stack(const struct wire_session *session)
{
	return (const uint8_t *) wire_session_name(session) +
	    session->name_size;
}

const uint8_t *
wire_channel_stack(const struct wire_channel *channel)
{
	return (const uint8_t *) (channel + 1);
}

const struct wire_range *
wire_bookkeeping_ranges(const struct wire_bookkeeping *bookkeeping)
{
	return (const struct wire_range *) (bookkeeping + 1);
}

const uint64_t *
wire_bookkeeping_arguments(const struct wire_bookkeeping *bookkeeping)
{
	return (const uint64_t *) (wire_bookkeeping_ranges(bookkeeping) +
	    bookkeeping->range_count);
}
