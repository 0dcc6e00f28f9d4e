/*
 * probe_session_test.c: connections from accept to close, and the sessions of
 * runtimes.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/probe_fixture.h"

static struct fixture_stack stack;
static struct stranded_place place;

static int
begin(void **state)
{
	place = fixture_place(&stack, 1024);
	if (task_self == NULL) {
		task_adopt()->stack = fixture_bounds(&stack);
	}
	return fixture_setup(state);
}

static struct session *
session_of(int fd)
{
	uint32_t number = session_number(fd);

	return number != 0 ? table_hot(&session_table, number) : NULL;
}

static uint64_t
open_now(void)
{
	return session_opened - session_closed;
}

/* A pair of descriptors; the second is the session's. */
static void
connection(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	session_accepted(fds[1], NULL, 0, &place);
}

static void
hang_up(int fds[2])
{
	session_fd_closes(fds[1]);
	close(fds[0]);
	close(fds[1]);
}

static void
a_connection(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in own;
	struct session_cold *cold;
	struct session *session;
	struct stat status;
	int fd;

	bind(listener, (void *) &address, size);
	listen(listener, 1);
	getsockname(listener, (void *) &address, &size);
	assert_int_equal(connect(client, (void *) &address, size), 0);
	getsockname(client, (void *) &own, &size);
	fd = accept(listener, NULL, NULL);
	session_accepted(fd, NULL, 0, &place);
	session = session_of(fd);
	assert_non_null(session);
	assert_int_equal(session->kind, WIRE_SESSION_ACCEPTED);
	assert_int_equal(session->fd, fd);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(session->inode, status.st_ino);
	cold = table_cold(&session_table, session_number(fd));
	assert_int_equal(cold->address_size, sizeof own);
	assert_memory_equal(cold->address, &own, sizeof own);
	assert_int_equal(cold->name_size, 0);
	assert_int_equal(cold->opened_by.pc, 0x1234);
	assert_int_equal(cold->opened_by.size, SESSION_CAPTURE);
	session_fd_closes(fd);
	assert_null(session_of(fd));
	assert_int_equal(session->id, 0);
	close(fd);
	close(client);
	close(listener);
}

/* A thread under a filter does not ask; accept() may have been told. */
static void
a_connection_of_a_confined_thread(void **state)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = 99 };
	socklen_t size = sizeof peer;
	struct session_cold *cold;
	int fd = dup(0);

	confined = true;
	session_accepted(fd, (void *) &peer, size, &place);
	cold = table_cold(&session_table, session_number(fd));
	assert_int_equal(cold->address_size, sizeof peer);
	assert_memory_equal(cold->address, &peer, sizeof peer);
	assert_int_equal(session_of(fd)->inode, 0);
	session_accepted(fd, NULL, 0, &place);
	assert_int_equal(((struct session_cold *) table_cold(
			      &session_table, session_number(fd)))
			     ->address_size,
	    0);
	confined = false;
	session_fd_closes(fd);
	close(fd);
}

static uint64_t
handle_of(int fd)
{
	return session_by_fd[fd];
}

/* A descriptor that was closed behind our back gives up its hold, once. */
static void
a_descriptor_has_gone(void **state)
{
	uint64_t before = open_now(), handle;
	int fds[2];

	connection(fds);
	handle = handle_of(fds[1]);
	session_fd_has_gone((uint32_t) fds[1], handle + (UINT64_C(1) << 32));
	session_fd_has_gone((uint32_t) fds[0], handle);
	assert_int_equal(open_now(), before + 1);
	session_fd_has_gone((uint32_t) fds[1], handle);
	session_fd_has_gone((uint32_t) fds[1], handle);
	assert_int_equal(open_now(), before);
	assert_null(session_of(fds[1]));
	hang_up(fds);
	assert_int_equal(open_now(), before);
}

/* A session lasts as long as its last descriptor, whichever that is. */
static void
descriptors_of_one_session(void **state)
{
	uint64_t before = open_now(), id;
	struct session *session;
	uint32_t number;
	int fds[2], second, third;

	connection(fds);
	session = session_of(fds[1]);
	number = session_number(fds[1]);
	id = session->id;
	second = dup(fds[1]);
	session_duplicated(fds[1], second);
	third = dup(second);
	session_duplicated(second, third);
	session_duplicated(third, third); /* no other */
	assert_int_equal(open_now(), before + 1);
	assert_int_equal(session->holds, 3);
	assert_ptr_equal(session_of(third), session);
	assert_int_equal(session_fd(number, id), fds[1]);
	hang_up(fds);
	assert_int_equal(session->closer, task_self->id);
	assert_int_equal(session_fd(number, id), second);
	session_fd_closes(third);
	session_fd_closes(third);
	assert_int_equal(session->id, id);
	/* Another file in the place of the last. */
	session_duplicated(0, second);
	assert_int_equal(open_now(), before);
	assert_int_equal(session_fd(number, id), -1);
	close(second);
	close(third);
}

/* dup2() over a session's descriptor ends the one, and joins the other. */
static void
a_descriptor_changes_sessions(void **state)
{
	uint64_t before = open_now();
	int one[2], other[2];

	connection(one);
	connection(other);
	session_duplicated(one[1], other[1]);
	assert_int_equal(open_now(), before + 1);
	assert_ptr_equal(session_of(other[1]), session_of(one[1]));
	session_duplicated(-1, other[1]);
	session_duplicated(one[1], -1);
	session_duplicated(one[1], (int) SESSION_FD_MAX);
	assert_int_equal(session_of(one[1])->holds, 1);
	hang_up(one);
	hang_up(other);
	assert_int_equal(open_now(), before);
}

/* What comes in a second time is found by its socket. */
static void
a_socket_joins_its_session(void **state)
{
	uint64_t before = open_now();
	int fds[2], again;

	connection(fds);
	again = dup(fds[1]);
	assert_true(session_joins(again, session_of(fds[1])->inode));
	assert_false(session_joins(again, ~UINT64_C(0)));
	assert_ptr_equal(session_of(again), session_of(fds[1]));
	session_fd_closes(fds[1]);
	assert_int_equal(open_now(), before + 1);
	session_fd_closes(again);
	assert_int_equal(open_now(), before);
	close(again);
	hang_up(fds);
}

/* Connections to others are counted apart. */
static void
a_connection_to_others(void **state)
{
	uint64_t opened = session_opened, closed = session_closed;
	struct session_socket socket = { .kind = WIRE_SESSION_CONNECT };
	int fds[2], client[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	socket.fd = fds[0];
	session_open_socket(&socket, &place);
	assert_int_equal(session_connects, 1);
	assert_int_equal(session_of(fds[0])->kind, WIRE_SESSION_CONNECT);
	/* Who uses it is in it, but for those who serve a client. */
	task_self->session = 0;
	session_touch(task_self, fds[0]);
	assert_ptr_equal(
	    table_find(&session_table, task_self->session), session_of(fds[0]));
	connection(client);
	session_touch(task_self, client[1]);
	session_touch(task_self, fds[0]);
	assert_ptr_equal(table_find(&session_table, task_self->session),
	    session_of(client[1]));
	assert_int_equal(session_of(fds[0])->uses, 2);
	hang_up(client);
	task_self->session = 0;
	opened++;
	closed++;
	session_fd_closes(fds[0]);
	assert_int_equal(session_connects, 0);
	assert_int_equal(session_opened, opened);
	assert_int_equal(session_closed, closed);
	hang_up(fds);
}

/*
 * Other threads of the parent were about to do something: one has taken its
 * entry out of the map, one has put none in, one has not counted.
 */
static void
a_fork_amid_changes(void **state)
{
	uint64_t before = open_now(), closing, opening;
	int one[2], other[2], third[2], registry;

	connection(one);
	connection(other);
	connection(third);
	registry = (int) session_open("registry", &place);
	closing = handle_of(one[1]);
	session_by_fd[one[1]] = 0;
	opening = handle_of(other[1]);
	session_of(other[1])->holds++;
	session_closed -= 7;
	session_reset_after_fork();
	assert_int_equal(open_now(), before + 3);
	assert_null(table_find(&session_table, closing));
	assert_non_null(table_find(&session_table, opening));
	session_reset_after_fork();
	assert_int_equal(open_now(), before + 3);
	hang_up(one);
	hang_up(other);
	hang_up(third);
	session_close(table_handle((uint32_t) registry,
	    ((struct session *) table_hot(&session_table, (uint32_t) registry))
		->id));
	assert_int_equal(open_now(), before);
}

static void
a_task_belongs_to_what_it_uses(void **state)
{
	struct task *task = task_self;
	int fds[2], others[2];
	struct session *session;

	connection(fds);
	connection(others);
	session = session_of(fds[1]);
	task->session = 0;
	session_touch(task, fds[0]); /* no session's */
	session_touch(task, -1);
	session_touch(task, 1 << 30);
	assert_int_equal(task->session, 0);
	session_touch(task, fds[1]);
	session_touch(task, fds[1]);
	assert_int_equal(session->uses, 2);
	assert_int_equal(session->user, task->id);
	assert_ptr_equal(table_find(&session_table, task->session), session);
	/* Unless it has entered one: then use changes nothing. */
	task->flags |= TASK_ENTERED;
	session_touch(task, others[1]);
	assert_int_equal(session_of(others[1])->uses, 1);
	assert_ptr_equal(table_find(&session_table, task->session), session);
	task->flags &= ~(uint32_t) TASK_ENTERED;
	hang_up(fds);
	assert_null(table_find(&session_table, task->session));
	hang_up(others);
	task->session = 0;
}

/* fclose() closes without a word: the number's next session tells. */
static void
a_number_is_used_again(void **state)
{
	uint64_t before = open_now();
	int fds[2];
	uint64_t id;

	connection(fds);
	id = session_of(fds[1])->id;
	session_accepted(fds[1], NULL, 0, &place);
	assert_true(session_of(fds[1])->id > id);
	assert_int_equal(open_now(), before + 1);
	hang_up(fds);
	assert_int_equal(open_now(), before);
	session_fd_closes(fds[1]); /* twice is once */
	assert_int_equal(open_now(), before);
}

static void
ranges_close(void **state)
{
	uint64_t before = open_now();
	int fds[6][2];

	for (int i = 0; i < 6; i++) {
		connection(fds[i]);
	}
	session_fds_close((unsigned int) fds[1][1], (unsigned int) fds[3][1]);
	assert_int_equal(open_now(), before + 3);
	assert_non_null(session_of(fds[0][1]));
	assert_null(session_of(fds[1][1]));
	assert_null(session_of(fds[3][1]));
	assert_non_null(session_of(fds[4][1]));
	session_fds_close(5, 4); /* an empty one */
	assert_int_equal(open_now(), before + 3);
	session_fds_close(3, ~0u);
	assert_int_equal(open_now(), before);
	session_fds_close(~0u, ~0u);
	for (int i = 0; i < 6; i++) {
		hang_up(fds[i]);
	}
}

/* A child of vfork has the memory, but descriptors of its own. */
static void
a_borrower_of_memory_closes_nothing(void **state)
{
	int fds[2];

	connection(fds);
	init_pid++;
	session_fd_closes(fds[1]);
	session_fds_close(0, ~0u);
	assert_non_null(session_of(fds[1]));
	init_pid--;
	hang_up(fds);
}

static void
what_is_no_descriptor(void **state)
{
	uint64_t before = open_now();

	session_accepted(-1, NULL, 0, &place);
	session_accepted((int) SESSION_FD_MAX, NULL, 0, &place);
	session_fd_closes(-1);
	session_fd_closes((int) SESSION_FD_MAX);
	assert_int_equal(open_now(), before);
}

static void
a_runtimes_session(void **state)
{
	uint64_t before = open_now();
	uint64_t handle = session_open("alice", &place);
	struct session *session = table_find(&session_table, handle);
	struct session_cold *cold =
	    table_cold(&session_table, (uint32_t) handle);

	assert_non_null(session);
	assert_int_equal(session->kind, WIRE_SESSION_REGISTRY);
	assert_int_equal(session->fd, -1);
	assert_string_equal(cold->name, "alice");
	assert_int_equal(cold->name_size, 8);
	assert_int_equal(cold->address_size, 0);
	assert_int_equal(open_now(), before + 1);
	session_close(handle);
	session_close(handle);
	session_close(0);
	session_close(~UINT64_C(0));
	assert_int_equal(open_now(), before);
	assert_null(table_find(&session_table, handle));
}

static void
long_and_empty_names(void **state)
{
	char name[2 * WIRE_TEXT_MAX];
	uint64_t handle;
	struct session_cold *cold;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	handle = session_open(name, &place);
	cold = table_cold(&session_table, (uint32_t) handle);
	assert_int_equal(cold->name_size, WIRE_TEXT_MAX);
	assert_int_equal(strlen(cold->name), WIRE_TEXT_MAX - 1);
	session_close(handle);
	/* The same record: nothing of the longer name is left. */
	assert_int_equal(
	    (uint32_t) session_open("", &place), (uint32_t) handle);
	assert_int_equal(cold->name_size, 0);
	assert_int_equal(cold->name[0], 0);
	assert_int_equal(cold->name[100], 0);
	session_fds_close(0, ~0u); /* has no descriptor */
	session_close(table_handle((uint32_t) handle,
	    ((struct session *) table_hot(&session_table, (uint32_t) handle))
		->id));
}

/*
 * Accepts, duplicates and closes on numbers that other threads use as well,
 * without asking each other.
 */
static void *
accepts_and_closes(void *argument)
{
	int *fds = argument;

	task_adopt()->stack = fixture_bounds(&stack);
	for (int i = 0; i < 3000; i++) {
		int fd = fds[i % 4];

		session_accepted(fd, NULL, 0, &place);
		session_touch(task_self, fd);
		session_duplicated(fd, fds[(i + 2) % 4]);
		session_fd_closes(fds[(i + 1) % 4]);
		session_fd_has_gone(
		    (uint32_t) fd, load_relaxed(&session_by_fd[fd]));
	}
	fixture_end_thread();
	return NULL;
}

/* Looks at everything, as the agent does, and believes old handles. */
static void *
looks_on(void *argument)
{
	const bool *over = argument;
	uint64_t old = 0, handle;

	while (!__atomic_load_n(over, __ATOMIC_RELAXED)) {
		for (uint32_t fd = 0; (handle = session_next_fd(&fd)) != 0;
		     fd++) {
			session_fd((uint32_t) handle, handle >> 32);
			session_is_of((int) fd, 7);
			session_fd_has_gone(fd, old);
			old = handle;
		}
	}
	return NULL;
}

static void
sessions_add_up(void **state)
{
	uint64_t before = open_now();
	pthread_t threads[4], agent;
	bool over = false;
	int fds[4];

	for (int i = 0; i < 4; i++) {
		fds[i] = dup(0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, accepts_and_closes, fds);
	}
	pthread_create(&agent, NULL, looks_on, &over);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(agent, NULL);
	for (int i = 0; i < 4; i++) {
		session_fd_closes(fds[i]);
		close(fds[i]);
	}
	assert_int_equal(open_now(), before);
	assert_in_range(table_end(&session_table), 1, 32);
}

#define SESSION_TEST(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(a_connection),
		SESSION_TEST(a_connection_of_a_confined_thread),
		SESSION_TEST(a_descriptor_has_gone),
		SESSION_TEST(descriptors_of_one_session),
		SESSION_TEST(a_descriptor_changes_sessions),
		SESSION_TEST(a_socket_joins_its_session),
		SESSION_TEST(a_connection_to_others),
		SESSION_TEST(a_fork_amid_changes),
		SESSION_TEST(a_task_belongs_to_what_it_uses),
		SESSION_TEST(a_number_is_used_again),
		SESSION_TEST(ranges_close),
		SESSION_TEST(a_borrower_of_memory_closes_nothing),
		SESSION_TEST(what_is_no_descriptor),
		SESSION_TEST(a_runtimes_session),
		SESSION_TEST(long_and_empty_names),
		SESSION_TEST(sessions_add_up),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
