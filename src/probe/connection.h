/*
 * connection.h: connections that come to the process otherwise than by
 * accept(): that it makes, is given, or is started with.
 */
#ifndef PROBE_CONNECTION_H
#define PROBE_CONNECTION_H

#include <stdint.h>
#include <sys/socket.h>

#include "stranded_observer.h"

/*
 * connect() has begun a connection to `address`, of `size` bytes. It is a
 * session only where that was asked for (STRANDED_CONNECT).
 */
void connection_made(int fd, const struct sockaddr *address, socklen_t size,
    const struct stranded_place *by);

/* recvmsg() has received `message` through the socket `through`. */
void connection_received(
    int through, const struct msghdr *message, const struct stranded_place *by);

/* `fd` is a copy of another process's descriptor. */
void connection_copied(int fd, const struct stranded_place *by);

/* At the start: what inetd or systemd has accepted for this process. */
void connection_inherit(void);

#endif
