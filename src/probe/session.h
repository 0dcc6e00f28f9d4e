/*
 * session.h: the sessions of this process: connections that it has, and those
 * that a runtime opens.
 *
 * A map leads from descriptors to sessions, so that a read or a close finds its
 * session with one load; a descriptor that is none costs that load and no more.
 * Use is counted, not timed: the agent sees the count change.
 *
 * A connection's session lasts as long as a descriptor leads to it, as the
 * socket itself does. Each entry of the map is a hold on the session, and
 * whoever takes the entry out of the map gives up the hold, so that of two that
 * close the same descriptor one does it. An entry is a handle: it names one
 * life of the record. Nobody who has looked at an old one can so take out a new
 * one, and a descriptor that was closed behind our back ends its hold when its
 * number is seen to be something else (tidy.h).
 */
#ifndef PROBE_SESSION_H
#define PROBE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/wire.h"
#include "probe/capture.h"
#include "probe/probe.h"
#include "probe/table.h"
#include "probe/task.h"

struct session {
	uint64_t id;    /* never reused; 0: the record is free */
	uint64_t link;  /* the table's, while it is free */
	uint32_t holds; /* descriptors that lead to it; 0: free, or no socket */
	uint32_t kind;  /* enum wire_session_kind */
	uint64_t uses;  /* how often it was used; not exact under a race */
	uint64_t user;  /* id of the task that used it last */
	uint64_t closer; /* of the one that last closed a descriptor of it */
	uint64_t inode;  /* of the socket, 0 if it is not known */
	int64_t opened_ns;
	uint32_t from;   /* process that it was received from, or 0 */
	uint16_t family; /* of the socket's address, 0 if it is not known */
	/* The agent's own. */
	uint16_t missed;    /* how often in turn the kernel did not list it */
	int32_t fd;         /* that leads to it, when last looked; or -1 */
	uint32_t round;     /* of peers.c, in which it was last listed; or 0 */
	int64_t missed_ns;  /* when it was first not listed, if `missed` */
	uint64_t seen_uses; /* `uses` when it last looked */
	int64_t used_ns;    /* when it last saw them change */
	uint64_t gone_id;   /* the session of which the next is said */
	int64_t gone_ns;    /* when its peer was first seen to have gone */
};

#define SESSION_CAPTURE 448 /* bytes of stack kept of the opening */

/* What nobody looks at until somebody asks. */
struct session_cold {
	uint32_t address_size;
	uint32_t name_size;
	uint8_t address[WIRE_ADDRESS_MAX];
	char name[WIRE_TEXT_MAX];
	struct capture opened_by;
	uint8_t opened_by_bytes[SESSION_CAPTURE];
};

extern struct table session_table;
extern uint64_t session_opened; /* how many were, ever: those of clients */
extern uint64_t session_closed;
extern uint32_t
    session_connects; /* connections to others: how many there are */

/* Descriptors above this are not tracked. */
#define SESSION_FD_MAX (1u << 20)

/* By descriptor: the session's handle, or 0. NULL until session_init(). */
extern uint64_t *session_by_fd;

void session_init(void);

/* ---- Connections ------------------------------------------------------- */

/*
 * A socket has become a session of `kind`, with the descriptor `fd`. `address`
 * is what is known of the peer's, of which `size` bytes are whole; with 0 the
 * kernel is asked. `from` is the process that sent the descriptor, or 0.
 */
struct session_socket {
	int fd;
	enum wire_session_kind kind;
	const struct sockaddr *address;
	socklen_t size;
	uint32_t from;
};
void session_open_socket(
    const struct session_socket *socket, const struct stranded_place *by);

/* A connection was accepted as `fd`; the rest as above. */
void session_accepted(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by);

/* `to` is the same file as `from` now, whatever it was before. */
void session_duplicated(int from, int to);

/* Does `fd` lead to a session, and is that the one of this socket? */
bool session_is_of(int fd, uint64_t inode);

/*
 * `fd` leads to this socket. Does it, from now on, lead to the session of it?
 * False if there is none. Looks at all sessions: for what is rare.
 */
bool session_joins(int fd, uint64_t inode);

/* `fd` is being closed. */
void session_fd_closes(int fd);
/* All from `first` to `last` are. */
void session_fds_close(unsigned int first, unsigned int last);

/*
 * The first descriptor from `*fd` on, written there, that leads to a session,
 * whose handle is returned; 0 if there is none.
 */
uint64_t session_next_fd(uint32_t *fd);

/* `fd` no longer leads to where it was seen to lead. */
void session_fd_has_gone(uint32_t fd, uint64_t handle);

/* A descriptor that leads to the session, -1 if none does. For the agent. */
int session_fd(uint32_t number, uint64_t id);

/*
 * In the child of a fork: what other threads were just about to do with the map
 * will not be done.
 */
void session_reset_after_fork(void);

/* ---- A runtime's ------------------------------------------------------- */

/* Returns its handle, or 0. */
uint64_t session_open(const char *name, const struct stranded_place *by);
void session_close(uint64_t handle);

/* ---- Use --------------------------------------------------------------- */

/* The session of this number is used by `task` just now. */
void session_use(uint32_t number, struct task *task);

static inline __attribute__((always_inline)) uint32_t
session_number(int fd)
{
	return session_by_fd != NULL && (uint32_t) fd < SESSION_FD_MAX ?
	    (uint32_t) load_relaxed(&session_by_fd[fd]) :
	    0;
}

/* The task works on `fd`: if that is a session's, it belongs to it. */
static inline __attribute__((always_inline)) void
session_touch(struct task *task, int fd)
{
	uint32_t number = session_number(fd);

	if (unlikely(number != 0)) {
		session_use(number, task);
	}
}

#endif
