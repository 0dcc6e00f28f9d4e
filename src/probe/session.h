/*
 * session.h: the sessions of this process: connections that were accepted, and
 * those that a runtime opens.
 *
 * A table maps descriptors to sessions, so that a read or a close finds its
 * session with one load; a descriptor that is none costs that load and no more.
 * Use is counted, not timed: the agent sees the count change.
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
	uint64_t uses;  /* how often it was used; not exact under a race */
	uint64_t user;  /* id of the task that used it last */
	uint64_t inode; /* of the socket, 0 if there is none */
	int64_t opened_ns;
	int32_t fd;    /* or -1 */
	uint32_t kind; /* enum wire_session_kind */
	/* The agent's own. */
	uint64_t seen_uses; /* `uses` when it last looked */
	int64_t used_ns;    /* when it last saw them change */
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
extern uint64_t session_opened; /* how many were, ever */
extern uint64_t session_closed;

/* Descriptors above this are not tracked. */
#define SESSION_FD_MAX (1u << 20)

/* By descriptor: the session's number, or 0. NULL until session_init(). */
extern uint32_t *session_by_fd;

void session_init(void);

/*
 * A connection was accepted as `fd`. `address` is what accept() has said of the
 * peer, of which `size` bytes are whole; 0: it has not said.
 */
void session_accepted(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by);

/* The session of this number is over, if it is still the one with this id. */
void session_end_if(uint32_t number, uint64_t id);

/* A runtime's session. Returns its handle, or 0. */
uint64_t session_open(const char *name, const struct stranded_place *by);
void session_close(uint64_t handle);

/* The session of this number is used by `task` just now. */
void session_use(uint32_t number, struct task *task);

/* `fd` is being closed. */
void session_fd_closes(int fd);
/* All from `first` to `last` are. */
void session_fds_close(unsigned int first, unsigned int last);

static inline __attribute__((always_inline)) uint32_t
session_number(int fd)
{
	return session_by_fd != NULL && (uint32_t) fd < SESSION_FD_MAX ?
	    load_relaxed(&session_by_fd[fd]) :
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
