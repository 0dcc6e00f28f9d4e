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
uint32_t *session_by_fd;

static uint64_t last_id;
static uint32_t highest_fd; /* that was ever a session's */

void
session_init(void)
{
	table_prepare(&session_table);
	session_by_fd = sys_map(SESSION_FD_MAX * sizeof(*session_by_fd));
}

static struct session_cold *
cold_of(uint32_t number)
{
	return table_cold(&session_table, number);
}

/* A record that is filled in but for its id; the number in `*number`. */
static struct session *
take(uint32_t kind, int fd, const struct stranded_place *by, uint32_t *number)
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
	/* The id and the link are still the table's: others look at them. */
	__builtin_memset(&session->uses, 0,
	    sizeof(*session) - offsetof(struct session, uses));
	session->kind = kind;
	session->fd = fd;
	session->opened_ns = load_relaxed(&task_clock);
	session->used_ns = session->opened_ns;
	cold->address_size = 0;
	cold->name_size = 0;
	capture_take(&cold->opened_by, SESSION_CAPTURE, by,
	    task_self != NULL ? &task_self->stack : &nowhere);
	return session;
}

static void
publish(struct session *session)
{
	__atomic_add_fetch(&session_opened, 1, __ATOMIC_RELAXED);
	store_release(
	    &session->id, __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED));
}

/* Of two that close the same session one does it. */
void
session_end_if(uint32_t number, uint64_t id)
{
	struct session *session = table_hot(&session_table, number);
	uint32_t mapped = number;
	int fd = session->fd;

	if (id == 0 ||
	    !__atomic_compare_exchange_n(&session->id, &id, 0, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		return;
	}
	if (fd >= 0) {
		__atomic_compare_exchange_n(&session_by_fd[fd], &mapped, 0,
		    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&session_closed, 1, __ATOMIC_RELAXED);
	table_give(&session_table, number);
}

/* ---- Accepted connections ---------------------------------------------- */

/*
 * The peer's address. A thread under a filter is not made to ask for it, but
 * may have been told by accept() itself.
 */
static void
note_address(struct session_cold *cold, int fd, const struct sockaddr *address,
    socklen_t told)
{
	uint32_t size = sizeof(cold->address);

	if (!init_is_confined()) {
		if (sys(SYS_getpeername, fd, cold->address, &size) != 0) {
			size = 0;
		}
		if (size > sizeof(cold->address)) {
			size = sizeof(cold->address);
		}
	} else {
		size = address != NULL && told <= size ? told : 0;
		if (size > 0) {
			__builtin_memcpy(cold->address, address, size);
		}
	}
	/* The message wants a multiple of 8: the rest is zeroed. */
	cold->address_size = (size + 7) / 8 * 8;
	__builtin_memset(cold->address + size, 0, cold->address_size - size);
}

static void
note_highest(uint32_t fd)
{
	uint32_t highest = load_relaxed(&highest_fd);

	while (fd > highest &&
	    !__atomic_compare_exchange_n(&highest_fd, &highest, fd, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
	}
}

void
session_accepted(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by)
{
	struct session *session;
	struct stat status;
	uint32_t number, old;

	if (session_by_fd == NULL || (uint32_t) fd >= SESSION_FD_MAX) {
		return;
	}
	session = take(WIRE_SESSION_ACCEPTED, fd, by, &number);
	if (session == NULL) {
		return;
	}
	note_address(cold_of(number), fd, address, size);
	if (!init_is_confined() && sys(SYS_fstat, fd, &status) == 0) {
		session->inode = status.st_ino;
	}
	publish(session);
	note_highest((uint32_t) fd);
	old = __atomic_exchange_n(&session_by_fd[fd], number, __ATOMIC_ACQ_REL);
	if (old != 0) {
		/* Its close was hidden from us: by a bare system call. */
		session = table_hot(&session_table, old);
		session_end_if(old, load_acquire(&session->id));
	}
}

void
session_use(uint32_t number, struct task *task)
{
	struct session *session = table_hot(&session_table, number);

	store_relaxed(&session->uses, load_relaxed(&session->uses) + 1);
	store_relaxed(&session->user, task->id);
	if (!(task->flags & TASK_ENTERED)) {
		task->session =
		    table_handle(number, load_relaxed(&session->id));
	}
}

void
session_fd_closes(int fd)
{
	uint32_t number = session_number(fd);

	/* A vfork child has the parent's memory, but not its descriptors. */
	if (number == 0 || init_is_vfork_child()) {
		return;
	}
	number = __atomic_exchange_n(&session_by_fd[fd], 0, __ATOMIC_ACQ_REL);
	if (number != 0) {
		struct session *session = table_hot(&session_table, number);

		session_end_if(number, load_acquire(&session->id));
	}
}

void
session_fds_close(unsigned int first, unsigned int last)
{
	uint32_t highest = load_relaxed(&highest_fd);

	for (; first <= last && first <= highest; first++) {
		session_fd_closes((int) first);
	}
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
	publish(session);
	return table_handle(number, session->id);
}

void
session_close(uint64_t handle)
{
	struct session *session = table_find(&session_table, handle);

	if (session != NULL) {
		session_end_if((uint32_t) handle, load_acquire(&session->id));
	}
}
