/*
 * hostile_test.c: what the probe makes of readers that mean no good, or do not
 * know better. After each of them others are served, and so is the target.
 */
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/wire.h"

/* A thread that wants to run does, however little the machine has left. */
#define GAP_MAX_NS 2000000000

/* Connects to the probe in the program; -1 if it takes no more. */
static int
probe_try(const struct harness_program *program, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/%d.sock",
	    harness_directory(), harness_pid(program));
	if (connect(fd, (struct sockaddr *) &address, sizeof address) == -1) {
		if (errno != EAGAIN) {
			fail_msg("%s: %s", address.sun_path, strerror(errno));
		}
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return fd;
}

static int
probe_connect(const struct harness_program *program)
{
	int fd = probe_try(program, 0);

	assert_int_not_equal(fd, -1);
	return fd;
}

static void
say(int fd, const void *message, size_t size)
{
	/* It may have hung up already: no error then. */
	(void) !send(fd, message, size, MSG_NOSIGNAL);
}

static void
say_hello(int fd, uint32_t version)
{
	struct wire_hello hello = {
		.header = { .length = sizeof hello, .type = WIRE_HELLO },
		.magic = WIRE_MAGIC,
		.version = version,
	};

	say(fd, &hello, sizeof hello);
}

/* Reads one message; its type, or 0 if the connection has ended. */
static int
hear(int fd, void *message, size_t size)
{
	struct wire_header header;
	size_t rest;

	if (recv(fd, &header, sizeof header, MSG_WAITALL) != sizeof header) {
		return 0;
	}
	assert_in_range(header.length, sizeof header, size);
	memcpy(message, &header, sizeof header);
	rest = header.length - sizeof header;
	if (rest > 0 &&
	    recv(fd, (char *) message + sizeof header, rest, MSG_WAITALL) !=
		(ssize_t) rest) {
		return 0;
	}
	assert_true(wire_check_answer(message, header.length));
	return header.type;
}

/* Fails unless an error comes, of that code, and then the end. */
static void
assert_thrown_out(int fd, uint32_t code)
{
	static union {
		struct wire_error error;
		char bytes[WIRE_MAX];
	} message;
	int type = hear(fd, &message, sizeof message);
	ssize_t got;

	if (type == WIRE_HELLO) {
		type = hear(fd, &message, sizeof message);
	}
	assert_int_equal(type, WIRE_ERROR);
	assert_int_equal(message.error.code, code);
	assert_true(message.error.text_size > 0);
	/* What it had not read may make the end a reset. */
	got = recv(fd, &message, 1, 0);
	assert_true(got == 0 || (got == -1 && errno == ECONNRESET));
	close(fd);
}

static struct harness_program *
start_server(int *port)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "plain_server");

	*port = harness_ready(program);
	return program;
}

/* The tool is served, and the server's clients are. */
static void
assert_unharmed(struct harness_program *program, int port)
{
	harness_ask(harness_connect(port), "hello", "hello");
	harness_await(program, 1, "IO accept", "accept_all");
	assert_true(harness_alive(program));
}

/* ---- Messages ---------------------------------------------------------- */

static void
test_wrong_magic(void **state)
{
	struct wire_hello hello = {
		.header = { .length = sizeof hello, .type = WIRE_HELLO },
		.magic = 0x20544547, /* "GET " */
		.version = WIRE_VERSION,
	};
	int port, fd;
	struct harness_program *program = start_server(&port);

	fd = probe_connect(program);
	say(fd, &hello, sizeof hello);
	assert_thrown_out(fd, WIRE_ERROR_MALFORMED);
	assert_unharmed(program, port);
}

static void
test_other_version(void **state)
{
	int port, fd;
	struct harness_program *program = start_server(&port);

	fd = probe_connect(program);
	say_hello(fd, WIRE_VERSION + 1);
	assert_thrown_out(fd, WIRE_ERROR_VERSION);
	assert_unharmed(program, port);
}

/* Lengths that lie, of messages of all types, after a good greeting. */
static void
test_hostile_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 7, 9, 65, 4096, WIRE_MAX,
		WIRE_MAX + 1, 0x7fffffff, 0xfffffff8, 0xffffffff };
	int port;
	struct harness_program *program = start_server(&port);

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct wire_snapshot_request request = {
			.header = { .length = lengths[i],
			    .type = WIRE_SNAPSHOT_REQUEST },
		};
		int fd = probe_connect(program);

		say_hello(fd, WIRE_VERSION);
		say(fd, &request, sizeof request);
		assert_thrown_out(fd, WIRE_ERROR_MALFORMED);
	}
	assert_unharmed(program, port);
}

static void
test_unknown_types(void **state)
{
	static const uint16_t types[] = { 0, WIRE_ERROR, WIRE_COUNTS,
		WIRE_BEGIN, WIRE_TASK, WIRE_END, WIRE_MEMORY, 200, 0xffff };
	int port;
	struct harness_program *program = start_server(&port);

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct wire_header header = { .length = sizeof header,
			.type = types[i] };
		int fd = probe_connect(program);

		say_hello(fd, WIRE_VERSION);
		say(fd, &header, sizeof header);
		assert_thrown_out(fd, WIRE_ERROR_MALFORMED);
	}
	assert_unharmed(program, port);
}

/* Without a greeting nothing is answered but an error. */
static void
test_no_greeting(void **state)
{
	struct wire_counts_request request = {
		.header = { .length = sizeof request,
		    .type = WIRE_COUNTS_REQUEST },
	};
	int port, fd;
	struct harness_program *program = start_server(&port);

	fd = probe_connect(program);
	say(fd, &request, sizeof request);
	assert_thrown_out(fd, WIRE_ERROR_MALFORMED);
	assert_unharmed(program, port);
}

/* The reader may not read what it likes: only files' read-only pages. */
static void
test_memory_is_not_for_all(void **state)
{
	static union {
		struct wire_memory memory;
		char bytes[WIRE_MAX];
	} message;
	int port, fd, type;
	struct harness_program *program = start_server(&port);
	char path[64], line[256];
	unsigned long stack = 0;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/maps", harness_pid(program));
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof line, maps)) {
		if (strstr(line, "[stack]")) {
			stack = strtoul(line, NULL, 16);
		}
	}
	fclose(maps);
	assert_int_not_equal(stack, 0);
	fd = probe_connect(program);
	say_hello(fd, WIRE_VERSION);
	assert_int_equal(hear(fd, &message, sizeof message), WIRE_HELLO);
	for (int i = 0; i < 3; i++) {
		struct wire_read_request request = {
			.header = { .length = sizeof request,
			    .type = WIRE_READ_REQUEST },
			.address =
			    (uint64_t[]) { stack, 0, UINT64_MAX - 100 }[i],
			.size = 4096,
		};

		say(fd, &request, sizeof request);
		type = hear(fd, &message, sizeof message);
		if (type == WIRE_MEMORY) {
			assert_int_equal(message.memory.size, 0);
		} else {
			assert_int_equal(type, WIRE_ERROR);
			break;
		}
	}
	close(fd);
	assert_unharmed(program, port);
}

static void
test_noise(void **state)
{
	int port;
	struct harness_program *program = start_server(&port);

	for (int i = 0; i < 300; i++) {
		unsigned char noise[256];
		int fd = probe_connect(program);

		assert_int_equal(
		    getrandom(noise, sizeof noise, 0), sizeof noise);
		if (i % 2) {
			say_hello(fd, WIRE_VERSION);
			noise[1] = noise[2] = noise[3] = 0; /* a length that */
			noise[0] %= 64;                     /* may be right */
			noise[5] = 0;
		}
		say(fd, noise, 1 + noise[200]);
		close(fd);
	}
	assert_unharmed(program, port);
}

/* ---- Behaviour --------------------------------------------------------- */

/* Half a message, and then silence: the others do not wait for the rest. */
static void
test_half_message(void **state)
{
	struct wire_header header = { .length = 64, .type = WIRE_HELLO };
	int port, fds[3];
	struct harness_program *program = start_server(&port);

	for (int i = 0; i < 3; i++) {
		fds[i] = probe_connect(program);
		say(fds[i], &header, 2 + 2 * i);
	}
	assert_unharmed(program, port);
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
	}
	assert_unharmed(program, port);
}

/* Waits until the other side has hung up; what it has sent is not read. */
static void
await_hangup(int fd)
{
	struct pollfd polled = { .fd = fd };

	assert_int_equal(poll(&polled, 1, 30000), 1);
	assert_true(polled.revents & POLLHUP);
}

/* Asks for snapshots without end, and reads none of them. */
static void
test_reader_stops(void **state)
{
	struct wire_snapshot_request request = {
		.header = { .length = sizeof request,
		    .type = WIRE_SNAPSHOT_REQUEST },
		.flags = WIRE_WITH_STACKS | WIRE_WITH_CREATION,
		.stack_max = WIRE_STACK_MAX,
	};
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "many_threads", "--threads=500");
	int fd;

	harness_ready(program);
	fd = probe_connect(program);
	say_hello(fd, WIRE_VERSION);
	for (int i = 0; i < 1000; i++) {
		if (send(fd, &request, sizeof request,
			MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
			break;
		}
	}
	/* Others are served while it sits there. */
	harness_await(program, 500, "cond wait", "block");
	harness_say(program, "gap");
	assert_in_range(
	    strtol(harness_line(program, ""), NULL, 10), 1, GAP_MAX_NS);
	await_hangup(fd);
	close(fd);
	harness_await(program, 500, "cond wait", "block");
	assert_int_equal(harness_stop(program), 0);
}

static void
test_many_connections(void **state)
{
	int port, fds[100];
	struct harness_program *program = start_server(&port);

	for (int i = 0; i < 100; i++) {
		fds[i] = probe_try(program, SOCK_NONBLOCK);
	}
	harness_ask(harness_connect(port), "hello", "hello");
	for (int i = 0; i < 100; i++) {
		close(fds[i]);
	}
	assert_unharmed(program, port);
}

/* ---- The other way round ----------------------------------------------- */

/* Answers one connection as a probe of another version would. */
static void
answer_once(int listener, uint32_t version)
{
	struct wire_hello hello = {
		.header = { .length = sizeof hello, .type = WIRE_HELLO },
		.magic = WIRE_MAGIC,
		.version = version,
		.pid = getpid(),
	};
	int fd = accept(listener, NULL, NULL);
	char bytes[256];

	(void) !recv(fd, bytes, sizeof bytes, 0);
	say(fd, &hello, sizeof hello);
	(void) !recv(fd, bytes, sizeof bytes, 0);
	close(fd);
}

/* Pretends to be a probe, of this process: of a later version, or a madman. */
static void
assert_tool_refuses(uint32_t version)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct harness_program *tool;
	char pid[16];
	int status;

	snprintf(pid, sizeof pid, "%d", getpid());
	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock",
	    harness_directory(), pid);
	assert_int_equal(
	    bind(listener, (struct sockaddr *) &address, sizeof address), 0);
	assert_int_equal(listen(listener, 8), 0);
	tool = harness_start(HARNESS_BARE, harness_tool(), "dump", pid);
	answer_once(listener, version);
	close(listener);
	unlink(address.sun_path);
	status = harness_stop(tool);
	assert_int_equal(status, 3);
	assert_non_null(strstr(harness_errors(tool), "version"));
}

static void
test_tool_of_other_version(void **state)
{
	assert_tool_refuses(WIRE_VERSION + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_wrong_magic),
		HARNESS_TEST(test_other_version),
		HARNESS_TEST(test_hostile_lengths),
		HARNESS_TEST(test_unknown_types),
		HARNESS_TEST(test_no_greeting),
		HARNESS_TEST(test_memory_is_not_for_all),
		HARNESS_TEST(test_noise),
		HARNESS_TEST(test_half_message),
		HARNESS_TEST(test_reader_stops),
		HARNESS_TEST(test_many_connections),
		HARNESS_TEST(test_tool_of_other_version),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
