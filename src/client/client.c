/* client.c: the conversation with a probe. See client.h and wire.h. */
#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/connect.h"
#include "client/descriptors.h"
#include "client/memory.h"
#include "client/names.h"
#include "client/process.h"
#include "client/receive.h"
#include "client/relate.h"
#include "client/sockets.h"
#include "client/stream.h"

/* A probe answers in microseconds: after this it is stuck, or stopped. */
#define TIMEOUT_MS 5000

/* How often one that is perhaps about to end is looked at. */
#define TRIES 20

/* What all stacks of one snapshot may come to, and what one is always given. */
#define STACKS_MAX (UINT64_C(512) << 20)
#define STACK_MAX  (64u << 10)
#define STACK_MIN  (4u << 10)

struct client {
	struct stream stream;
	struct process process;  /* as it was when the client was opened */
	struct wire_hello hello; /* the probe's */
	struct names names;      /* of threads, from snapshot to snapshot */
	uint32_t tasks; /* how many the last snapshot had; 0: there was none */
};

/* ---- What was wrong ---------------------------------------------------- */

/* Has the process ended? It is asked `tries` times, a moment apart. */
static bool
has_ended(pid_t pid, int tries)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct process process;

	while (tries-- > 0) {
		if (process_read(pid, &process) == ESRCH ||
		    process.state == 'Z' || process.state == 'X') {
			return true;
		}
		if (tries > 0) {
			nanosleep(&pause, NULL);
		}
	}
	return false;
}

bool
client_has_ended(pid_t pid)
{
	return has_ended(pid, TRIES);
}

static void
explain_timeout(pid_t pid, struct failure *failure)
{
	if (process_is_stopped(pid)) {
		failure_set(failure, EXIT_FAILED,
		    "process %d is stopped, so its probe does not answer: "
		    "`kill -CONT %d` lets it go on",
		    pid, pid);
	} else {
		failure_set(failure, EXIT_FAILED,
		    "the probe in process %d does not answer", pid);
	}
}

/* Says what `error` of stream.h means. */
static void
explain(const struct client *client, int error, struct failure *failure)
{
	pid_t pid = client->process.pid;

	switch (error) {
	case ETIMEDOUT:
		explain_timeout(pid, failure);
		break;
	case ECONNRESET:
		failure_set(failure, EXIT_FAILED,
		    "the probe in process %d has hung up: try again", pid);
		break;
	case EPROTO:
		failure_set(failure, EXIT_FAILED,
		    "what the probe in process %d sends makes no sense: its "
		    "memory may be damaged",
		    pid);
		break;
	case EFBIG:
		failure_set(failure, EXIT_FAILED,
		    "the probe in process %d sends more than a process can "
		    "have: its memory may be damaged",
		    pid);
		break;
	case EREMOTEIO:
		failure_set(failure, EXIT_FAILED,
		    "the probe in process %d says: %s", pid,
		    client->stream.complaint);
		break;
	default:
		failure_set(failure, EXIT_FAILED,
		    "cannot talk to the probe in process %d: %s", pid,
		    strerror(error));
	}
}

/*
 * Hangs up, because after an error nobody knows which answer would come next,
 * and says what was wrong. Returns -1 for the caller to return.
 */
static int
fail(struct client *client, int error, struct failure *failure)
{
	pid_t pid = client->process.pid;

	shutdown(client->stream.fd, SHUT_RDWR);
	/* One that has hung up may be about to end. */
	if (has_ended(pid, error == ECONNRESET ? TRIES : 1)) {
		failure_set(
		    failure, EXIT_NO_TARGET, "process %d has ended", pid);
	} else {
		explain(client, error, failure);
	}
	return -1;
}

static int
fail_version(struct client *client, uint32_t version, struct failure *failure)
{
	pid_t pid = client->process.pid;

	return failure_set(failure, EXIT_NO_TARGET,
	    "the probe in process %d speaks version %u of the protocol, this "
	    "tool speaks version %u: use the `stranded` that came with that "
	    "libstranded.so, or start the process again with this one",
	    pid, version, WIRE_VERSION);
}

/* ---- Opening ----------------------------------------------------------- */

static int
find_process(pid_t pid, struct process *process, struct failure *failure)
{
	int error = process_read(pid, process);

	if (error == ESRCH) {
		return failure_set(
		    failure, EXIT_NO_TARGET, "there is no process %d", pid);
	}
	if (error != 0) {
		return failure_set(failure, EXIT_NO_TARGET,
		    "cannot look at process %d: %s", pid, strerror(error));
	}
	if (process->state == 'Z' || process->state == 'X') {
		return failure_set(
		    failure, EXIT_NO_TARGET, "process %d has ended", pid);
	}
	if (process->leader != pid) {
		return failure_set(failure, EXIT_NO_TARGET,
		    "%d is a thread of process %d: name that", pid,
		    process->leader);
	}
	return 0;
}

/*
 * Checks the probe's greeting. Of all versions only the header and the two
 * fields after it are the same.
 */
static int
check_hello(struct client *client, const struct wire_header *message,
    struct failure *failure)
{
	struct wire_hello hello = { 0 };

	if (message->type != WIRE_HELLO ||
	    message->length < offsetof(struct wire_hello, pid)) {
		return fail(client, EPROTO, failure);
	}
	memcpy(&hello, message,
	    message->length < sizeof(hello) ? message->length : sizeof(hello));
	if (hello.magic != WIRE_MAGIC) {
		return fail(client, EPROTO, failure);
	}
	if (hello.version != WIRE_VERSION) {
		return fail_version(client, hello.version, failure);
	}
	if (!wire_check_answer(message, message->length) ||
	    hello.pid != (uint32_t) client->process.inner) {
		return fail(client, EPROTO, failure);
	}
	client->hello = hello;
	return 0;
}

/* A probe that does not like our version may answer with an ERROR instead. */
static int
check_error(struct client *client, const struct wire_header *message,
    struct failure *failure)
{
	const struct wire_error *error = (const void *) message;

	if (!wire_check_answer(message, message->length)) {
		return fail(client, EPROTO, failure);
	}
	stream_complain(&client->stream, error);
	if (error->code == WIRE_ERROR_VERSION) {
		return failure_set(failure, EXIT_NO_TARGET,
		    "the probe in process %d does not speak version %u of the "
		    "protocol: use the `stranded` that came with that "
		    "libstranded.so, or start the process again with this one",
		    client->process.pid, WIRE_VERSION);
	}
	return failure_set(failure,
	    error->code == WIRE_ERROR_REFUSED ? EXIT_NO_TARGET : EXIT_FAILED,
	    "the probe in process %d says: %s", client->process.pid,
	    client->stream.complaint);
}

static int
shake_hands(struct client *client, struct failure *failure)
{
	const struct wire_hello greeting = {
		.header = { sizeof(greeting), WIRE_HELLO, 0 },
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
	};
	const struct wire_header *message;
	int error = stream_send(&client->stream, &greeting, sizeof(greeting));

	/* A probe that refuses may have hung up already: read what it said. */
	if (error == 0 || error == ECONNRESET) {
		error = stream_receive(&client->stream, &message);
	}
	if (error != 0) {
		return fail(client, error, failure);
	}
	return message->type == WIRE_ERROR ?
	    check_error(client, message, failure) :
	    check_hello(client, message, failure);
}

/* A connected socket, or -1 and `failure`. */
static int
reach(pid_t pid, struct process *process, struct failure *failure)
{
	return find_process(pid, process, failure) == 0 ?
	    connect_process(process, failure) :
	    -1;
}

int
client_reach(pid_t pid, struct failure *failure)
{
	struct process process;
	int fd = reach(pid, &process, failure);

	return fd < 0 ? -1 : close(fd);
}

struct client *
client_open(pid_t pid, struct failure *failure)
{
	struct process process;
	struct client *client;
	int fd = reach(pid, &process, failure);

	if (fd < 0) {
		return NULL;
	}
	client = memory_new(1, sizeof(*client));
	client->process = process;
	stream_init(&client->stream, fd, TIMEOUT_MS);
	if (shake_hands(client, failure) != 0) {
		client_close(client);
		return NULL;
	}
	return client;
}

void
client_close(struct client *client)
{
	if (client != NULL) {
		stream_close(&client->stream);
		names_fini(&client->names);
		free(client);
	}
}

pid_t
client_pid(const struct client *client)
{
	return client->process.pid;
}

const struct wire_hello *
client_hello(const struct client *client)
{
	return &client->hello;
}

/* ---- Requests ---------------------------------------------------------- */

/*
 * Asks what needs no more than a header, and copies the answer, which is of a
 * fixed size.
 */
static int
ask(struct client *client, uint16_t type, struct wire_header *answer,
    struct failure *failure)
{
	const struct wire_header request = { sizeof(request), type, 0 };
	const struct wire_header *message;
	int error = stream_send(&client->stream, &request, sizeof(request));

	if (error == 0) {
		error = stream_expect(&client->stream, answer->type, &message);
	}
	if (error != 0) {
		return fail(client, error, failure);
	}
	memcpy(answer, message, answer->length);
	return 0;
}

static int
ask_counts(struct client *client, enum wire_type request,
    struct wire_counts *counts, struct failure *failure)
{
	counts->header =
	    (struct wire_header) { sizeof(*counts), WIRE_COUNTS, 0 };
	return ask(client, request, &counts->header, failure);
}

int
client_counts(
    struct client *client, struct wire_counts *counts, struct failure *failure)
{
	return ask_counts(client, WIRE_STATES_REQUEST, counts, failure);
}

int
client_signal(
    struct client *client, struct wire_signal *signal, struct failure *failure)
{
	signal->header =
	    (struct wire_header) { sizeof(*signal), WIRE_SIGNAL, 0 };
	return ask(client, WIRE_SIGNAL_REQUEST, &signal->header, failure);
}

int
client_check(struct client *client, uint64_t go_on, struct wire_check *check,
    struct failure *failure)
{
	const struct wire_check_request request = {
		.header = { sizeof(request), WIRE_CHECK_REQUEST, 0 },
		.go_on = go_on,
	};
	const struct wire_header *message;
	int error = stream_send(&client->stream, &request, sizeof(request));

	if (error == 0) {
		error = stream_expect(&client->stream, WIRE_CHECK, &message);
	}
	if (error != 0) {
		return fail(client, error, failure);
	}
	memcpy(check, message, sizeof(*check));
	return 0;
}

/* How much of each stack to ask for, so that all of them can be borne. */
static uint32_t
stack_share(uint32_t tasks)
{
	uint64_t share = STACKS_MAX / (tasks == 0 ? 1 : tasks);

	if (share >= STACK_MAX) {
		return STACK_MAX;
	}
	return share > STACK_MIN ? (uint32_t) share & ~7u : STACK_MIN;
}

static int
request_snapshot(struct client *client, uint32_t flags, struct failure *failure)
{
	struct wire_snapshot_request request = {
		.header = { sizeof(request), WIRE_SNAPSHOT_REQUEST, 0 },
		.flags = flags,
	};
	struct wire_counts counts = { .tasks = client->tasks };
	int error;

	/* Of the next ones it is known about how many there are. */
	if (client->tasks == 0 &&
	    ask_counts(client, WIRE_COUNTS_REQUEST, &counts, failure) != 0) {
		return -1;
	}
	request.stack_max = stack_share(counts.tasks);
	error = stream_send(&client->stream, &request, sizeof(request));
	return error != 0 ? fail(client, error, failure) : 0;
}

/* By the wall clock, when the monotonic clock showed `monotonic_ns`. */
static int64_t
wall_clock(uint64_t monotonic_ns)
{
	struct timespec wall;
	struct timespec monotonic;
	uint64_t difference;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	difference = (uint64_t) (wall.tv_sec - monotonic.tv_sec) * 1000000000 +
	    (uint64_t) wall.tv_nsec - (uint64_t) monotonic.tv_nsec;
	return (int64_t) (monotonic_ns + difference);
}

/* What the probe alone has to say. */
static struct snapshot *
take(struct client *client, uint32_t flags, struct failure *failure)
{
	struct snapshot *snapshot;
	int error;

	if (request_snapshot(client, flags, failure) != 0) {
		return NULL;
	}
	snapshot = memory_new(1, sizeof(*snapshot));
	error = receive_snapshot(&client->stream, snapshot);
	if (error != 0) {
		fail(client, error, failure);
		snapshot_free(snapshot);
		return NULL;
	}
	snapshot->pid = client->process.pid;
	return snapshot;
}

struct snapshot *
client_snapshot(struct client *client, uint32_t flags, struct failure *failure)
{
	struct snapshot *snapshot = take(client, flags, failure);

	if (snapshot == NULL) {
		return NULL;
	}
	snapshot->exe = process_exe(snapshot->pid);
	process_name(snapshot->pid, snapshot->name, sizeof(snapshot->name));
	snapshot->began_unix_ns = wall_clock(snapshot->began_ns);
	client->tasks = (uint32_t) snapshot->task_count;
	names_fill(&client->names, &client->process, snapshot);
	sockets_look(snapshot);
	descriptors_name(snapshot);
	relate_snapshot(snapshot);
	return snapshot;
}

struct snapshot *
client_waits(struct client *client, struct failure *failure)
{
	struct snapshot *snapshot = take(client, 0, failure);

	if (snapshot != NULL) {
		relate_snapshot(snapshot);
	}
	return snapshot;
}

bool
client_permit(struct client *client, struct failure *failure)
{
	struct wire_permit permit = {
		.header = { sizeof(permit), WIRE_PERMIT, 0 },
	};

	return ask(client, WIRE_PERMIT_REQUEST, &permit.header, failure) == 0 &&
	    permit.granted;
}

struct wire_bookkeeping *
client_bookkeeping(struct client *client, struct failure *failure)
{
	const struct wire_bookkeeping_request request = {
		.header = { sizeof(request), WIRE_BOOKKEEPING_REQUEST, 0 },
	};
	const struct wire_header *message;
	struct wire_bookkeeping *copy;
	int error = stream_send(&client->stream, &request, sizeof(request));

	if (error == 0) {
		error =
		    stream_expect(&client->stream, WIRE_BOOKKEEPING, &message);
	}
	if (error != 0) {
		fail(client, error, failure);
		return NULL;
	}
	copy = memory_new(1, message->length);
	memcpy(copy, message, message->length);
	return copy;
}

/* One request's worth of client_read(). */
static size_t
read_piece(struct client *client, uint64_t address, void *buffer, size_t size)
{
	const struct wire_read_request request = {
		.header = { sizeof(request), WIRE_READ_REQUEST, 0 },
		.address = address,
		.size = (uint32_t) size,
	};
	const struct wire_header *message;
	const struct wire_memory *memory;
	struct failure failure;
	int error = stream_send(&client->stream, &request, sizeof(request));

	if (error == 0) {
		error = stream_expect(&client->stream, WIRE_MEMORY, &message);
	}
	if (error != 0) {
		fail(client, error, &failure);
		return 0;
	}
	memory = (const void *) message;
	if (memory->address != address || memory->size > size) {
		fail(client, EPROTO, &failure);
		return 0;
	}
	memcpy(buffer, memory + 1, memory->size);
	return memory->size;
}

size_t
client_read(struct client *client, uint64_t address, void *buffer, size_t size)
{
	const size_t most = WIRE_READ_MAX;
	uint8_t *bytes = buffer;
	size_t got = 0;

	while (got < size) {
		size_t piece = size - got < most ? size - got : most;
		size_t read =
		    read_piece(client, address + got, bytes + got, piece);

		got += read;
		if (read < piece) {
			break;
		}
	}
	return got;
}
