/*
 * connect.h: finds a probe's socket, and makes sure that it is the probe's.
 *
 * The tool may be run by root, and /tmp is everybody's: a directory counts only
 * if it is of the target's user (or root, or the caller), mode 0700 and no
 * symbolic link; a socket in it only if the kernel says that the process asked
 * for is the one that listens.
 */
#ifndef CLIENT_CONNECT_H
#define CLIENT_CONNECT_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "client/client.h"
#include "client/process.h"

/* A connected socket, or -1 and `failure`. */
int connect_process(const struct process *process, struct failure *failure);

/*
 * Opens a directory of sockets that belongs to one of `uids`, to root or to
 * the caller. -1 and errno; EPERM if it is not to be trusted.
 */
int connect_directory(const char *path, const uid_t *uids, size_t count);

/*
 * Connects to the socket `name` there, and says who listens. Waits a little if
 * too many others are waiting already. -1 and errno; ENOTSOCK if it is none.
 */
int connect_socket(int directory, const char *name, struct ucred *peer);

/* The directory that the environment names; NULL if it names none. */
const char *connect_chosen(void);

/*
 * Says why connect_directory() has refused a directory that is there, or that
 * the environment names, by its `error`.
 */
int connect_refused(const char *path, int error, struct failure *failure);

/* What a user is called: its name, or its number. */
void connect_user(uid_t uid, char *name, size_t size);

#endif
