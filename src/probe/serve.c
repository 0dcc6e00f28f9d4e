/* serve.c: see serve.h. */
#include "probe/serve.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "common/wire.h"
#include "probe/agent.h"
#include "probe/aging.h"
#include "probe/bookkeeping.h"
#include "probe/check.h"
#include "probe/dump.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/listener.h"
#include "probe/probe.h"
#include "probe/signal.h"
#include "probe/snapshot.h"
#include "probe/sys.h"
#include "probe/text.h"

#define OUT_SIZE (512u << 10)         /* of a connection's answers */
#define SILENCE  (10 * NS_PER_SECOND) /* and it is dropped */

struct client {
	int fd;                    /* -1: the place is free */
	int pid;                   /* of the process at the other end */
	bool greeted;              /* HELLO has come */
	bool closing;              /* once `out` is sent */
	bool permitted;            /* to trace us */
	int64_t moved;             /* when bytes last went through */
	uint32_t in_size;          /* of the request that has come so far */
	uint32_t out_from;         /* what is to be sent: from here... */
	uint32_t out_to;           /* ... to here */
	uint8_t *out;              /* OUT_SIZE bytes */
	struct snapshot_walk walk; /* the snapshot that is being sent */
	_Alignas(8) uint8_t in[WIRE_REQUEST_MAX];
};

static struct client clients[SERVE_CLIENTS];
static bool ready;
static bool deaf; /* until the next tick: nobody can be let in */

static void
drop(struct client *client)
{
	int fd = client->fd;
	uint8_t *out = client->out;

	if (client->permitted) {
		sys(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
	}
	/* Forgotten first: a child of fork gives up what it finds here. */
	*client = (struct client) { .fd = -1 };
	sys(SYS_close, fd);
	sys_unmap(out, OUT_SIZE);
}

void
serve_reset(void)
{
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		if (ready && clients[i].out != NULL) {
			sys_unmap(clients[i].out, OUT_SIZE);
		}
		clients[i] = (struct client) { .fd = -1 };
	}
	ready = true;
}

/* ---- Answers ----------------------------------------------------------- */

static void *
out_room(struct client *client)
{
	return client->out + client->out_to;
}

static void
answer_error(struct client *client, enum wire_error_code code, const char *why)
{
	struct wire_error *error = out_room(client);
	uint32_t size = (uint32_t) text_length(why);

	*error = (struct wire_error) {
		.header = { (uint32_t) sizeof(*error) + size, WIRE_ERROR, 0 },
		.code = code,
		.text_size = size,
	};
	__builtin_memcpy(error + 1, why, size);
	client->out_to += error->header.length;
	client->closing = true;
}

static void
answer_hello(struct client *client)
{
	const struct wire_hello *asked = (void *) client->in;
	struct wire_hello *hello = out_room(client);

	if (asked->magic != WIRE_MAGIC) {
		answer_error(client, WIRE_ERROR_MALFORMED,
		    "this is not how Stranded begins");
		return;
	}
	if (asked->version != WIRE_VERSION) {
		answer_error(client, WIRE_ERROR_VERSION,
		    "the probe in this process speaks another version: use the "
		    "stranded that it was started with");
		return;
	}
	*hello = (struct wire_hello) {
		.header = { sizeof(*hello), WIRE_HELLO, 0 },
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.pid = (uint32_t) init_pid,
		.agent_tid = (uint32_t) agent_tid,
		.start_ns = (uint64_t) init_time,
	};
	client->out_to += sizeof(*hello);
	client->greeted = true;
}

static void
answer_counts(struct client *client, bool exact)
{
	aging_counts(out_room(client), exact);
	client->out_to += sizeof(struct wire_counts);
}

static void
answer_read(struct client *client)
{
	const struct wire_read_request *asked = (void *) client->in;
	struct wire_memory *memory = out_room(client);
	uint32_t size = asked->size;

	*memory = (struct wire_memory) { .address = asked->address };
	if (size > 0 && size <= WIRE_READ_MAX &&
	    kernel_may_read(asked->address, size) &&
	    sys_peek((const void *) (uintptr_t) asked->address, memory + 1,
		size) == size) {
		memory->size = size;
	}
	memory->header =
	    (struct wire_header) { (uint32_t) sizeof(*memory) + memory->size,
		    WIRE_MEMORY, 0 };
	client->out_to += memory->header.length;
}

/*
 * Yama knows one process that may trace this one. It takes the attribute from
 * any thread, for the whole process. One that the application has set is lost:
 * so this is done only for who has been refused.
 */
static void
answer_permit(struct client *client)
{
	struct wire_permit *permit = out_room(client);

	client->permitted = client->permitted ||
	    sys(SYS_prctl, PR_SET_PTRACER, client->pid, 0, 0, 0) == 0;
	*permit = (struct wire_permit) {
		.header = { sizeof(*permit), WIRE_PERMIT, 0 },
		.granted = client->permitted,
	};
	client->out_to += sizeof(*permit);
}

static void
answer(struct client *client)
{
	const struct wire_header *header = (void *) client->in;

	if (!wire_check_request(header, client->in_size) ||
	    (header->type == WIRE_HELLO) == client->greeted) {
		answer_error(
		    client, WIRE_ERROR_MALFORMED, "the request makes no sense");
		return;
	}
	switch (header->type) {
	case WIRE_HELLO:
		answer_hello(client);
		break;
	case WIRE_COUNTS_REQUEST:
		answer_counts(client, false);
		break;
	case WIRE_STATES_REQUEST:
		answer_counts(client, true);
		break;
	case WIRE_SNAPSHOT_REQUEST:
		dump_served(client->pid);
		snapshot_begin(&client->walk, (void *) client->in);
		break;
	case WIRE_SIGNAL_REQUEST:
		signal_tell(out_room(client));
		client->out_to += sizeof(struct wire_signal);
		break;
	case WIRE_PERMIT_REQUEST:
		answer_permit(client);
		break;
	case WIRE_BOOKKEEPING_REQUEST:
		client->out_to += (uint32_t) bookkeeping_tell(
		    out_room(client), OUT_SIZE - client->out_to);
		break;
	case WIRE_READ_REQUEST:
		answer_read(client);
		break;
	case WIRE_CHECK_REQUEST:
		check_go_on(((struct wire_check_request *) client->in)->go_on);
		check_tell(out_room(client));
		client->out_to += sizeof(struct wire_check);
		break;
	}
}

/* ---- Sockets ----------------------------------------------------------- */

/* Sends what there is, and makes more of a snapshot while that works. */
static void
send_some(struct client *client)
{
	for (;;) {
		client->out_to += (uint32_t) snapshot_continue(
		    &client->walk, out_room(client), OUT_SIZE - client->out_to);
		if (client->out_from == client->out_to) {
			break;
		}
		long sent = sys(SYS_sendto, client->fd,
		    client->out + client->out_from,
		    client->out_to - client->out_from, MSG_NOSIGNAL, NULL, 0);

		if (sent == -EAGAIN) {
			return;
		}
		if (sent <= 0) {
			drop(client);
			return;
		}
		client->moved = sys_now();
		client->out_from += (uint32_t) sent;
		if (client->out_from == client->out_to) {
			client->out_from = client->out_to = 0;
		}
	}
	if (client->closing) {
		drop(client);
	}
}

/* Takes bytes of the request, no more than it has; answers if it is whole. */
static void
receive(struct client *client)
{
	const struct wire_header *header = (void *) client->in;
	uint32_t want = sizeof(*header);

	if (client->in_size >= sizeof(*header)) {
		want = header->length;
	}
	long got = sys(SYS_recvfrom, client->fd, client->in + client->in_size,
	    want - client->in_size, 0, NULL, NULL);

	if (got == -EAGAIN || got == -EINTR) {
		return;
	}
	if (got <= 0) {
		drop(client);
		return;
	}
	client->moved = sys_now();
	client->in_size += (uint32_t) got;
	if (client->in_size == sizeof(*header) &&
	    (header->length < sizeof(*header) ||
		header->length > sizeof(client->in))) {
		answer_error(client, WIRE_ERROR_MALFORMED,
		    "the request's length makes no sense");
	} else if (client->in_size >= sizeof(*header) &&
	    client->in_size == header->length) {
		answer(client);
		client->in_size = 0;
	} else {
		return;
	}
	send_some(client);
}

static bool
is_allowed(int fd, struct client *client)
{
	struct ucred peer = { 0 };
	uint32_t size = sizeof(peer);

	if (sys(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) !=
	    0) {
		return false;
	}
	client->pid = peer.pid;
	return peer.uid == 0 || peer.uid == (uid_t) sys(SYS_geteuid);
}

static struct client *
free_place(void)
{
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		if (clients[i].fd < 0) {
			return &clients[i];
		}
	}
	return NULL;
}

static bool
is_busy(const struct client *client)
{
	return client->out_from < client->out_to ||
	    client->walk.phase != WALK_IDLE;
}

/*
 * Where all places are taken, of those that want nothing just now the one that
 * has been quiet for the longest goes: so nobody can keep others out by holding
 * connections; by not reading, for SILENCE. NULL if all are being served.
 */
static struct client *
quietest(void)
{
	struct client *quiet = NULL;

	for (int i = 0; i < SERVE_CLIENTS; i++) {
		if (!is_busy(&clients[i]) &&
		    (quiet == NULL || clients[i].moved < quiet->moved)) {
			quiet = &clients[i];
		}
	}
	return quiet;
}

/* Sent as far as it goes: the connection is closed at once. */
static void
turn_away(int fd)
{
	static const char why[] = "sixteen others are being served: try again";
	struct {
		struct wire_error error;
		char why[sizeof(why) - 1];
	} answer = {
		.error = {
			.header = { sizeof(answer.error) + sizeof(answer.why),
			    WIRE_ERROR, 0 },
			.code = WIRE_ERROR_BUSY,
			.text_size = sizeof(answer.why),
		},
	};

	__builtin_memcpy(answer.why, why, sizeof(answer.why));
	sys(SYS_sendto, fd, &answer, answer.error.header.length, MSG_NOSIGNAL,
	    NULL, 0);
	sys(SYS_close, fd);
}

static void
welcome(void)
{
	int fd = (int) sys(
	    SYS_accept4, listener_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client = free_place();

	if (fd < 0) {
		/*
		 * The process may have no descriptor more. Who knocks stays at
		 * the door, and poll would return at once, again and again.
		 */
		deaf = true;
		return;
	}
	if (client == NULL) {
		client = quietest();
		if (client == NULL) {
			turn_away(fd);
			return;
		}
		drop(client);
	}
	client->out = sys_map(OUT_SIZE);
	if (client->out == NULL) {
		sys(SYS_close, fd);
		return;
	}
	client->fd = fd;
	client->moved = sys_now();
	if (!is_allowed(fd, client)) {
		answer_error(client, WIRE_ERROR_REFUSED,
		    "the process belongs to another user");
		send_some(client);
	}
}

uint32_t
serve_ranges(struct wire_range *ranges)
{
	uint32_t count = 0;

	for (int i = 0; i < SERVE_CLIENTS; i++) {
		uintptr_t out = (uintptr_t) clients[i].out;

		if (out != 0) {
			ranges[count++] =
			    (struct wire_range) { out, out + OUT_SIZE };
		}
	}
	return count;
}

unsigned int
serve_poll(struct pollfd fds[SERVE_FDS])
{
	unsigned int count = 0;

	if (listener_fd >= 0 && !deaf) {
		fds[count++] = (struct pollfd) { listener_fd, POLLIN, 0 };
	}
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		struct client *client = &clients[i];

		if (client->fd >= 0) {
			/* The next request waits for the last answer. */
			bool busy = client->out_from < client->out_to;

			fds[count++] = (struct pollfd) { client->fd,
				busy ? POLLOUT : POLLIN, 0 };
		}
	}
	return count;
}

static struct client *
client_of(int fd)
{
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		if (clients[i].fd == fd) {
			return &clients[i];
		}
	}
	return NULL;
}

void
serve_ready(const struct pollfd *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct client *client = client_of(fds[i].fd);

		if (fds[i].revents == 0) {
			continue;
		}
		if (fds[i].fd == listener_fd) {
			welcome();
		} else if (client == NULL) {
			continue;
		} else if (fds[i].revents & POLLOUT) {
			send_some(client);
		} else if (fds[i].revents & POLLIN) {
			receive(client);
		} else {
			drop(client);
		}
	}
}

void
serve_tick(int64_t now)
{
	deaf = false;
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		struct client *client = &clients[i];
		bool waits = client->out_from < client->out_to ||
		    client->in_size > 0 || !client->greeted;

		if (client->fd >= 0 && waits && now - client->moved > SILENCE) {
			drop(client);
		}
	}
}
