/*
 * probe_serve_test.c: the agent's end of the socket, and what a snapshot says.
 *
 * The test is the agent's loop (pump) and its clients at once. Whatever comes
 * over the socket must pass the check that the tool makes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "unit/probe_fixture.h"

#include "common/wire.h"
#include "probe/channel.h"
#include "probe/config.h"
#include "probe/dump.h"
#include "probe/listener.h"
#include "probe/serve.h"
#include "probe/signal.h"

static struct fixture_stack stack;
static struct stranded_place place;
static char directory[64];
static char path[128];
static uint8_t message[WIRE_MAX]; /* the last that was received */

/* Who asked for a snapshot last: what the signal's dump wants to know. */
static int asker;

void
dump_served(int pid)
{
	asker = pid;
}

void
signal_tell(struct wire_signal *answer)
{
	*answer = (struct wire_signal) {
		.header = { sizeof *answer, WIRE_SIGNAL, 0 },
		.number = SIGQUIT,
		.flags = WIRE_SIGNAL_TAKEN,
	};
}

/* ---- The agent --------------------------------------------------------- */

static int
begin(void **state)
{
	fixture_setup(state);
	place = fixture_place(&stack, 1024);
	if (task_self == NULL) {
		task_adopt();
	}
	task_self->stack = (struct bounds) { 0 };
	strcpy(directory, "/tmp/stranded-unit-XXXXXX");
	if (!mkdtemp(directory)) {
		return -1;
	}
	snprintf(path, sizeof path, "%s/%d.sock", directory, getpid());
	strcpy(config.directory, directory);
	listener_reset();
	serve_reset();
	return 0;
}

static int
end(void **state)
{
	serve_tick(INT64_MAX); /* drops who is left waiting */
	serve_reset();
	listener_remove();
	if (listener_fd >= 0) {
		close(listener_fd);
	}
	unlink(path);
	return rmdir(directory);
}

/* Does what there is to do, without waiting. */
static void
pump(void)
{
	for (int rounds = 0; rounds < 1000; rounds++) {
		struct pollfd fds[SERVE_FDS];
		unsigned int count = serve_poll(fds);

		if (poll(fds, count, 0) <= 0) {
			return;
		}
		serve_ready(fds, count);
	}
}

/* ---- Its clients ------------------------------------------------------- */

static int
connect_silently(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (void *) &address, sizeof address), 0);
	pump();
	return fd;
}

static void
say(int fd, const void *request, size_t size)
{
	assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
	pump();
}

/* Reads `size` bytes while the agent makes more; false at the end. */
static bool
take(int fd, void *to, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = recv(fd, (char *) to + have, size - have, 0);

		if (got == 0 || (got < 0 && errno == ECONNRESET)) {
			return false;
		}
		if (got < 0) {
			struct pollfd polled = { fd, POLLIN, 0 };

			pump();
			assert_int_equal(poll(&polled, 1, 1000), 1);
			continue;
		}
		have += (size_t) got;
	}
	return true;
}

/* The next message, which is sane; its type, or 0 at the end. */
static int
hear(int fd)
{
	struct wire_header *header = (void *) message;

	if (!take(fd, header, sizeof *header)) {
		return 0;
	}
	assert_in_range(header->length, sizeof *header, sizeof message);
	assert_true(take(fd, header + 1, header->length - sizeof *header));
	if (!wire_check_answer(message, header->length)) {
		fail_msg("a message of type %d is not sane", header->type);
	}
	return header->type;
}

static struct wire_hello
hello(void)
{
	return (struct wire_hello) {
		.header = { sizeof(struct wire_hello), WIRE_HELLO, 0 },
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
	};
}

static int
client(void)
{
	struct wire_hello request = hello();
	int fd;

	listener_keep(sys_now());
	assert_true(listener_fd >= 0);
	fd = connect_silently();
	say(fd, &request, sizeof request);
	assert_int_equal(hear(fd), WIRE_HELLO);
	return fd;
}

static void
ask_snapshot(int fd, uint32_t flags, uint32_t stack_max)
{
	struct wire_snapshot_request request = {
		.header = { sizeof request, WIRE_SNAPSHOT_REQUEST, 0 },
		.flags = flags,
		.stack_max = stack_max,
	};

	say(fd, &request, sizeof request);
}

/* The connection must end with this error. */
static void
assert_refused(int fd, enum wire_error_code code)
{
	const struct wire_error *error = (void *) message;

	assert_int_equal(hear(fd), WIRE_ERROR);
	assert_int_equal(error->code, code);
	assert_true(error->text_size > 0);
	assert_int_equal(hear(fd), 0);
	close(fd);
}

/* ---- Where it listens -------------------------------------------------- */

static void
the_socket_comes_and_goes(void **state)
{
	struct stat status;

	listener_keep(1);
	assert_true(listener_fd >= 0);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	/* Somebody tidies up: it is made again, at a later look. */
	unlink(path);
	listener_keep(2);
	assert_int_equal(lstat(path, &status), -1);
	listener_keep(100 * NS_PER_SECOND);
	assert_int_equal(lstat(path, &status), 0);
	listener_remove();
	assert_int_equal(lstat(path, &status), -1);
	/* The process ends: it makes none any more. */
	listener_keep(200 * NS_PER_SECOND);
	assert_int_equal(lstat(path, &status), -1);
}

static void
places_that_are_not_safe(void **state)
{
	char link[128];

	assert_int_equal(chmod(directory, 0755), 0);
	listener_keep(1);
	assert_int_equal(listener_fd, -1);
	assert_int_equal(chmod(directory, 0700), 0);
	snprintf(link, sizeof link, "%s/link", directory);
	assert_int_equal(symlink(directory, link), 0);
	strcpy(config.directory, link);
	listener_keep(100 * NS_PER_SECOND);
	assert_int_equal(listener_fd, -1);
	unlink(link);
}

static void
what_stands_in_the_place(void **state)
{
	struct stat status;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	/* A file is somebody's: it stays. */
	close(fd);
	listener_keep(1);
	assert_int_equal(listener_fd, -1);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	unlink(path);
	/* A socket was an earlier process's. */
	listener_keep(100 * NS_PER_SECOND);
	assert_true(listener_fd >= 0);
	close(listener_fd);
	listener_reset();
	listener_keep(1);
	assert_true(listener_fd >= 0);
	close(connect_silently());
}

/* A path of more than a socket's address holds is reached all the same. */
static void
a_long_path(void **state)
{
	struct stat status;
	char socket[512];
	size_t length = strlen(directory);

	config.directory[length] = '/';
	memset(config.directory + length + 1, 'd', 150);
	config.directory[length + 151] = '\0';
	snprintf(
	    socket, sizeof socket, "%s/%d.sock", config.directory, getpid());
	listener_keep(1);
	assert_true(listener_fd >= 0);
	assert_int_equal(lstat(socket, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	listener_remove();
	assert_int_equal(lstat(socket, &status), -1);
	rmdir(config.directory);
}

/* ---- Requests ---------------------------------------------------------- */

static bool
is_listed(const struct wire_bookkeeping *bookkeeping, const void *record)
{
	const struct wire_range *ranges = wire_bookkeeping_ranges(bookkeeping);

	for (uint32_t i = 0; i < bookkeeping->range_count; i++) {
		if ((uintptr_t) record >= ranges[i].start &&
		    (uintptr_t) record < ranges[i].end) {
			return true;
		}
	}
	return false;
}

/* The probe's records are in it, what belongs to others is not. */
static void
check_bookkeeping(const struct wire_bookkeeping *bookkeeping)
{
	assert_true(is_listed(bookkeeping, task_self));
	assert_true(
	    is_listed(bookkeeping, table_hot(&task_table, task_self->number)));
	assert_false(is_listed(bookkeeping, &bookkeeping));
	assert_int_equal(bookkeeping->argument_count, 0);
}

static void
a_conversation(void **state)
{
	const struct wire_permit_request permit = {
		.header = { sizeof permit, WIRE_PERMIT_REQUEST, 0 },
	};
	const struct wire_bookkeeping_request bookkeeping = {
		.header = { sizeof bookkeeping, WIRE_BOOKKEEPING_REQUEST, 0 },
	};
	struct wire_counts_request counts = {
		.header = { sizeof counts, WIRE_COUNTS_REQUEST, 0 },
	};
	const struct wire_signal_request signal = {
		.header = { sizeof signal, WIRE_SIGNAL_REQUEST, 0 },
	};
	int fd = client();
	const struct wire_hello *answer = (void *) message;

	assert_int_equal(answer->magic, WIRE_MAGIC);
	assert_int_equal(answer->version, WIRE_VERSION);
	assert_int_equal(answer->pid, getpid());
	for (int i = 0; i < 100; i++) {
		say(fd, &counts, sizeof counts);
		assert_int_equal(hear(fd), WIRE_COUNTS);
		assert_int_equal(((struct wire_counts *) message)->tasks, 1);
	}
	say(fd, &signal, sizeof signal);
	assert_int_equal(hear(fd), WIRE_SIGNAL);
	assert_int_equal(((struct wire_signal *) message)->number, SIGQUIT);
	say(fd, &permit, sizeof permit);
	assert_int_equal(hear(fd), WIRE_PERMIT);
	say(fd, &bookkeeping, sizeof bookkeeping);
	assert_int_equal(hear(fd), WIRE_BOOKKEEPING);
	check_bookkeeping((void *) message);
	asker = 0;
	ask_snapshot(fd, 0, 0);
	assert_int_equal(hear(fd), WIRE_BEGIN);
	while (hear(fd) != WIRE_END) {
	}
	assert_int_equal(asker, getpid());
	close(fd);
}

/* All at once, and byte by byte: the answers are the same. */
static void
requests_in_pieces(void **state)
{
	struct {
		struct wire_hello hello;
		struct wire_counts_request counts[3];
	} words = { .hello = hello() };
	int fd;

	for (int i = 0; i < 3; i++) {
		words.counts[i].header =
		    (struct wire_header) { sizeof words.counts[i],
			    WIRE_COUNTS_REQUEST, 0 };
	}
	listener_keep(1);
	for (size_t piece = 1; piece <= sizeof words; piece++) {
		fd = connect_silently();
		for (size_t at = 0; at < sizeof words; at += piece) {
			size_t size = sizeof words - at;

			say(fd, (char *) &words + at,
			    size < piece ? size : piece);
		}
		assert_int_equal(hear(fd), WIRE_HELLO);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(hear(fd), WIRE_COUNTS);
		}
		close(fd);
		pump();
	}
}

static void
greetings_that_are_none(void **state)
{
	struct wire_hello request = hello();
	int fd;

	listener_keep(1);
	request.magic++;
	fd = connect_silently();
	say(fd, &request, sizeof request);
	assert_refused(fd, WIRE_ERROR_MALFORMED);
	request.magic--;
	request.version++;
	fd = connect_silently();
	say(fd, &request, sizeof request);
	assert_refused(fd, WIRE_ERROR_VERSION);
	request.version--;
	fd = client();
	say(fd, &request, sizeof request); /* twice */
	assert_refused(fd, WIRE_ERROR_MALFORMED);
	fd = connect_silently();
	ask_snapshot(fd, 0, 0); /* not at all */
	assert_refused(fd, WIRE_ERROR_MALFORMED);
}

static void
requests_that_make_no_sense(void **state)
{
	static const struct wire_header headers[] = {
		{ 0, WIRE_COUNTS_REQUEST, 0 },
		{ 7, WIRE_COUNTS_REQUEST, 0 },
		{ WIRE_REQUEST_MAX + 1, WIRE_COUNTS_REQUEST, 0 },
		{ ~0u, WIRE_COUNTS_REQUEST, 0 },
		{ 8, 0, 0 },
		{ 8, 99, 0 },
		{ 8, WIRE_COUNTS, 0 },
		{ 8, WIRE_SNAPSHOT_REQUEST, 0 },
		{ 8, WIRE_READ_REQUEST, 0 },
		{ 8, WIRE_COUNTS_REQUEST, 1 },
	};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		int fd = client();

		say(fd, &headers[i], sizeof headers[i]);
		assert_refused(fd, WIRE_ERROR_MALFORMED);
	}
}

static void
noise(void **state)
{
	uint32_t random = 1;

	listener_keep(1);
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[100];
		int fd = i % 2 == 0 ? client() : connect_silently();

		for (size_t n = 0; n < sizeof bytes; n++) {
			random = random * 1103515245 + 12345;
			bytes[n] = (uint8_t) (random >> 16);
		}
		if (i % 3 == 0) {
			bytes[1] = bytes[2] = bytes[3] = bytes[5] = 0;
		}
		send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
		pump();
		while (recv(fd, message, sizeof message, 0) > 0) {
		}
		close(fd);
		pump();
	}
	close(client());
}

/* ---- Memory ------------------------------------------------------------ */

static const char constant[64] = "in the program's file";

static uint32_t
read_memory(int fd, const void *address, uint32_t size)
{
	struct wire_read_request request = {
		.header = { sizeof request, WIRE_READ_REQUEST, 0 },
		.address = (uintptr_t) address,
		.size = size,
	};
	const struct wire_memory *memory = (void *) message;

	say(fd, &request, sizeof request);
	assert_int_equal(hear(fd), WIRE_MEMORY);
	assert_int_equal(memory->address, (uintptr_t) address);
	return memory->size;
}

static void
memory_is_read(void **state)
{
	int fd = client();

	assert_int_equal(read_memory(fd, constant, 64), 64);
	assert_memory_equal((struct wire_memory *) message + 1, constant, 64);
	assert_int_equal(read_memory(fd, constant, 13), 13);
	assert_int_equal(read_memory(fd, constant, 0), 0);
	assert_int_equal(read_memory(fd, constant, ~0u), 0);
	assert_int_equal(read_memory(fd, &stack, 64), 0);
	assert_int_equal(read_memory(fd, NULL, 64), 0);
	assert_int_equal(read_memory(fd, constant, 64), 64);
	close(fd);
}

/* ---- Snapshots --------------------------------------------------------- */

enum { TASKS = 20 };

static struct task *tasks[TASKS];
static struct stranded_case cases[100];

/* A wait on its task's stack, with a frame that can be copied. */
static void
block(struct task *task, size_t offset, enum stranded_state state)
{
	struct stranded_wait *wait = fixture_wait(&stack, offset);
	void **frame = (void **) (stack.bytes + offset + 256);

	*wait = (struct stranded_wait) {
		.object = &cases[0],
		.state = (uint16_t) state,
		.frame = frame,
		.cfa = frame + 2,
		.call = CALL_NONE,
	};
	frame[0] = (void *) 0x1111;
	frame[1] = (void *) 0x2222;
	task->stack = fixture_bounds(&stack);
	task_push(task, wait);
}

static void
populate(void)
{
	task_self->stack = fixture_bounds(&stack);
	for (int i = 0; i < TASKS; i++) {
		tasks[i] = task_create("blocked", TASK_RUNTIME, &place);
		if (i > 0) {
			block(
			    tasks[i], 4096 + (size_t) i * 512, STRANDED_MUTEX);
		}
	}
}

/* Gives all but the first stacks that together fill every buffer. */
static void
deepen(void)
{
	static _Alignas(16) uint8_t deep[WIRE_STACK_MAX + (64 << 10)];

	for (int i = 1; i < TASKS; i++) {
		uint8_t *at = deep + i * 512;
		struct stranded_wait *wait = (void *) at;

		tasks[i]->top = NULL;
		tasks[i]->stack = (struct bounds) { (uintptr_t) deep,
			(uintptr_t) deep + sizeof deep };
		memcpy(at, fixture_wait(&stack, 4096 + (size_t) i * 512), 512);
		wait->frame = at + 256;
		wait->cfa = at + 272;
		task_push(tasks[i], wait);
	}
}

static void
depopulate(void)
{
	for (int i = 0; i < TASKS; i++) {
		task_end(tasks[i]);
	}
	task_self->stack = (struct bounds) { 0 };
}

/* How many of each there were, by the messages and by the END. */
static struct wire_end
hear_snapshot(int fd, void (*look)(const struct wire_header *))
{
	struct wire_end end = { 0 };
	int type;

	assert_int_equal(hear(fd), WIRE_BEGIN);
	while ((type = hear(fd)) != WIRE_END) {
		end.tasks += type == WIRE_TASK;
		end.sessions += type == WIRE_SESSION;
		end.channels += type == WIRE_CHANNEL;
		end.uncovered += type == WIRE_UNCOVERED;
		if (look) {
			look((void *) message);
		}
	}
	assert_int_equal(((struct wire_end *) message)->tasks, end.tasks);
	assert_int_equal(((struct wire_end *) message)->sessions, end.sessions);
	assert_int_equal(((struct wire_end *) message)->channels, end.channels);
	assert_int_equal(
	    ((struct wire_end *) message)->uncovered, end.uncovered);
	return end;
}

static uint32_t seen_max; /* the largest stack */
static unsigned int seen_known, seen_cases, seen_truncated, seen_bad;

static void
look_at_stacks(const struct wire_header *header)
{
	const struct wire_task *task = (const void *) header;
	const uint64_t *words = (const void *) wire_task_stack(task);

	/* The test's own thread sleeps, as the kernel says. */
	if (header->type != WIRE_TASK || (task->flags & WIRE_TASK_KERNEL)) {
		return;
	}
	seen_known += (task->stack.flags & WIRE_STACK_KNOWN) != 0;
	seen_truncated += (task->stack.flags & WIRE_STACK_TRUNCATED) != 0;
	seen_bad += (task->stack.flags & WIRE_STACK_UNREADABLE) != 0;
	seen_cases += task->case_count;
	if (task->stack.size > 0) {
		assert_int_equal(task->stack.fp, 0x1111);
		assert_int_equal(task->stack.pc, 0x2222);
		assert_int_equal(words[1], 0x2222);
		assert_int_equal(task->stack.sp, task->stack.base + 16);
	}
	if (task->stack.size > seen_max) {
		seen_max = task->stack.size;
	}
}

static void
forget(void)
{
	seen_max = seen_known = seen_cases = seen_truncated = seen_bad = 0;
}

static void
all_that_there_is(void **state)
{
	size_t length = 3;
	uint8_t closed = 1;
	struct stranded_channel channel = { &channel, 4, &length, &closed };
	uint64_t open = session_open("registry", &place);
	uint64_t made = channel_create(&channel, &place);
	int pair[2];
	struct wire_end end;
	int fd = client();

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	session_accepted(pair[0], NULL, 0, &place);
	populate();
	forget();
	ask_snapshot(fd, WIRE_WITH_STACKS | WIRE_WITH_CREATION, 1 << 16);
	end = hear_snapshot(fd, look_at_stacks);
	assert_int_equal(end.tasks, TASKS + 1);
	assert_int_equal(end.sessions, 2);
	assert_int_equal(end.channels, 1);
	assert_true(seen_max > 0);
	depopulate();
	session_close(open);
	session_fd_closes(pair[0]);
	channel_destroy(made);
	close(pair[0]);
	close(pair[1]);
	ask_snapshot(fd, 0, 0);
	end = hear_snapshot(fd, NULL);
	assert_int_equal(end.tasks, 1);
	assert_int_equal(end.sessions + end.channels, 0);
	close(fd);
}

static void
stacks_are_as_long_as_asked_for(void **state)
{
	static const uint32_t sizes[] = { 0, 7, 8, 16, 128, 1 << 16, ~0u };
	int fd = client();

	populate();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		forget();
		ask_snapshot(fd, WIRE_WITH_STACKS, sizes[i]);
		hear_snapshot(fd, look_at_stacks);
		assert_true(seen_max <= sizes[i]);
		if (sizes[i] == 128) {
			assert_int_equal(seen_truncated, TASKS - 1);
		} else if (sizes[i] >= sizeof stack.bytes) {
			assert_int_equal(seen_truncated, 0);
			assert_true(seen_max > 128);
		}
	}
	depopulate();
	close(fd);
}

/* What was sent before is not sent again, if that is wanted. */
static void
only_what_is_new(void **state)
{
	const uint32_t flags =
	    WIRE_WITH_STACKS | WIRE_WITH_CREATION | WIRE_ONLY_NEW;
	int fd = client();

	populate();
	forget();
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, look_at_stacks);
	assert_int_equal(seen_known, 0);
	/* Those that this one was the first to see come once more. */
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, NULL);
	forget();
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, look_at_stacks);
	assert_int_equal(seen_known, TASKS - 1);
	assert_int_equal(seen_max, 0);
	task_pop(tasks[1], (struct stranded_wait *) tasks[1]->top);
	block(tasks[1], 4096 + 512, STRANDED_MUTEX);
	forget();
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, look_at_stacks);
	assert_int_equal(seen_known, TASKS - 2);
	assert_true(seen_max > 0);
	depopulate();
	close(fd);
}

/*
 * What came since the last snapshot is new, though the clock, which only ticks,
 * says that it came before.
 */
static unsigned int seen_creations;

static void
look_at_creations(const struct wire_header *header)
{
	const struct wire_task *task = (const void *) header;
	const struct wire_session *session = (const void *) header;
	const struct wire_channel *channel = (const void *) header;

	seen_creations +=
	    (header->type == WIRE_TASK && task->creation.size > 0) +
	    (header->type == WIRE_SESSION && session->opened_by.size > 0) +
	    (header->type == WIRE_CHANNEL && channel->created_by.size > 0);
}

static void
what_came_since(void **state)
{
	const uint32_t flags = WIRE_WITH_CREATION | WIRE_ONLY_NEW;
	struct stranded_channel channel = { &channel, 4, NULL, NULL };
	uint64_t open, made;
	int fd = client();

	task_clock = sys_now();
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, NULL);
	populate();
	open = session_open("registry", &place);
	made = channel_create(&channel, &place);
	seen_creations = 0;
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, look_at_creations);
	assert_int_equal(seen_creations, TASKS + 2);
	/* Once the clock has ticked they are old. */
	task_clock = sys_now();
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, NULL);
	seen_creations = 0;
	ask_snapshot(fd, flags, 4096);
	hear_snapshot(fd, look_at_creations);
	assert_int_equal(seen_creations, 0);
	channel_destroy(made);
	session_close(open);
	depopulate();
	close(fd);
}

/* ---- Who used a channel last ------------------------------------------- */

static struct wire_channel seen_channel; /* the last that came */

static void
look_at_channels(const struct wire_header *header)
{
	if (header->type == WIRE_CHANNEL) {
		seen_channel = *(const struct wire_channel *) header;
	}
}

static void
see_channel(int fd)
{
	seen_channel = (struct wire_channel) { .id = 0 };
	ask_snapshot(fd, 0, 0);
	hear_snapshot(fd, look_at_channels);
	assert_int_not_equal(seen_channel.id, 0);
}

/* A task that has ended has the id that it had; one that lives, too. */
static void
users_of_a_channel(void **state)
{
	struct stranded_channel channel = { &channel, 4, NULL, NULL };
	struct task *task = task_create("sender", TASK_RUNTIME, &place);
	struct stranded_user sender = { &sender, task_handle(task) };
	struct stranded_user receiver = { NULL, 0 };
	uint64_t made = channel_create(&channel, &place);
	uint64_t id = task->id;
	int fd = client();

	see_channel(fd);
	assert_int_equal(seen_channel.sender.flags, 0);
	channel_users(made, &sender, &receiver);
	see_channel(fd);
	assert_int_equal(seen_channel.sender.flags, WIRE_USER_TOLD);
	assert_int_equal(seen_channel.sender.task, id);
	assert_int_equal(seen_channel.sender.pc, (uintptr_t) &sender);
	assert_int_equal(seen_channel.receiver.flags, WIRE_USER_TOLD);
	assert_int_equal(seen_channel.receiver.task, 0);
	assert_int_equal(seen_channel.receiver.pc, 0);
	task_end(task);
	see_channel(fd);
	assert_int_equal(
	    seen_channel.sender.flags, WIRE_USER_TOLD | WIRE_USER_ENDED);
	assert_int_equal(seen_channel.sender.task, id);
	channel_destroy(made);
	close(fd);
}

/* Memory that is gone, a handle that never was, a record that is new again. */
static void
users_that_make_no_sense(void **state)
{
	struct stranded_channel channel = { &channel, 4, NULL, NULL };
	struct stranded_user user = { &user, UINT64_MAX };
	uint64_t made = channel_create(&channel, &place);
	int fd = client();

	channel_users(made, (void *) 8, &user);
	see_channel(fd);
	assert_int_equal(seen_channel.sender.flags, 0);
	assert_int_equal(seen_channel.receiver.task, 0);
	channel_users(0, &user, &user);
	channel_destroy(made);
	channel_users(made, &user, &user);
	made = channel_create(&channel, &place);
	see_channel(fd);
	assert_int_equal(seen_channel.receiver.flags, 0);
	channel_destroy(made);
	close(fd);
}

/* Records that say what cannot be. */
static void
waits_that_make_no_sense(void **state)
{
	static const uintptr_t frames[] = { 0, 1, 4096, ~UINT64_C(0),
		~UINT64_C(7), UINT64_C(1) << 47 };
	struct stranded_wait *wait = fixture_wait(&stack, 4096);
	int fd = client();

	populate();
	for (int i = 2; i < TASKS; i++) {
		tasks[i]->top = NULL;
	}
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		block(tasks[1], 4096, STRANDED_SELECT);
		wait->frame = (void *) frames[i];
		wait->cfa = (void *) (frames[i] + 16);
		forget();
		ask_snapshot(fd, WIRE_WITH_STACKS, 1 << 20);
		hear_snapshot(fd, look_at_stacks);
		assert_int_equal(seen_max, 0);
		assert_int_equal(seen_bad, 1);
	}
	/* Cases: more than are sent; at no address; by a bad count. */
	block(tasks[1], 4096, STRANDED_SELECT);
	wait->flags = STRANDED_WAIT_CASES;
	wait->cases = cases;
	wait->case_count = 100;
	task_push(tasks[1], wait);
	forget();
	ask_snapshot(fd, WIRE_WITH_STACKS, 4096);
	hear_snapshot(fd, look_at_stacks);
	assert_int_equal(seen_cases, WIRE_CASES_MAX);
	wait->cases = (void *) 8;
	wait->case_count = ~(size_t) 0;
	task_push(tasks[1], wait);
	forget();
	ask_snapshot(fd, WIRE_WITH_STACKS, 4096);
	hear_snapshot(fd, look_at_stacks);
	assert_int_equal(seen_cases, 0);
	/* Locks that are nowhere, by every state and call. */
	wait->object = (void *) 24;
	for (unsigned int i = 0; i < 40; i++) {
		wait->state = (uint16_t) i;
		wait->call = i % 4 == 0 ? ~0u : i;
		wait->flags = (uint16_t) (i * 5);
		task_push(tasks[1], wait);
		ask_snapshot(fd, WIRE_WITH_STACKS, 4096);
		hear_snapshot(fd, NULL);
	}
	depopulate();
	close(fd);
}

/* ---- Readers that are slow, silent or many ----------------------------- */

/* Has the agent hung up? What it had said before may still come. */
static bool
is_dropped(int fd)
{
	ssize_t got;

	while ((got = recv(fd, message, sizeof message, 0)) > 0) {
	}
	return got == 0 || errno == ECONNRESET;
}

/*
 * A snapshot of more than the socket and the buffer hold: the agent goes on
 * with others, and drops the reader after a while.
 */
static void
a_reader_that_stops_reading(void **state)
{
	int slow = client(), other = client();
	struct wire_end end;

	populate();
	deepen();
	ask_snapshot(slow, WIRE_WITH_STACKS | WIRE_WITH_CREATION, ~0u);
	for (int i = 0; i < 5; i++) {
		ask_snapshot(other, 0, 0);
		end = hear_snapshot(other, NULL);
		assert_int_equal(end.tasks, TASKS + 1);
		serve_tick(sys_now());
	}
	/* Time goes by; one that has heard everything may be silent. */
	serve_tick(sys_now() + 60 * NS_PER_SECOND);
	ask_snapshot(other, 0, 0);
	hear_snapshot(other, NULL);
	assert_true(is_dropped(slow));
	depopulate();
	close(slow);
	close(other);
}

/* One that reads slowly gets all of it. */
static void
a_slow_reader(void **state)
{
	int fd = client();
	struct wire_end end;
	int size = 4096;

	populate();
	deepen();
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	for (int i = 0; i < 20; i++) {
		ask_snapshot(fd, WIRE_WITH_STACKS | WIRE_WITH_CREATION, ~0u);
		end = hear_snapshot(fd, look_at_stacks);
		assert_int_equal(end.tasks, TASKS + 1);
		assert_int_equal(seen_max, WIRE_STACK_MAX);
	}
	depopulate();
	close(fd);
}

static void
those_that_never_say_a_word(void **state)
{
	const struct wire_header half = { 32, WIRE_HELLO, 0 };
	int idle = client(), silent = connect_silently(), slow;

	slow = connect_silently();
	say(slow, &half, sizeof half);
	serve_tick(sys_now() + NS_PER_SECOND);
	assert_false(is_dropped(silent) || is_dropped(slow));
	serve_tick(sys_now() + 60 * NS_PER_SECOND);
	assert_true(is_dropped(silent) && is_dropped(slow));
	assert_false(is_dropped(idle));
	close(idle);
	close(silent);
	close(slow);
}

/* Where there is no place left the one that was quiet for the longest goes. */
static void
more_than_there_are_places(void **state)
{
	struct wire_counts_request counts = {
		.header = { sizeof counts, WIRE_COUNTS_REQUEST, 0 },
	};
	int fds[SERVE_CLIENTS], late;

	for (int i = 0; i < SERVE_CLIENTS; i++) {
		fds[i] = client();
		usleep(100);
	}
	say(fds[0], &counts, sizeof counts);
	assert_int_equal(hear(fds[0]), WIRE_COUNTS);
	late = client();
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		assert_int_equal(is_dropped(fds[i]), i == 1);
		close(fds[i]);
	}
	close(late);
	pump();
}

/* It leaves in the middle of what it has asked for. */
static void
those_that_leave(void **state)
{
	populate();
	for (int i = 0; i < 50; i++) {
		int fd = client();

		ask_snapshot(fd, WIRE_WITH_STACKS, ~0u);
		if (i % 2 == 0) {
			hear(fd);
		}
		close(fd);
		pump();
	}
	close(client());
	depopulate();
}

#define SERVE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVE_TEST(the_socket_comes_and_goes),
		SERVE_TEST(places_that_are_not_safe),
		SERVE_TEST(what_stands_in_the_place),
		SERVE_TEST(a_long_path),
		SERVE_TEST(a_conversation),
		SERVE_TEST(requests_in_pieces),
		SERVE_TEST(greetings_that_are_none),
		SERVE_TEST(requests_that_make_no_sense),
		SERVE_TEST(noise),
		SERVE_TEST(memory_is_read),
		SERVE_TEST(all_that_there_is),
		SERVE_TEST(stacks_are_as_long_as_asked_for),
		SERVE_TEST(only_what_is_new),
		SERVE_TEST(what_came_since),
		SERVE_TEST(users_of_a_channel),
		SERVE_TEST(users_that_make_no_sense),
		SERVE_TEST(waits_that_make_no_sense),
		SERVE_TEST(a_reader_that_stops_reading),
		SERVE_TEST(a_slow_reader),
		SERVE_TEST(those_that_never_say_a_word),
		SERVE_TEST(more_than_there_are_places),
		SERVE_TEST(those_that_leave),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
