/*
 * probe_peers_test.c: whose peer has gone, by real connections of this process
 * with itself. The agent's clock is the test's.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "probe/peers.h"
#include "unit/probe_fixture.h"

static struct fixture_stack stack;
static struct stranded_place place;
static int64_t clock_now;

/* A connection: the server's end is a session, the client's may be closed. */
struct connection {
	int server;
	int client;
};

static void
connect_by(struct connection *connection, int family)
{
	struct sockaddr_storage address = { .ss_family = (uint16_t) family };
	struct sockaddr_in *ipv4 = (void *) &address;
	socklen_t size = sizeof address;
	int listener = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET) {
		ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else if (family == AF_UNIX) {
		size = sizeof(sa_family_t); /* the kernel chooses a name */
	} else {
		((struct sockaddr_in6 *) &address)->sin6_addr =
		    in6addr_loopback;
	}
	connection->client = socket(family, SOCK_STREAM, 0);
	if (bind(listener, (void *) &address, size) != 0) {
		print_message("no address of family %d here\n", family);
		skip();
	}
	size = sizeof address;
	listen(listener, 8);
	getsockname(listener, (void *) &address, &size);
	assert_int_equal(
	    connect(connection->client, (void *) &address, size), 0);
	connection->server = accept(listener, NULL, NULL);
	assert_true(connection->server >= 0);
	task_clock = clock_now;
	session_accepted(connection->server, NULL, 0, &place);
	close(listener);
}

static struct session *
session_of(const struct connection *connection)
{
	return table_hot(&session_table, session_number(connection->server));
}

static bool
has_gone(const struct connection *connection)
{
	const struct session *session = session_of(connection);

	return session->gone_id == session->id;
}

static void
hang_up(struct connection *connection)
{
	session_fd_closes(connection->server);
	close(connection->server);
	close(connection->client);
}

/* The server's end has learned of what the client's did. */
static void
await_end(const struct connection *connection)
{
	struct pollfd end = { connection->server, POLLRDHUP, 0 };

	assert_int_equal(poll(&end, 1, 10000), 1);
}

static void
tick(void)
{
	clock_now += TICK_NS;
	peers_look(clock_now);
}

/* As many ticks as a few rounds take, unless they take very long. */
static void
pass(void)
{
	for (int i = 0; i < 100; i++) {
		tick();
	}
}

/*
 * Ticks until the condition holds. How many that takes is not said: where the
 * machine is slow the rounds are far between.
 */
#define TICK_UNTIL(condition)                                                  \
	do {                                                                   \
		for (int i_ = 0; !(condition) && i_ < 1000000; i_++) {         \
			tick();                                                \
		}                                                              \
		assert_true(condition);                                        \
	} while (0)

static void
await_gone(const struct connection *connection)
{
	TICK_UNTIL(has_gone(connection));
}

static void
await_listed(const struct connection *connection)
{
	TICK_UNTIL(session_of(connection)->round != 0);
}

static int
begin(void **state)
{
	place = fixture_place(&stack, 1024);
	if (clock_now == 0) {
		clock_now = sys_now();
	}
	return fixture_setup(state);
}

static void
gone_and_there(int family)
{
	struct connection gone, there, shut;
	int64_t before;

	connect_by(&gone, family);
	connect_by(&there, family);
	connect_by(&shut, family);
	pass();
	assert_false(has_gone(&gone));
	before = clock_now;
	close(gone.client);
	shutdown(shut.client, SHUT_WR);
	await_end(&gone);
	await_end(&shut);
	await_gone(&gone);
	await_gone(&shut);
	assert_in_range(session_of(&gone)->gone_ns, before, clock_now);
	before = session_of(&gone)->gone_ns;
	pass();
	assert_int_equal(session_of(&gone)->gone_ns, before);
	assert_false(has_gone(&there));
	hang_up(&gone);
	hang_up(&there);
	hang_up(&shut);
}

static void
ipv4(void **state)
{
	gone_and_there(AF_INET);
}

static void
ipv6(void **state)
{
	gone_and_there(AF_INET6);
}

static void
at_a_path(void **state)
{
	gone_and_there(AF_UNIX);
}

/* A connection that was reset is in no list: its absence tells. */
static void
reset(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct connection gone, there;
	int64_t before;

	connect_by(&gone, AF_INET);
	connect_by(&there, AF_INET);
	await_listed(&gone);
	before = clock_now;
	setsockopt(gone.client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(gone.client);
	await_end(&gone);
	await_gone(&gone);
	assert_false(has_gone(&there));
	assert_in_range(session_of(&gone)->gone_ns, before, clock_now);
	hang_up(&gone);
	hang_up(&there);
}

/* What the server's own end has shut is still the peer's. */
static void
shut_here(void **state)
{
	struct connection connection;

	connect_by(&connection, AF_INET);
	shutdown(connection.server, SHUT_WR);
	pass();
	assert_false(has_gone(&connection));
	hang_up(&connection);
}

/* The next session of a record has nothing of the last one. */
static void
a_record_is_used_again(void **state)
{
	struct connection first, second;
	struct session *session;

	connect_by(&first, AF_INET);
	close(first.client);
	await_end(&first);
	await_gone(&first);
	session = session_of(&first);
	hang_up(&first);
	connect_by(&second, AF_INET);
	assert_ptr_equal(session_of(&second), session);
	assert_false(has_gone(&second));
	pass();
	assert_false(has_gone(&second));
	hang_up(&second);
}

/* Lists that come in many pieces, while connections come and go. */
static void
many(void **state)
{
	enum { MANY = 400 };
	static struct connection all[MANY];
	struct connection other;

	for (int i = 0; i < MANY; i++) {
		connect_by(&all[i], i % 3 ? AF_INET : AF_UNIX);
	}
	pass();
	for (int i = 0; i < MANY; i += 2) {
		close(all[i].client);
		await_end(&all[i]);
		all[i].client = -1;
	}
	for (int i = 0; i < 40; i++) {
		connect_by(&other, AF_INET);
		tick();
		hang_up(&other);
	}
	for (int i = 0; i < MANY; i += 2) {
		await_gone(&all[i]);
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(has_gone(&all[i]), i % 2 == 0);
		hang_up(&all[i]);
	}
}

/* Registries' sessions have no peer; and without any nothing is asked. */
static void
nobody(void **state)
{
	uint64_t handle = session_open("registry", &place);
	int lowest;

	pass(); /* what may be under way comes to its end */
	lowest = dup(0);
	close(lowest);
	pass();
	session_close(handle);
	pass();
	/* No descriptor stays behind, of this or of any round before. */
	assert_int_equal(dup(0), lowest);
	close(lowest);
}

/* A round that another agent began is forgotten. */
static void
forgotten(void **state)
{
	struct connection connection;

	connect_by(&connection, AF_INET);
	tick();
	tick();
	peers_reset();
	close(connection.client);
	await_end(&connection);
	await_gone(&connection);
	hang_up(&connection);
}

#define PEERS_TEST(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PEERS_TEST(ipv4),
		PEERS_TEST(ipv6),
		PEERS_TEST(at_a_path),
		PEERS_TEST(reset),
		PEERS_TEST(shut_here),
		PEERS_TEST(a_record_is_used_again),
		PEERS_TEST(many),
		PEERS_TEST(nobody),
		PEERS_TEST(forgotten),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
