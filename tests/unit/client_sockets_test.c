/*
 * client_sockets_test.c: the names of connections, and what has become of them.
 * The connections are real ones, of this process with itself.
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
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/sockets.h"

static void
assert_name(const void *address, size_t size, const char *expected)
{
	uint8_t bytes[WIRE_ADDRESS_MAX] = { 0 };
	char *name;

	memcpy(bytes, address, size);
	name = sockets_name(bytes, (size + 7) & ~(size_t) 7);
	assert_string_equal(name, expected);
	free(name);
}

static void
internet_names(void **state)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET,
		.sin_port = htons(53920) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(80) };

	inet_pton(AF_INET, "127.0.0.1", &ipv4.sin_addr);
	assert_name(&ipv4, sizeof(ipv4), "127.0.0.1:53920");
	inet_pton(AF_INET6, "::1", &ipv6.sin6_addr);
	assert_name(&ipv6, sizeof(ipv6), "[::1]:80");
	inet_pton(AF_INET6, "::ffff:10.0.0.7", &ipv6.sin6_addr);
	assert_name(&ipv6, sizeof(ipv6), "10.0.0.7:80");
}

static void
assert_unix(const char *path, size_t size, const char *expected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, size);
	assert_name(&address, sizeof(address.sun_family) + size, expected);
}

static void
unix_names(void **state)
{
	assert_unix("", 0, "unix");
	assert_unix("/run/x.sock", 11, "/run/x.sock");
	assert_unix("1.2.3.4:80", 10, "./1.2.3.4:80");
	assert_unix("\0name", 5, "@name");
}

/* A path that fills its room has no NUL at the end. */
static void
longest_path(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char expected[sizeof(address.sun_path) + 1] = "";

	memset(address.sun_path, '/', sizeof(address.sun_path));
	memset(expected, '/', sizeof(address.sun_path));
	assert_name(&address, sizeof(address), expected);
}

static void
other_names(void **state)
{
	assert_name("\x11\0", 2, "address family 17");
	assert_name("", 0, "address family 0");
}

/* ---- States ------------------------------------------------------------ */

/* Two ends of a TCP connection: [0] was accepted. */
static void
connect_pair(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (void *) &address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (void *) &address, &size);
	ends[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[1], (void *) &address, size), 0);
	ends[0] = accept(listener, NULL, NULL);
	assert_true(ends[0] >= 0);
	close(listener);
}

static struct session
session_of(int fd, const char *name)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return (struct session) {
		.kind = WIRE_SESSION_ACCEPTED,
		.name = (char *) name,
		.fd = fd,
		.inode = status.st_ino,
	};
}

static enum session_state
look(struct session session)
{
	struct snapshot snapshot = {
		.pid = getpid(),
		.sessions = &session,
		.session_count = 1,
	};

	sockets_look(&snapshot);
	return session.state;
}

static void
wait_for_hangup(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&pollfd, 1, 2000), 1);
}

static void
open_and_closed(void **state)
{
	struct session session;
	int ends[2];

	connect_pair(ends);
	session = session_of(ends[0], "127.0.0.1:1");
	assert_int_equal(look(session), SESSION_OPEN);
	close(ends[1]);
	wait_for_hangup(ends[0]);
	assert_int_equal(look(session), SESSION_PEER_CLOSED);
	close(ends[0]);
	assert_int_equal(look(session), SESSION_CLOSED);
}

/* A connection that was reset is in no table any more. */
static void
reset(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct session session;
	int ends[2];
	int other[2];

	connect_pair(other);
	connect_pair(ends);
	session = session_of(ends[0], "127.0.0.1:1");
	setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(ends[1]);
	wait_for_hangup(ends[0]);
	assert_int_equal(look(session), SESSION_PEER_CLOSED);
	close(ends[0]);
	close(other[0]);
	close(other[1]);
}

/* The descriptor's number has been given to something else. */
static void
reused(void **state)
{
	struct session session;
	int ends[2];
	int other[2];

	connect_pair(ends);
	session = session_of(ends[0], "127.0.0.1:1");
	connect_pair(other);
	dup2(other[0], ends[0]);
	assert_int_equal(look(session), SESSION_CLOSED);
	close(ends[0]);
	close(ends[1]);
	close(other[0]);
	close(other[1]);
}

/* Of these nothing can be found out: they are left as they are. */
static void
left_alone(void **state)
{
	struct session session;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	session = session_of(ends[0], "unix");
	close(ends[1]);
	assert_int_equal(look(session), SESSION_OPEN);
	session.inode = 0;
	session.name = (char *) "127.0.0.1:1";
	assert_int_equal(look(session), SESSION_OPEN);
	session.kind = WIRE_SESSION_REGISTRY;
	session.inode = 12345;
	assert_int_equal(look(session), SESSION_OPEN);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(internet_names),
		cmocka_unit_test(unix_names),
		cmocka_unit_test(longest_path),
		cmocka_unit_test(other_names),
		cmocka_unit_test(open_and_closed),
		cmocka_unit_test(reset),
		cmocka_unit_test(reused),
		cmocka_unit_test(left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
