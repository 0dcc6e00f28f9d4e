/*
 * session_server.c: a server that loses a task with each session.
 *
 * Each connection is a session, named by its peer, and has two tasks: `serve`
 * handles it in a select loop, and `reader` reads the lines that come and hands
 * them over. When reading fails, the reader tells the handler on the channel
 * `interrupted`. But if the handler has left its loop by then, because the
 * client has said "quit" or the heartbeat could not be written, nobody
 * receives: the channel is unbuffered, the send never completes, and the
 * reader stays, with its stack, its connection's memory and its session.
 *
 * --fix gives the channel room for the one element that is ever sent on it.
 * --heartbeat=MS writes a line to each client every MS milliseconds.
 *
 * The protocol: a line is answered by the same line; "quit" by "bye".
 */
#include <errno.h>
#include <poll.h>

#include "strand.h"
#include "program.h"

#define LINE_SIZE 128

struct line {
	char text[LINE_SIZE];
};

/* A connection. Its two tasks share it; the last to end frees it. */
struct connection {
	int fd;
	int fd_users;                    /* tasks that still use fd */
	int users;                       /* tasks that still use the rest */
	struct strand_chan *lines;       /* of struct line, unbuffered */
	struct strand_chan *interrupted; /* of int, an error number */
	struct strand_session *session;
};

static struct strand_registry *registry;
static size_t interrupted_capacity;
static int64_t heartbeat;

static void
connection_leave_fd(struct connection *connection)
{
	if (__atomic_sub_fetch(&connection->fd_users, 1, __ATOMIC_ACQ_REL) ==
	    0) {
		close(connection->fd);
	}
}

static void
connection_leave(struct connection *connection)
{
	if (__atomic_sub_fetch(&connection->users, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	strand_session_close(connection->session);
	strand_session_unref(connection->session);
	strand_chan_unref(connection->lines);
	strand_chan_unref(connection->interrupted);
	free(connection);
}

static void
reader(void *arg)
{
	struct connection *connection = arg;
	struct line line;
	int gone = ECONNRESET;

	while (program_read_line(connection->fd, line.text, LINE_SIZE)) {
		strand_chan_send(connection->lines, &line, STRAND_FOREVER);
	}
	connection_leave_fd(connection);
	strand_chan_send(connection->interrupted, &gone, /* stuck here */
	    STRAND_FOREVER);
	connection_leave(connection);
}

/* Answers one line; false ends the session. */
static bool
answer(struct connection *connection, struct line *line)
{
	size_t length = strlen(line->text);

	if (strcmp(line->text, "quit") == 0) {
		program_write(connection->fd, "bye\n", 4);
		return false;
	}
	line->text[length] = '\n';
	return program_write(connection->fd, line->text, length + 1);
}

static void
serve_loop(struct connection *connection, struct strand_chan *beats)
{
	struct line line;
	int why;
	struct strand_case cases[] = {
		{ STRAND_RECV, connection->lines, &line, 0 },
		{ STRAND_RECV, connection->interrupted, &why, 0 },
		{ STRAND_RECV, beats, NULL, 0 },
	};

	for (;;) {
		size_t chosen;

		strand_select(cases, 3, &chosen, /* serve waits here */
		    STRAND_FOREVER);
		switch (chosen) {
		case 0:
			if (!answer(connection, &line)) {
				return;
			}
			break;
		case 1:
			return;
		case 2:
			if (!program_write(connection->fd, "beat\n", 5)) {
				return;
			}
			break;
		}
	}
}

static void
serve(void *arg)
{
	struct connection *connection = arg;
	struct strand_timer *timer = heartbeat ? strand_tick(heartbeat) : NULL;

	strand_session_unref(strand_session_enter(connection->session));
	program_check(
	    strand_go("reader", reader, connection), "reader"); /* go */
	serve_loop(connection, timer ? strand_timer_chan(timer) : NULL);
	strand_timer_stop(timer);
	shutdown(connection->fd, SHUT_RDWR);
	connection_leave_fd(connection);
	connection_leave(connection);
}

static void
accepted(int fd, const struct sockaddr_in *peer)
{
	struct connection *connection =
	    program_need(calloc(1, sizeof *connection), "connection");
	char name[64];

	program_peer_name(peer, name, sizeof name);
	connection->fd = fd;
	connection->fd_users = connection->users = 2;
	connection->lines =
	    program_need(strand_chan_new(sizeof(struct line), 0), "channel");
	connection->interrupted = program_need(
	    strand_chan_new(sizeof(int), interrupted_capacity), "channel");
	connection->session = program_need(
	    strand_session_get_or_open(registry, name, NULL, NULL), "session");
	program_check(strand_go("serve", serve, connection), "serve");
}

int
main(int argc, char **argv)
{
	struct pollfd polled[2] = { { .events = POLLIN },
		{ .events = POLLIN } };
	int port;

	program_begin();
	interrupted_capacity = program_flag(argv, "--fix") ? 1 : 0;
	heartbeat =
	    program_number(argv, "--heartbeat=", 0) * STRAND_MILLISECOND;
	registry = program_need(strand_registry_new("clients"), "registry");
	polled[1].fd = program_socket(SOCK_STREAM, &port);
	printf("ready %d\n", port);
	for (;;) {
		struct sockaddr_in peer;
		socklen_t size = sizeof peer;
		int fd;

		poll(polled, 2, -1);
		if (polled[0].revents) {
			return 0; /* standard input has ended */
		}
		fd = accept4(polled[1].fd, (struct sockaddr *) &peer, &size,
		    SOCK_CLOEXEC);
		if (fd != -1) {
			accepted(fd, &peer);
		}
	}
}
