/*
 * connection.c: see connection.h.
 *
 * What a descriptor is must be asked of the kernel, which a thread under a
 * seccomp filter does not do: what such a thread makes or is given is no
 * session.
 */
#include "probe/connection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "probe/config.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/text.h"

/* Descriptors that systemd passes: the first, and a bound for their number. */
#define FIRST_PASSED 3
#define PASSED_MAX   1024

/* Its inode; 0 if it is no socket. */
static uint64_t
socket_inode(int fd)
{
	struct stat status;

	return sys(SYS_fstat, fd, &status) == 0 && S_ISSOCK(status.st_mode) ?
	    status.st_ino :
	    0;
}

static int
socket_option(int fd, int name)
{
	int value = -1;
	uint32_t size = sizeof(value);

	return sys(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &size) == 0 ?
	    value :
	    -1;
}

static bool
is_stream(int fd)
{
	int type = socket_option(fd, SO_TYPE);

	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

/*
 * Is it a connection that somebody has accepted, as far as can be told? The end
 * of a socketpair(), which processes of one server talk through, has a peer as
 * well, but no name; what was accepted at a path has that of its listener.
 */
static bool
is_accepted(int fd)
{
	struct sockaddr_storage address = { 0 };
	uint32_t size = sizeof(address);

	if (!is_stream(fd) || socket_option(fd, SO_ACCEPTCONN) != 0 ||
	    sys(SYS_getpeername, fd, &address, &size) != 0) {
		return false;
	}
	size = sizeof(address);
	return sys(SYS_getsockname, fd, &address, &size) == 0 &&
	    (address.ss_family != AF_UNIX || size > sizeof(sa_family_t));
}

static bool
may_ask(void)
{
	return !init_is_confined() && !init_is_vfork_child();
}

void
connection_made(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by)
{
	struct session_socket socket = {
		.fd = fd,
		.kind = WIRE_SESSION_CONNECT,
		.address = address,
		.size = size,
	};
	uint64_t inode;

	if (!config.connect || address == NULL || size < sizeof(sa_family_t) ||
	    address->sa_family == AF_UNSPEC || !may_ask() || !is_stream(fd)) {
		return;
	}
	inode = socket_inode(fd);
	if (inode == 0 || session_is_of(fd, inode)) {
		return; /* it has called connect() again, to hear of it */
	}
	session_open_socket(&socket, by);
}

/* ---- Received ---------------------------------------------------------- */

static void
take(int fd, uint32_t from, const struct stranded_place *by)
{
	struct session_socket socket = {
		.fd = fd,
		.kind = WIRE_SESSION_RECEIVED,
		.from = from,
	};
	uint64_t inode = socket_inode(fd);

	if (inode != 0 && !session_joins(fd, inode) && is_accepted(fd)) {
		session_open_socket(&socket, by);
	}
}

/* The process at the other end, or the one that has made the pair. */
static uint32_t
sender(int through)
{
	struct ucred peer = { 0 };
	uint32_t size = sizeof(peer);

	return sys(SYS_getsockopt, through, SOL_SOCKET, SO_PEERCRED, &peer,
		   &size) == 0 &&
		peer.pid > 0 ?
	    (uint32_t) peer.pid :
	    0;
}

/* The descriptors in one part of the message's ancillary data. */
static void
take_all(
    int through, const struct cmsghdr *part, const struct stranded_place *by)
{
	size_t count = (part->cmsg_len - sizeof(*part)) / sizeof(int);
	const uint8_t *at = (const uint8_t *) (part + 1);
	int fd;

	for (; count > 0; count--, at += sizeof(fd)) {
		__builtin_memcpy(&fd, at, sizeof(fd));
		take(fd, sender(through), by);
	}
}

void
connection_received(
    int through, const struct msghdr *message, const struct stranded_place *by)
{
	const uint8_t *at = message->msg_control;
	size_t left = at != NULL ? message->msg_controllen : 0;
	struct cmsghdr part;

	while (left >= sizeof(part)) {
		size_t step;

		__builtin_memcpy(&part, at, sizeof(part));
		if (part.cmsg_len < sizeof(part) || part.cmsg_len > left) {
			return;
		}
		if (part.cmsg_level == SOL_SOCKET &&
		    part.cmsg_type == SCM_RIGHTS && may_ask()) {
			take_all(through, (const void *) at, by);
		}
		step = CMSG_ALIGN(part.cmsg_len);
		if (step >= left) {
			return;
		}
		at += step;
		left -= step;
	}
}

void
connection_copied(int fd, const struct stranded_place *by)
{
	if (may_ask()) {
		take(fd, 0, by);
	}
}

/* ---- Inherited --------------------------------------------------------- */

static void
inherit(int fd)
{
	static const struct stranded_place unknown;
	const struct session_socket socket = {
		.fd = fd,
		.kind = WIRE_SESSION_INHERITED,
	};

	if (socket_inode(fd) != 0 && is_accepted(fd)) {
		session_open_socket(&socket, &unknown);
	}
}

/* Descriptors that systemd has passed to this process, not to its parent. */
static int
passed(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");

	if (pid == NULL || count == NULL || text_number(pid) != init_pid ||
	    text_number(count) < 0 || text_number(count) > PASSED_MAX) {
		return 0;
	}
	return (int) text_number(count);
}

void
connection_inherit(void)
{
	uint64_t input = socket_inode(0);
	int count = passed();

	/* As inetd does it: input and output are the client. */
	if (input != 0 && socket_inode(1) == input) {
		inherit(0);
		if (session_number(0) != 0) {
			session_duplicated(0, 1);
		}
		if (session_number(0) != 0 && socket_inode(2) == input) {
			session_duplicated(0, 2);
		}
	}
	for (int fd = FIRST_PASSED; fd < FIRST_PASSED + count; fd++) {
		inherit(fd);
	}
}
