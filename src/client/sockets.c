/*
 * sockets.c: see sockets.h.
 *
 * A connection that was reset is in no table of TCP's any more, although its
 * descriptor still is open. A table that changes while it is read can miss an
 * entry, but hardly the same one twice: what two readings do not have is gone.
 */
#include "client/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/process.h"

/* ---- Names ------------------------------------------------------------- */

static char *
ipv4_name(const void *address, in_port_t port)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, address, text, sizeof(text));
	return memory_print("%s:%u", text, ntohs(port));
}

static char *
ipv6_name(const struct sockaddr_in6 *address)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
		return ipv4_name(
		    &address->sin6_addr.s6_addr[12], address->sin6_port);
	}
	inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
	return memory_print("[%s]:%u", text, ntohs(address->sin6_port));
}

/* A path begins with a slash or a dot, so that none looks like TCP's. */
static char *
unix_name(const char *path, size_t size)
{
	size_t length = strnlen(path, size);

	if (length > 0) {
		return memory_print(
		    "%s%.*s", path[0] == '/' ? "" : "./", (int) length, path);
	}
	while (size > 0 && path[size - 1] == '\0') {
		size--;
	}
	if (size == 0) {
		return memory_print("unix");
	}
	return memory_print("@%.*s", (int) (size - 1), path + 1);
}

char *
sockets_name(const uint8_t *bytes, size_t size)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_un local;
		uint8_t bytes[WIRE_ADDRESS_MAX];
	} address = { 0 };

	memcpy(address.bytes, bytes,
	    size < sizeof(address) ? size : sizeof(address));
	switch (address.any.sa_family) {
	case AF_INET:
		return ipv4_name(&address.ipv4.sin_addr, address.ipv4.sin_port);
	case AF_INET6:
		return ipv6_name(&address.ipv6);
	case AF_UNIX:
		return unix_name(
		    address.local.sun_path, sizeof(address.local.sun_path));
	default:
		return memory_print("address family %u", address.any.sa_family);
	}
}

/* ---- States ------------------------------------------------------------ */

/* One line of TCP's tables. */
struct connection {
	uint64_t inode;
	unsigned int state; /* of netinet/tcp.h */
};

struct table {
	struct connection *list;
	size_t count;
	size_t room;
};

static int
connection_order(const void *left, const void *right)
{
	const struct connection *a = left;
	const struct connection *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* Where the field number `index` of a line begins; the first is 0. */
static const char *
field(const char *line, int index)
{
	line += strspn(line, " ");
	while (index-- > 0) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static void
read_connections(struct table *table, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (file == NULL) {
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *state = field(line, 3);
		uint64_t inode = strtoull(field(state, 6), NULL, 10);

		if (inode == 0) {
			continue;
		}
		table->list = memory_grow(table->list, table->count,
		    &table->room, sizeof(*table->list));
		table->list[table->count++] = (struct connection) {
			.inode = inode,
			.state = (unsigned int) strtoul(state, NULL, 16),
		};
	}
	fclose(file);
}

/* All that the process's network namespace has, by inode. */
static void
read_table(struct table *table, pid_t pid)
{
	char path[64];

	table->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/net/tcp", pid);
	read_connections(table, path);
	snprintf(path, sizeof(path), "/proc/%d/net/tcp6", pid);
	read_connections(table, path);
	if (table->count > 0) {
		qsort(table->list, table->count, sizeof(*table->list),
		    connection_order);
	}
}

static bool
peer_has_closed(unsigned int state)
{
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK ||
	    state == TCP_CLOSING || state == TCP_CLOSE;
}

/*
 * Is it a TCP connection that is open as far as we know? The probe knows since
 * when one is not, but looks only now and then.
 */
static bool
is_tcp(const struct session *session)
{
	char first = session->name[0];

	return session->kind != WIRE_SESSION_REGISTRY && session->inode != 0 &&
	    session->state == SESSION_OPEN &&
	    (first == '[' || (first >= '0' && first <= '9'));
}

/*
 * Looks TCP's sessions up in the table. Returns how many are not in it; those
 * are marked if `gone` is set.
 */
static size_t
look_up(struct snapshot *snapshot, const struct table *table, bool gone)
{
	size_t missing = 0;

	for (size_t i = 0; i < snapshot->session_count; i++) {
		struct session *session = &snapshot->sessions[i];
		struct connection key = { .inode = session->inode };
		const struct connection *found;

		if (!is_tcp(session)) {
			continue;
		}
		found = bsearch(&key, table->list, table->count, sizeof(key),
		    connection_order);
		missing += found == NULL;
		if (found != NULL ? peer_has_closed(found->state) : gone) {
			session->state = SESSION_PEER_CLOSED;
		}
	}
	return missing;
}

static void
look_at_peers(struct snapshot *snapshot)
{
	struct table table = { 0 };

	/* The server listens: if nothing is to be seen, we may not look. */
	read_table(&table, process_alive(snapshot->pid));
	if (table.count > 0 && look_up(snapshot, &table, false) > 0) {
		read_table(&table, process_alive(snapshot->pid));
		if (table.count > 0) {
			look_up(snapshot, &table, true);
		}
	}
	free(table.list);
}

/* Does the descriptor still lead to the session's socket? */
static bool
is_still_open(int descriptors, const struct session *session)
{
	char name[16];
	char expected[40];
	char link[40];
	ssize_t length;

	snprintf(name, sizeof(name), "%d", session->fd);
	snprintf(expected, sizeof(expected), "socket:[%llu]",
	    (unsigned long long) session->inode);
	length = readlinkat(descriptors, name, link, sizeof(link) - 1);
	if (length < 0) {
		return errno != ENOENT;
	}
	link[length] = '\0';
	return strcmp(link, expected) == 0;
}

/* Marks what has been closed; returns how many TCP sessions are still open. */
static size_t
look_at_descriptors(struct snapshot *snapshot, int descriptors)
{
	size_t open_ones = 0;

	for (size_t i = 0; i < snapshot->session_count; i++) {
		struct session *session = &snapshot->sessions[i];

		/* Of several descriptors the probe looks which are left. */
		if (session->kind != WIRE_SESSION_REGISTRY &&
		    session->inode != 0 && session->fd >= 0 &&
		    session->fds <= 1 && !is_still_open(descriptors, session)) {
			session->state = SESSION_CLOSED;
		}
		open_ones += is_tcp(session);
	}
	return open_ones;
}

void
sockets_look(struct snapshot *snapshot)
{
	char path[64];
	int descriptors;

	snprintf(
	    path, sizeof(path), "/proc/%d/fd", process_alive(snapshot->pid));
	descriptors = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptors < 0) {
		return;
	}
	if (look_at_descriptors(snapshot, descriptors) > 0) {
		look_at_peers(snapshot);
	}
	close(descriptors);
}
