/* session.c: see session.h. */
#include "probe/session.h"

#include <sys/stat.h>

#include "probe/init.h"
#include "probe/sys.h"
#include "probe/text.h"

struct table session_table =
    TABLE(sizeof(struct session), sizeof(struct session_cold));
uint64_t session_opened;
uint64_t session_closed;
uint32_t session_connects;
uint64_t *session_by_fd;

static uint64_t last_id;
static uint32_t highest_fd; /* that ever led to a session */

void
session_init(void)
{
	table_prepare(&session_table);
	session_by_fd = sys_map(SESSION_FD_MAX * sizeof(*session_by_fd));
}

/* ---- Records ----------------------------------------------------------- */

static struct session_cold *
cold_of(uint32_t number)
{
	return table_cold(&session_table, number);
}

/* A record that is filled in but for its id; the number in `*number`. */
static struct session *
take(enum wire_session_kind kind, int fd, const struct stranded_place *by,
    uint32_t *number)
{
	static const struct bounds nowhere;
	struct session *session;
	struct session_cold *cold;

	*number = table_take(&session_table);
	if (*number == 0) {
		return NULL;
	}
	session = table_hot(&session_table, *number);
	cold = cold_of(*number);
	/* One at a time: those who hold an old handle still look at them. */
	store_relaxed(&session->kind, kind);
	store_relaxed(&session->uses, 0);
	store_relaxed(&session->user, 0);
	store_relaxed(&session->closer, 0);
	store_relaxed(&session->inode, 0);
	store_relaxed(&session->opened_ns, load_relaxed(&task_clock));
	store_relaxed(&session->from, 0);
	store_relaxed(&session->family, 0);
	store_relaxed(&session->fd, fd);
	store_relaxed(&session->seen_uses, 0);
	store_relaxed(&session->used_ns, session->opened_ns);
	store_relaxed(&session->round, 0);
	store_relaxed(&session->missed, 0);
	cold->address_size = 0;
	cold->name_size = 0;
	capture_take(&cold->opened_by, SESSION_CAPTURE, by,
	    task_self != NULL ? &task_self->stack : &nowhere);
	return session;
}

/* Returns the handle. */
static uint64_t
publish(struct session *session, uint32_t number)
{
	uint64_t id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);

	if (session->kind == WIRE_SESSION_CONNECT) {
		__atomic_add_fetch(&session_connects, 1, __ATOMIC_RELAXED);
	} else {
		__atomic_add_fetch(&session_opened, 1, __ATOMIC_RELAXED);
	}
	store_release(&session->id, id);
	return table_handle(number, id);
}

/* Of two that end the same life of a record one does it. */
static void
end_if(uint32_t number, uint64_t id)
{
	struct session *session = table_hot(&session_table, number);
	uint32_t kind = load_relaxed(&session->kind);

	if (id == 0 ||
	    !__atomic_compare_exchange_n(&session->id, &id, 0, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		return;
	}
	if (kind == WIRE_SESSION_CONNECT) {
		__atomic_sub_fetch(&session_connects, 1, __ATOMIC_RELAXED);
	} else {
		__atomic_add_fetch(&session_closed, 1, __ATOMIC_RELAXED);
	}
	table_give(&session_table, number);
}

/* ---- Holds ------------------------------------------------------------- */

/* Gives up one hold on the record; with the last one the session ends. */
static void
release(uint64_t handle)
{
	uint32_t number = (uint32_t) handle;
	struct session *session;

	if (number == 0) {
		return;
	}
	session = table_hot(&session_table, number);
	if (__atomic_sub_fetch(&session->holds, 1, __ATOMIC_ACQ_REL) == 0) {
		end_if(number, load_relaxed(&session->id));
	}
}

/* One more hold on what the handle means; false if that life is over. */
static bool
hold(uint64_t handle)
{
	struct session *session = table_find(&session_table, handle);
	uint32_t holds;

	if (session == NULL) {
		return false;
	}
	holds = load_relaxed(&session->holds);
	do {
		if (holds == 0) {
			return false;
		}
	} while (!__atomic_compare_exchange_n(&session->holds, &holds,
	    holds + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (table_find(&session_table, handle) == NULL) {
		/* The record is in its next life. */
		release(handle);
		return false;
	}
	return true;
}

static bool
is_tracked(int fd)
{
	return session_by_fd != NULL && (uint32_t) fd < SESSION_FD_MAX;
}

/* The descriptor leads to `handle` from now on, whose hold is the map's. */
static void
lead(int fd, uint64_t handle)
{
	uint32_t highest = load_relaxed(&highest_fd);

	while ((uint32_t) fd > highest && handle != 0 &&
	    !__atomic_compare_exchange_n(&highest_fd, &highest, (uint32_t) fd,
		false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
	}
	/* What it led to before was closed, perhaps by a bare system call. */
	release(
	    __atomic_exchange_n(&session_by_fd[fd], handle, __ATOMIC_ACQ_REL));
}

/* ---- Connections ------------------------------------------------------- */

/*
 * The peer's address. A thread under a filter is not made to ask for it, but
 * may have been told.
 */
static void
note_address(struct session_cold *cold, const struct session_socket *socket)
{
	uint32_t size = sizeof(cold->address);

	if (socket->size > 0 && socket->size <= size) {
		size = socket->size;
		__builtin_memcpy(cold->address, socket->address, size);
	} else if (init_is_confined() ||
	    sys(SYS_getpeername, socket->fd, cold->address, &size) != 0) {
		size = 0;
	}
	if (size > sizeof(cold->address)) {
		size = sizeof(cold->address);
	}
	/* The message wants a multiple of 8: the rest is zeroed. */
	cold->address_size = (size + 7) / 8 * 8;
	__builtin_memset(cold->address + size, 0, cold->address_size - size);
}

static uint16_t
family_of(const struct session_cold *cold)
{
	uint16_t family = 0;

	if (cold->address_size > 0) {
		__builtin_memcpy(&family, cold->address, sizeof(family));
	}
	return family;
}

void
session_open_socket(
    const struct session_socket *socket, const struct stranded_place *by)
{
	struct session *session;
	struct stat status;
	uint32_t number;

	if (!is_tracked(socket->fd)) {
		return;
	}
	session = take(socket->kind, socket->fd, by, &number);
	if (session == NULL) {
		return;
	}
	note_address(cold_of(number), socket);
	store_relaxed(&session->from, socket->from);
	store_relaxed(&session->family, family_of(cold_of(number)));
	if (!init_is_confined() && sys(SYS_fstat, socket->fd, &status) == 0) {
		store_relaxed(&session->inode, status.st_ino);
	}
	store_release(&session->holds, 1);
	lead(socket->fd, publish(session, number));
}

void
session_accepted(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by)
{
	const struct session_socket socket = {
		.fd = fd,
		.kind = WIRE_SESSION_ACCEPTED,
		.address = address,
		.size = size,
	};

	session_open_socket(&socket, by);
}

void
session_duplicated(int from, int to)
{
	uint64_t handle = 0;

	if (!is_tracked(to) || from == to ||
	    (session_number(from) | session_number(to)) == 0 ||
	    init_is_vfork_child()) {
		return;
	}
	if (is_tracked(from)) {
		handle = load_acquire(&session_by_fd[from]);
	}
	lead(to, hold(handle) ? handle : 0);
}

bool
session_is_of(int fd, uint64_t inode)
{
	const struct session *session = is_tracked(fd) ?
	    table_find(&session_table, load_acquire(&session_by_fd[fd])) :
	    NULL;

	return session != NULL && load_relaxed(&session->inode) == inode;
}

bool
session_joins(int fd, uint64_t inode)
{
	uint32_t end = table_end(&session_table);

	for (uint32_t number = 1; number < end && is_tracked(fd); number++) {
		const struct session *session =
		    table_hot(&session_table, number);
		uint64_t id = load_acquire(&session->id);
		uint64_t handle = table_handle(number, id);

		if (id != 0 && load_relaxed(&session->inode) == inode &&
		    hold(handle)) {
			lead(fd, handle);
			return true;
		}
	}
	return false;
}

/* Does the task serve a client, with what it has a connection to others for? */
static PROBE_COLD bool
serves(const struct task *task)
{
	const struct session *session =
	    table_find(&session_table, task->session);

	return session != NULL &&
	    load_relaxed(&session->kind) != WIRE_SESSION_CONNECT;
}

void
session_use(uint32_t number, struct task *task)
{
	struct session *session = table_hot(&session_table, number);

	store_relaxed(&session->uses, load_relaxed(&session->uses) + 1);
	store_relaxed(&session->user, task->id);
	if (unlikely(load_relaxed(&session->kind) == WIRE_SESSION_CONNECT) &&
	    serves(task)) {
		return;
	}
	if (!(task->flags & TASK_ENTERED)) {
		task->session =
		    table_handle(number, load_relaxed(&session->id));
	}
}

void
session_fd_closes(int fd)
{
	uint32_t number = session_number(fd);
	uint64_t handle;

	/* A vfork child has the parent's memory, but not its descriptors. */
	if (number == 0 || init_is_vfork_child()) {
		return;
	}
	handle = __atomic_exchange_n(&session_by_fd[fd], 0, __ATOMIC_ACQ_REL);
	if (handle != 0 && task_self != NULL) {
		struct session *session =
		    table_hot(&session_table, (uint32_t) handle);

		store_relaxed(&session->closer, task_self->id);
	}
	release(handle);
}

void
session_fds_close(unsigned int first, unsigned int last)
{
	uint32_t highest = load_relaxed(&highest_fd);

	for (; first <= last && first <= highest; first++) {
		session_fd_closes((int) first);
	}
}

/* ---- The map, as others see it ----------------------------------------- */

uint64_t
session_next_fd(uint32_t *fd)
{
	uint32_t highest = load_relaxed(&highest_fd);

	for (; session_by_fd != NULL && *fd <= highest; *fd += 1) {
		uint64_t handle = load_acquire(&session_by_fd[*fd]);

		if (handle != 0) {
			return handle;
		}
	}
	return 0;
}

void
session_fd_has_gone(uint32_t fd, uint64_t handle)
{
	uint64_t expected = handle;

	if (__atomic_compare_exchange_n(&session_by_fd[fd], &expected, 0, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		release(handle);
	}
}

int
session_fd(uint32_t number, uint64_t id)
{
	struct session *session = table_hot(&session_table, number);
	uint64_t handle = table_handle(number, id);
	int32_t known = load_relaxed(&session->fd);
	uint64_t found;

	if (known < 0 || load_relaxed(&session_by_fd[known]) == handle) {
		return known;
	}
	/* That one was closed: the lowest of the others, from now on. */
	for (uint32_t fd = 0; (found = session_next_fd(&fd)) != 0; fd++) {
		if (found == handle) {
			store_relaxed(&session->fd, (int32_t) fd);
			return (int) fd;
		}
	}
	return -1;
}

/* How many entries of the map are the session's. */
static uint32_t
count_fds(uint64_t handle)
{
	uint32_t count = 0;
	uint64_t found;

	for (uint32_t fd = 0; (found = session_next_fd(&fd)) != 0; fd++) {
		count += found == handle;
	}
	return count;
}

/* What the map says of the record; false if it has ended, or ends now. */
static bool
recount(uint32_t number)
{
	struct session *session = table_hot(&session_table, number);
	uint64_t handle = table_handle(number, session->id);

	if (session->id == 0 || session->kind == WIRE_SESSION_REGISTRY) {
		return session->id != 0;
	}
	if (session->holds != 1 || session->fd < 0 ||
	    session_by_fd[session->fd] != handle) {
		session->holds = count_fds(handle);
	}
	if (session->holds == 0) {
		end_if(number, session->id);
	}
	return session->id != 0;
}

void
session_reset_after_fork(void)
{
	uint32_t end = table_end(&session_table);
	uint64_t clients = 0;
	uint32_t connects = 0;

	for (uint32_t number = 1; number < end; number++) {
		const struct session *session =
		    table_hot(&session_table, number);

		if (!recount(number)) {
			continue;
		}
		if (session->kind == WIRE_SESSION_CONNECT) {
			connects++;
		} else {
			clients++;
		}
	}
	session_closed = session_opened - clients;
	session_connects = connects;
}

/* ---- A runtime's ------------------------------------------------------- */

uint64_t
session_open(const char *name, const struct stranded_place *by)
{
	uint32_t number;
	struct session *session = take(WIRE_SESSION_REGISTRY, -1, by, &number);
	struct session_cold *cold;

	if (session == NULL) {
		return 0;
	}
	cold = cold_of(number);
	__builtin_memset(cold->name, 0, sizeof(cold->name));
	text_copy(cold->name, name, sizeof(cold->name));
	/* As the message wants it: a multiple of 8, padded with NUL. */
	cold->name_size = (uint32_t) (text_length(cold->name) + 7) & ~7u;
	return publish(session, number);
}

void
session_close(uint64_t handle)
{
	struct session *session = table_find(&session_table, handle);

	if (session != NULL) {
		end_if((uint32_t) handle, load_acquire(&session->id));
	}
}
