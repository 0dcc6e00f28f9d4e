/*
 * client_snapshot_test.c: from a probe's messages to a snapshot: what is in it,
 * how its parts are related, and what becomes of messages that no probe sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "client/client.h"
#include "unit/fake_probe.h"

#define BEGAN UINT64_C(1000000000)

static struct fake_probe fake;

static int
setup(void **state)
{
	fake_init(&fake);
	fake_add_hello(&fake);
	fake_add_counts(&fake);
	return 0;
}

static int
teardown(void **state)
{
	fake_stop(&fake);
	return 0;
}

/* Takes a snapshot of the fake, which has not been started yet. */
static struct snapshot *
take(struct failure *failure)
{
	struct snapshot *snapshot;
	struct client *client;

	fake_start(&fake);
	client = client_open(getpid(), failure);
	assert_non_null(client);
	snapshot = client_snapshot(client, WIRE_WITH_STACKS, failure);
	client_close(client);
	return snapshot;
}

static struct snapshot *
take_good(void)
{
	struct failure failure;
	struct snapshot *snapshot = take(&failure);

	if (snapshot == NULL) {
		fail_msg("%s", failure.text);
	}
	return snapshot;
}

static void
assert_refused(int status, const char *part)
{
	struct failure failure = { 0 };

	assert_null(take(&failure));
	assert_int_equal(failure.status, status);
	if (strstr(failure.text, part) == NULL) {
		fail_msg("\"%s\" does not contain \"%s\"", failure.text, part);
	}
}

/* Adds a task; what follows its fixed part is given, too. */
static void
add_task(
    struct wire_task task, const struct wire_case *cases, const char *stack)
{
	size_t case_size = task.case_count * sizeof(*cases);
	size_t stack_size = strlen(stack);

	task.stack.size = (uint32_t) stack_size;
	task.header = (struct wire_header) {
		(uint32_t) (sizeof(task) + case_size + stack_size), WIRE_TASK, 0
	};
	fake_add(&fake, &task, sizeof(task));
	if (case_size > 0) {
		fake_add(&fake, cases, case_size);
	}
	fake_add(&fake, stack, stack_size);
}

static void
add_session(struct wire_session session, const void *address, const char *name)
{
	session.name_size = (uint32_t) strlen(name);
	session.header = (struct wire_header) { (uint32_t) (sizeof(session) +
						    session.address_size +
						    session.name_size),
		WIRE_SESSION, 0 };
	fake_add(&fake, &session, sizeof(session));
	if (session.address_size > 0) {
		fake_add(&fake, address, session.address_size);
	}
	fake_add(&fake, name, strlen(name));
}

static void
add_channel(struct wire_channel channel)
{
	channel.header =
	    (struct wire_header) { sizeof(channel), WIRE_CHANNEL, 0 };
	fake_add(&fake, &channel, sizeof(channel));
}

static void
nothing(void **state)
{
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	fake_add_end(&fake, 0, 0, 0, 0);
	snapshot = take_good();
	assert_int_equal(snapshot->dump_id, 77);
	assert_int_equal(snapshot->pid, getpid());
	assert_int_equal(snapshot->began_ns, BEGAN);
	assert_int_equal(snapshot->counts.tasks, 0);
	assert_non_null(strstr(snapshot->exe, "client_snapshot_test"));
	assert_string_equal(snapshot->name, "client_snapshot_test");
	assert_null(snapshot_task(snapshot, 1));
	assert_null(snapshot_session(snapshot, 1));
	snapshot_free(snapshot);
}

static void
one_task(void **state)
{
	const struct task *task;
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	add_task(
	    (struct wire_task) {
		.id = 7,
		.wait_seq = 41,
		.since_ns = BEGAN - 4000,
		.created_ns = BEGAN - 9000,
		.created_by = 1,
		.object = 0x1234,
		.tid = 99,
		.flags = WIRE_TASK_RUNTIME,
		.state = STRANDED_CHAN_SEND,
		.name = "rea\x1b"
			"der",
		.stack = { .pc = 0x400000, .base = 0x7000 },
	    },
	    NULL, "some bytes of a stack");
	fake_add_end(&fake, 1, 0, 0, 0);
	snapshot = take_good();
	assert_int_equal(snapshot->task_count, 1);
	task = snapshot_task(snapshot, 7);
	assert_ptr_equal(task, snapshot->tasks);
	assert_int_equal(task->since_ns, 4000);
	assert_int_equal(task->created_ns, 9000);
	assert_int_equal(task->wait_seq, 41);
	assert_int_equal(task->created_by_id, 1);
	assert_string_equal(task->name, "rea?der");
	assert_int_equal(task->stack.raw.pc, 0x400000);
	assert_memory_equal(task->stack.bytes, "some bytes of a stack", 21);
	assert_null(task->created_by.bytes);
	snapshot_free(snapshot);
}

/* Clocks and numbers that cannot be are made harmless. */
static void
odd_times(void **state)
{
	struct snapshot *snapshot;

	fake_add_begin(&fake, UINT64_MAX);
	add_task((struct wire_task) { .id = 1 }, NULL, "");
	add_task((struct wire_task) { .id = 2, .since_ns = 1, .created_ns = 1 },
	    NULL, "");
	add_task((struct wire_task) { .id = 3,
		     .since_ns = UINT64_MAX,
		     .created_ns = UINT64_MAX,
		     .state = 65535 },
	    NULL, "");
	fake_add_end(&fake, 3, 0, 0, 0);
	snapshot = take_good();
	assert_int_equal(snapshot->tasks[0].since_ns, 0);
	assert_int_equal(snapshot->tasks[0].created_ns, -1);
	assert_int_equal(snapshot->tasks[1].since_ns, INT64_MAX);
	assert_int_equal(snapshot->tasks[2].since_ns, 0);
	assert_true(snapshot->ended_ns >= snapshot->began_ns);
	snapshot_free(snapshot);
}

static void
holders(void **state)
{
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	add_task((struct wire_task) { .id = 30, .tid = 103 }, NULL, "");
	add_task((struct wire_task) { .id = 10,
		     .tid = 101,
		     .state = STRANDED_MUTEX,
		     .holder_tid = 103 },
	    NULL, "");
	add_task((struct wire_task) { .id = 20,
		     .tid = 102,
		     .state = STRANDED_MUTEX,
		     .holder_tid = 555 },
	    NULL, "");
	fake_add_end(&fake, 3, 0, 0, 0);
	snapshot = take_good();
	/* Sorted, too. */
	assert_int_equal(snapshot->tasks[0].id, 10);
	assert_int_equal(snapshot->tasks[2].id, 30);
	assert_int_equal(snapshot_task(snapshot, 10)->holder, 30);
	assert_int_equal(snapshot_task(snapshot, 20)->holder, 0);
	assert_int_equal(snapshot_task(snapshot, 20)->holder_tid, 555);
	assert_null(snapshot_task(snapshot, 15));
	snapshot_free(snapshot);
}

/* Who joins waits for the thread; whose owner has gone, for no task. */
static void
holders_that_are_no_owners(void **state)
{
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	add_task((struct wire_task) { .id = 1, .tid = 101, .thread = 0x7001 },
	    NULL, "");
	add_task(
	    (struct wire_task) {
		.id = 2, .tid = 102, .state = STRANDED_JOIN, .object = 0x7001 },
	    NULL, "");
	add_task(
	    (struct wire_task) {
		.id = 3, .tid = 103, .state = STRANDED_JOIN, .object = 0x7009 },
	    NULL, "");
	/* The number is somebody else's by now. */
	add_task((struct wire_task) { .id = 4,
		     .tid = 104,
		     .state = STRANDED_MUTEX,
		     .flags = WIRE_TASK_HOLDER_ELSEWHERE,
		     .holder_tid = 101 },
	    NULL, "");
	fake_add_end(&fake, 4, 0, 0, 0);
	snapshot = take_good();
	assert_int_equal(snapshot_task(snapshot, 2)->holder, 1);
	assert_int_equal(snapshot_task(snapshot, 2)->holder_tid, 101);
	assert_int_equal(snapshot_task(snapshot, 3)->holder, 0);
	assert_int_equal(snapshot_task(snapshot, 3)->holder_tid, 0);
	assert_int_equal(snapshot_task(snapshot, 4)->holder, 0);
	assert_int_equal(snapshot_task(snapshot, 4)->holder_tid, 101);
	snapshot_free(snapshot);
}

static void
channels(void **state)
{
	static const struct wire_case cases[] = {
		{ 0xa0, STRANDED_CHAN_RECV, 0 },
		{ 0xb0, STRANDED_CHAN_SEND, 0 },
		{ 0xa0, STRANDED_CHAN_RECV, 0 },
	};
	const struct channel *a;
	const struct channel *b;
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	add_task(
	    (struct wire_task) {
		.id = 1, .state = STRANDED_CHAN_SEND, .object = 0xb0 },
	    NULL, "");
	add_task(
	    (struct wire_task) {
		.id = 2, .state = STRANDED_SELECT, .case_count = 3 },
	    cases, "");
	add_task(
	    (struct wire_task) {
		.id = 3, .state = STRANDED_CHAN_RECV, .object = 0xa0 },
	    NULL, "");
	add_task(
	    (struct wire_task) {
		.id = 4, .state = STRANDED_MUTEX, .object = 0xa0 },
	    NULL, "");
	add_channel((struct wire_channel) {
	    .id = 6, .object = 0xb0, .closed = 1, .capacity = 5, .length = 4 });
	add_channel((struct wire_channel) { .id = 5,
	    .object = 0xa0,
	    .sender = { 9, 0x4001, WIRE_USER_TOLD | WIRE_USER_ENDED, 0 },
	    .receiver = { 3, 0x5001, WIRE_USER_TOLD, 0 } });
	add_channel((struct wire_channel) { .id = 7, .object = 0xc0 });
	fake_add_end(&fake, 4, 0, 3, 0);
	snapshot = take_good();
	a = &snapshot->channels[0];
	b = &snapshot->channels[1];
	assert_int_equal(a->sender_count, 0);
	assert_int_equal(a->receiver_count, 2);
	assert_int_equal(a->receivers[0], 2);
	assert_int_equal(a->receivers[1], 3);
	assert_true(a->sender.told && a->sender.ended);
	assert_int_equal(a->sender.task, 9);
	assert_int_equal(a->sender.place.raw.pc, 0x4001);
	assert_true(a->receiver.told && !a->receiver.ended);
	assert_int_equal(a->receiver.task, 3);
	assert_false(b->sender.told);
	assert_int_equal(b->sender_count, 2);
	assert_int_equal(b->senders[0], 1);
	assert_int_equal(b->senders[1], 2);
	assert_true(b->closed);
	assert_int_equal(b->length, 4);
	assert_null(snapshot->channels[2].senders);
	assert_int_equal(snapshot->tasks[1].case_count, 3);
	assert_int_equal(snapshot->tasks[1].cases[1].object, 0xb0);
	snapshot_free(snapshot);
}

static void
sessions(void **state)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct session *session;
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	for (uint64_t id = 1; id <= 5; id++) {
		add_task((struct wire_task) { .id = id,
			     .session = id % 2 == 0 ? 41 : 42 },
		    NULL, "");
	}
	add_session((struct wire_session) { .id = 42,
			.fd = -1,
			.kind = WIRE_SESSION_REGISTRY,
			.opened_ns = BEGAN - 50,
			.used_ns = BEGAN - 20,
			.user = 3 },
	    NULL, "ann\n");
	add_session(
	    (struct wire_session) {
		.id = 41, .fd = 12, .kind = WIRE_SESSION_ACCEPTED },
	    NULL, "");
	add_session(
	    (struct wire_session) {
		.id = 43, .fd = -1, .kind = WIRE_SESSION_REGISTRY },
	    NULL, "nobody");
	add_session((struct wire_session) { .id = 44,
			.fd = 13,
			.kind = WIRE_SESSION_ACCEPTED,
			.address_size = sizeof(address) },
	    &address, "ignored");
	fake_add_end(&fake, 5, 4, 0, 0);
	snapshot = take_good();
	session = snapshot_session(snapshot, 42);
	assert_string_equal(session->name, "ann?");
	assert_int_equal(session->fd, -1);
	assert_int_equal(session->opened_ns, 50);
	assert_int_equal(session->used_ns, 20);
	assert_int_equal(session->user, 3);
	assert_int_equal(session->task_count, 3);
	assert_int_equal(session->tasks[0], 1);
	assert_int_equal(session->tasks[2], 5);
	session = snapshot_session(snapshot, 41);
	assert_string_equal(session->name, "descriptor 12");
	assert_int_equal(session->task_count, 2);
	assert_int_equal(snapshot_session(snapshot, 43)->task_count, 0);
	session = snapshot_session(snapshot, 44);
	assert_string_equal(session->name, "127.0.0.1:80");
	snapshot_free(snapshot);
}

/* Whatever numbers the probe sends, a session can be shown. */
static void
hostile_sessions(void **state)
{
	const struct wire_session worst = {
		.kind = 65535,
		.fd = INT32_MIN,
		.fds = UINT32_MAX,
		.from = UINT32_MAX,
		.gone_ns = UINT64_MAX,
		.opened_ns = UINT64_MAX,
		.used_ns = 1,
		.user = UINT64_MAX,
		.closer = UINT64_MAX,
		.inode = UINT64_MAX,
	};
	struct wire_session message = worst;
	const struct session *session;
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	for (uint64_t kind = 0; kind < 8; kind++) {
		message.id = kind + 1;
		message.kind = (uint16_t) kind;
		add_session(message, NULL, "");
	}
	message.id = 9;
	message.kind = 65535;
	message.gone_ns = BEGAN - 7;
	add_session(message, NULL, "");
	fake_add_end(&fake, 0, 9, 0, 0);
	snapshot = take_good();
	for (size_t i = 0; i < 9; i++) {
		session = &snapshot->sessions[i];
		assert_in_range(session->kind, WIRE_SESSION_ACCEPTED,
		    WIRE_SESSION_INHERITED);
		assert_int_equal(session->fd, -1);
		assert_int_equal(session->opened_ns, 0);
		assert_int_equal(session->state, SESSION_PEER_CLOSED);
		assert_int_equal(session->peer_closed_ns, i == 8 ? 7 : 0);
	}
	assert_int_equal(snapshot->sessions[3].kind, WIRE_SESSION_CONNECT);
	assert_int_equal(snapshot->sessions[8].kind, WIRE_SESSION_ACCEPTED);
	snapshot_free(snapshot);
}

/* Threads without a name of their own have the kernel's. */
static void
thread_names(void **state)
{
	uint32_t tid = (uint32_t) syscall(SYS_gettid);
	struct snapshot *snapshot;

	prctl(PR_SET_NAME, "worker 5");
	fake_add_begin(&fake, BEGAN);
	add_task((struct wire_task) { .id = 1, .tid = tid }, NULL, "");
	add_task((struct wire_task) { .id = 2, .tid = tid, .name = "own" },
	    NULL, "");
	add_task((struct wire_task) { .id = 3, .tid = 1 }, NULL, "");
	add_task((struct wire_task) { .id = 4 }, NULL, "");
	fake_add_end(&fake, 4, 0, 0, 0);
	snapshot = take_good();
	assert_string_equal(snapshot->tasks[0].name, "worker 5");
	assert_string_equal(snapshot->tasks[1].name, "own");
	assert_string_equal(snapshot->tasks[2].name, ""); /* not ours */
	assert_string_equal(snapshot->tasks[3].name, "");
	snapshot_free(snapshot);
}

static void
uncovered(void **state)
{
	struct wire_uncovered record = {
		.header = { sizeof(record), WIRE_UNCOVERED, 0 },
		.tid = 55,
		.why = WIRE_UNCOVERED_NO_CALL,
	};
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	fake_add(&fake, &record, sizeof(record));
	record.why = 12345;
	fake_add(&fake, &record, sizeof(record));
	fake_add_end(&fake, 0, 0, 0, 2);
	snapshot = take_good();
	assert_int_equal(snapshot->uncovered_count, 2);
	assert_int_equal(snapshot->uncovered[0].tid, 55);
	assert_non_null(strstr(snapshot->uncovered[0].why, "call"));
	assert_non_null(snapshot->uncovered[1].why);
	snapshot_free(snapshot);
}

/* Messages that arrive in crumbs, at odd places in the buffer. */
static void
in_pieces(void **state)
{
	struct snapshot *snapshot;

	fake_add_begin(&fake, BEGAN);
	for (uint64_t id = 1; id <= 50; id++) {
		add_session(
		    (struct wire_session) {
			.id = id, .fd = -1, .kind = WIRE_SESSION_REGISTRY },
		    NULL, "odd");
		add_task((struct wire_task) { .id = id }, NULL, "bytes");
	}
	fake_add_end(&fake, 50, 50, 0, 0);
	fake.steps[2].piece = 7;
	snapshot = take_good();
	assert_int_equal(snapshot->task_count, 50);
	assert_string_equal(snapshot->sessions[49].name, "odd");
	assert_memory_equal(snapshot->tasks[49].stack.bytes, "bytes", 5);
	snapshot_free(snapshot);
}

/* Ten thousand tasks with stacks, and five thousand sessions. */
static void
many(void **state)
{
	char stack[2001];
	struct snapshot *snapshot;

	memset(stack, 's', 2000);
	stack[2000] = '\0';
	fake_add_begin(&fake, BEGAN);
	for (uint64_t id = 10000; id > 0; id--) {
		add_task((struct wire_task) { .id = id,
			     .session = id / 2,
			     .name = "t",
			     .tid = (uint32_t) id,
			     .holder_tid = (uint32_t) id + 1 },
		    NULL, stack);
	}
	for (uint64_t id = 1; id <= 5000; id++) {
		add_session(
		    (struct wire_session) {
			.id = id, .fd = -1, .kind = WIRE_SESSION_REGISTRY },
		    NULL, "s");
	}
	fake_add_end(&fake, 10000, 5000, 0, 0);
	snapshot = take_good();
	assert_int_equal(snapshot->task_count, 10000);
	for (uint64_t id = 1; id <= 5000; id++) {
		assert_int_equal(snapshot_session(snapshot, id)->task_count,
		    id == 5000 ? 1 : 2);
	}
	assert_int_equal(snapshot_task(snapshot, 77)->holder, 78);
	assert_memory_equal(
	    snapshot_task(snapshot, 77)->stack.bytes, stack, 2000);
	snapshot_free(snapshot);
}

/* ---- What no probe sends ----------------------------------------------- */

static void
no_begin(void **state)
{
	fake_next_step(&fake);
	fake_add_end(&fake, 0, 0, 0, 0);
	assert_refused(EXIT_FAILED, "no sense");
}

static void
begins_twice(void **state)
{
	fake_add_begin(&fake, BEGAN);
	fake_add(&fake, fake.steps[2].bytes, sizeof(struct wire_begin));
	assert_refused(EXIT_FAILED, "no sense");
}

static void
miscounted(void **state)
{
	fake_add_begin(&fake, BEGAN);
	add_task((struct wire_task) { .id = 1 }, NULL, "");
	fake_add_end(&fake, 2, 0, 0, 0);
	assert_refused(EXIT_FAILED, "no sense");
}

static void
malformed_record(void **state)
{
	struct wire_task task = {
		.header = { sizeof(task), WIRE_TASK, 0 },
		.stack = { .size = 8 },
	};

	fake_add_begin(&fake, BEGAN);
	fake_add(&fake, &task, sizeof(task));
	assert_refused(EXIT_FAILED, "no sense");
}

static void
too_long_a_record(void **state)
{
	const struct wire_header header = { UINT32_MAX, WIRE_TASK, 0 };

	fake_add_begin(&fake, BEGAN);
	fake_add(&fake, &header, sizeof(header));
	assert_refused(EXIT_FAILED, "no sense");
}

static void
without_end(void **state)
{
	fake_add_begin(&fake, BEGAN);
	add_task((struct wire_task) { .id = 1 }, NULL, "");
	assert_refused(EXIT_FAILED, "hung up");
}

/* Records that never end: there is a limit. */
static void
endless(void **state)
{
	const struct wire_uncovered record = {
		.header = { sizeof(record), WIRE_UNCOVERED, 0 },
	};

	fake_add_begin(&fake, BEGAN);
	fake_next_step(&fake);
	for (int i = 0; i < 4096; i++) {
		fake_add(&fake, &record, sizeof(record));
	}
	fake.steps[3].unasked = true;
	fake.ending = FAKE_REPEAT;
	assert_refused(EXIT_FAILED, "more than a process can have");
}

static void
silent_midway(void **state)
{
	fake_add_begin(&fake, BEGAN);
	fake.ending = FAKE_SAY_NOTHING;
	assert_refused(EXIT_FAILED, "does not answer");
}

/* ---- Memory ------------------------------------------------------------ */

static void
add_memory(uint64_t address, const char *bytes)
{
	struct wire_memory memory = {
		.header = { (uint32_t) (sizeof(memory) + strlen(bytes)),
		    WIRE_MEMORY, 0 },
		.address = address,
		.size = (uint32_t) strlen(bytes),
	};

	fake_add(&fake, &memory, sizeof(memory));
	fake_add(&fake, bytes, strlen(bytes));
}

static size_t
read_memory(char *buffer, size_t size)
{
	struct failure failure;
	struct client *client;
	size_t got;

	fake_start(&fake);
	client = client_open(getpid(), &failure);
	assert_non_null(client);
	got = client_read(client, 0x1000, buffer, size);
	client_close(client);
	return got;
}

static void
memory(void **state)
{
	char buffer[8] = "";

	fake.steps[1].size = 0;
	add_memory(0x1000, "code");
	assert_int_equal(read_memory(buffer, 4), 4);
	assert_memory_equal(buffer, "code", 4);
}

static void
no_memory(void **state)
{
	char buffer[8];

	fake.steps[1].size = 0;
	add_memory(0x1000, "");
	assert_int_equal(read_memory(buffer, 4), 0);
}

/* More than was asked for, or of another place. */
static void
wrong_memory(void **state)
{
	char buffer[8] = "before";

	fake.steps[1].size = 0;
	add_memory(0x1000, "much more than was asked for");
	assert_int_equal(read_memory(buffer, 4), 0);
	assert_string_equal(buffer, "before");
}

static void
memory_of_elsewhere(void **state)
{
	char buffer[8];

	fake.steps[1].size = 0;
	add_memory(0x2000, "code");
	assert_int_equal(read_memory(buffer, 4), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(one_task),
		TEST(odd_times),
		TEST(holders),
		TEST(holders_that_are_no_owners),
		TEST(channels),
		TEST(sessions),
		TEST(hostile_sessions),
		TEST(thread_names),
		TEST(uncovered),
		TEST(in_pieces),
		TEST(many),
		TEST(no_begin),
		TEST(begins_twice),
		TEST(miscounted),
		TEST(malformed_record),
		TEST(too_long_a_record),
		TEST(without_end),
		TEST(endless),
		TEST(silent_midway),
		TEST(memory),
		TEST(no_memory),
		TEST(wrong_memory),
		TEST(memory_of_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
