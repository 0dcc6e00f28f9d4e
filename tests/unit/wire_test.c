/*
 * wire_test.c: which messages are sane. Each kind is built as large as it can
 * be, must pass, and must fail with any byte missing or one too many, and with
 * each of its counts or fields wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"

typedef bool check_fn(const void *message, size_t size);

/* A message of `size` bytes, in memory of just that size. */
static void *
message_new(uint16_t type, size_t size)
{
	struct wire_header *header = calloc(1, size);

	header->length = (uint32_t) size;
	header->type = type;
	return header;
}

/*
 * The message passes; none shorter or longer does, whether its header says so
 * or not. Memory of the exact size lets the sanitizer see reads beyond it.
 */
static void
assert_exact(check_fn *check, const void *message)
{
	const struct wire_header *header = message;
	size_t size = header->length;

	assert_true(check(message, size));
	for (size_t i = 0; i <= size + 1; i++) {
		struct wire_header *other = calloc(1, i + 1);

		memcpy(other, message, i < size ? i : size);
		if (i != size) {
			assert_false(check(other, i));
		}
		if (i != size && i >= sizeof(*other)) {
			other->length = (uint32_t) i;
			assert_false(check(other, i));
		}
		free(other);
	}
}

static void
assert_header_matters(check_fn *check, void *message)
{
	struct wire_header *header = message;
	size_t size = header->length;
	uint16_t type = header->type;

	header->zero = 1;
	assert_false(check(message, size));
	header->zero = 0;
	header->type = 99;
	assert_false(check(message, size));
	header->type = 0;
	assert_false(check(message, size));
	header->type = type;
	assert_true(check(message, size));
}

static void
check_fixed(check_fn *check, uint16_t type, size_t size)
{
	void *message = message_new(type, size);

	assert_exact(check, message);
	assert_header_matters(check, message);
	free(message);
}

static void
requests(void **state)
{
	check_fixed(wire_check_request, WIRE_HELLO, sizeof(struct wire_hello));
	check_fixed(wire_check_request, WIRE_COUNTS_REQUEST,
	    sizeof(struct wire_counts_request));
	check_fixed(wire_check_request, WIRE_SNAPSHOT_REQUEST,
	    sizeof(struct wire_snapshot_request));
	check_fixed(wire_check_request, WIRE_READ_REQUEST,
	    sizeof(struct wire_read_request));
	check_fixed(wire_check_request, WIRE_SIGNAL_REQUEST,
	    sizeof(struct wire_signal_request));
	check_fixed(wire_check_request, WIRE_PERMIT_REQUEST,
	    sizeof(struct wire_permit_request));
	check_fixed(wire_check_request, WIRE_BOOKKEEPING_REQUEST,
	    sizeof(struct wire_bookkeeping_request));
	check_fixed(wire_check_request, WIRE_CHECK_REQUEST,
	    sizeof(struct wire_check_request));
}

static void
fixed_answers(void **state)
{
	check_fixed(wire_check_answer, WIRE_HELLO, sizeof(struct wire_hello));
	check_fixed(wire_check_answer, WIRE_COUNTS, sizeof(struct wire_counts));
	check_fixed(wire_check_answer, WIRE_BEGIN, sizeof(struct wire_begin));
	check_fixed(
	    wire_check_answer, WIRE_UNCOVERED, sizeof(struct wire_uncovered));
	check_fixed(wire_check_answer, WIRE_END, sizeof(struct wire_end));
	check_fixed(wire_check_answer, WIRE_SIGNAL, sizeof(struct wire_signal));
	check_fixed(wire_check_answer, WIRE_PERMIT, sizeof(struct wire_permit));
	check_fixed(wire_check_answer, WIRE_CHECK, sizeof(struct wire_check));
}

/* What one side says is nonsense when the other says it. */
static void
directions(void **state)
{
	static const uint16_t answers[] = { WIRE_ERROR, WIRE_COUNTS, WIRE_BEGIN,
		WIRE_TASK, WIRE_SESSION, WIRE_CHANNEL, WIRE_UNCOVERED, WIRE_END,
		WIRE_MEMORY, WIRE_SIGNAL, WIRE_BOOKKEEPING, WIRE_CHECK };
	static const uint16_t asks[] = { WIRE_COUNTS_REQUEST,
		WIRE_STATES_REQUEST, WIRE_SNAPSHOT_REQUEST, WIRE_READ_REQUEST,
		WIRE_SIGNAL_REQUEST, WIRE_BOOKKEEPING_REQUEST,
		WIRE_CHECK_REQUEST };

	for (size_t size = sizeof(struct wire_header); size < 600; size += 8) {
		for (size_t i = 0; i < sizeof(answers) / sizeof(*answers);
		     i++) {
			void *message = message_new(answers[i], size);

			assert_false(wire_check_request(message, size));
			free(message);
		}
		for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
			void *message = message_new(asks[i], size);

			assert_false(wire_check_answer(message, size));
			free(message);
		}
	}
}

static void
errors(void **state)
{
	struct wire_error *error =
	    message_new(WIRE_ERROR, sizeof(*error) + WIRE_TEXT_MAX);

	error->text_size = WIRE_TEXT_MAX;
	assert_exact(wire_check_answer, error);
	assert_header_matters(wire_check_answer, error);
	error->text_size = UINT32_MAX;
	assert_false(wire_check_answer(error, error->header.length));
	free(error);
	error = message_new(WIRE_ERROR, sizeof(*error) + WIRE_TEXT_MAX + 1);
	error->text_size = WIRE_TEXT_MAX + 1;
	assert_false(wire_check_answer(error, error->header.length));
	free(error);
}

static void
bookkeeping(void **state)
{
	size_t size = sizeof(struct wire_bookkeeping) +
	    2 * sizeof(struct wire_range) + 3 * sizeof(uint64_t);
	struct wire_bookkeeping *message = message_new(WIRE_BOOKKEEPING, size);

	message->range_count = 2;
	message->argument_count = 3;
	assert_exact(wire_check_answer, message);
	assert_header_matters(wire_check_answer, message);
	assert_ptr_equal(wire_bookkeeping_ranges(message), message + 1);
	assert_ptr_equal(wire_bookkeeping_arguments(message),
	    (const uint8_t *) message + size - 3 * sizeof(uint64_t));
	/* Sums that would wrap in 32 bits. */
	message->range_count = 0x10000002;
	assert_false(wire_check_answer(message, size));
	free(message);
}

#define TASK_SIZE                                                              \
	(sizeof(struct wire_task) + 3 * sizeof(struct wire_case) + 24 + 40)

static struct wire_task *
task_new(void)
{
	struct wire_task *task = message_new(WIRE_TASK, TASK_SIZE);

	task->case_count = 3;
	task->stack.size = 24;
	task->creation.size = 40;
	memcpy(task->name, "reader", sizeof("reader"));
	return task;
}

static void
tasks(void **state)
{
	struct wire_task *task = task_new();
	const uint8_t *start = (const uint8_t *) task;

	assert_exact(wire_check_answer, task);
	assert_header_matters(wire_check_answer, task);
	assert_ptr_equal(wire_task_cases(task), task + 1);
	assert_ptr_equal(wire_task_stack(task), start + TASK_SIZE - 24 - 40);
	assert_ptr_equal(wire_task_creation(task), start + TASK_SIZE - 40);
	free(task);
}

static void
task_fields(void **state)
{
	struct wire_task *task = task_new();

	/* A name without an end. */
	memset(task->name, 'x', sizeof(task->name));
	assert_false(wire_check_answer(task, TASK_SIZE));
	task->name[WIRE_NAME_MAX - 1] = '\0';
	assert_true(wire_check_answer(task, TASK_SIZE));
	/* Sums that would wrap in 32 bits. */
	task->stack.size = UINT32_MAX - 39;
	task->creation.size = 40 + 64;
	assert_false(wire_check_answer(task, TASK_SIZE));
	task->stack.size = 24;
	task->creation.size = 40;
	/* A stack that reaches beyond the end of memory. */
	task->stack.base = UINT64_MAX - 8;
	assert_false(wire_check_answer(task, TASK_SIZE));
	task->stack.base = 0;
	task->creation.base = UINT64_MAX - 8;
	assert_false(wire_check_answer(task, TASK_SIZE));
	free(task);
}

static void
task_limits(void **state)
{
	size_t size = sizeof(struct wire_task) +
	    (WIRE_CASES_MAX + 1) * sizeof(struct wire_case);
	struct wire_task *task = message_new(WIRE_TASK, size);

	task->case_count = WIRE_CASES_MAX + 1;
	assert_false(wire_check_answer(task, size));
	free(task);
	size = sizeof(*task) + WIRE_STACK_MAX;
	task = message_new(WIRE_TASK, size);
	task->stack.size = WIRE_STACK_MAX;
	assert_true(wire_check_answer(task, size));
	free(task);
	size = sizeof(*task) + WIRE_STACK_MAX + 1;
	task = message_new(WIRE_TASK, size);
	task->creation.size = WIRE_STACK_MAX + 1;
	assert_false(wire_check_answer(task, size));
	free(task);
}

static struct wire_session *
session_new(uint16_t address, uint32_t name, uint32_t stack)
{
	struct wire_session *session = message_new(
	    WIRE_SESSION, sizeof(*session) + address + name + stack);

	session->address_size = address;
	session->name_size = name;
	session->opened_by.size = stack;
	return session;
}

static void
sessions(void **state)
{
	struct wire_session *session = session_new(16, 5, 16);
	const uint8_t *start = (const uint8_t *) (session + 1);

	assert_exact(wire_check_answer, session);
	assert_header_matters(wire_check_answer, session);
	assert_ptr_equal(wire_session_address(session), start);
	assert_ptr_equal(wire_session_name(session), start + 16);
	assert_ptr_equal(wire_session_stack(session), start + 16 + 5);
	free(session);
}

static void
session_limits(void **state)
{
	static const struct {
		uint16_t address;
		uint32_t name;
		uint32_t stack;
		bool sane;
	} cases[] = {
		{ 0, 0, 0, true },
		{ WIRE_ADDRESS_MAX, WIRE_TEXT_MAX, WIRE_STACK_MAX, true },
		{ WIRE_ADDRESS_MAX + 8, 0, 0, false },
		{ 12, 0, 0, false }, /* would leave what follows askew */
		{ 0, WIRE_TEXT_MAX + 1, 0, false },
		{ 0, 0, WIRE_STACK_MAX + 1, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_session *session = session_new(
		    cases[i].address, cases[i].name, cases[i].stack);

		assert_int_equal(
		    wire_check_answer(session, session->header.length),
		    cases[i].sane);
		free(session);
	}
}

static void
channels(void **state)
{
	size_t size = sizeof(struct wire_channel) + 32;
	struct wire_channel *channel = message_new(WIRE_CHANNEL, size);

	channel->created_by.size = 32;
	assert_exact(wire_check_answer, channel);
	assert_header_matters(wire_check_answer, channel);
	assert_ptr_equal(wire_channel_stack(channel), channel + 1);
	assert_int_equal(sizeof(struct wire_channel) % 8, 0);
	channel->created_by.size = UINT32_MAX;
	assert_false(wire_check_answer(channel, size));
	free(channel);
}

static void
memory(void **state)
{
	size_t size = sizeof(struct wire_memory) + 100;
	struct wire_memory *message = message_new(WIRE_MEMORY, size);

	message->size = 100;
	assert_exact(wire_check_answer, message);
	message->size = 0;
	assert_false(wire_check_answer(message, size));
	free(message);
}

/* Nothing is longer than WIRE_MAX, and no request than WIRE_REQUEST_MAX. */
static void
too_long(void **state)
{
	size_t size = WIRE_MAX + 8;
	struct wire_memory *message = message_new(WIRE_MEMORY, size);

	message->size = (uint32_t) (size - sizeof(*message));
	assert_false(wire_check_answer(message, size));
	message->header.length = WIRE_MAX;
	message->size = WIRE_MAX - sizeof(*message);
	assert_true(wire_check_answer(message, WIRE_MAX));
	assert_false(wire_check_request(message, WIRE_MAX));
	free(message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(fixed_answers),
		cmocka_unit_test(directions),
		cmocka_unit_test(errors),
		cmocka_unit_test(bookkeeping),
		cmocka_unit_test(tasks),
		cmocka_unit_test(task_fields),
		cmocka_unit_test(task_limits),
		cmocka_unit_test(sessions),
		cmocka_unit_test(session_limits),
		cmocka_unit_test(channels),
		cmocka_unit_test(memory),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
