/*
 * sockets.h: the names of connections, and what has become of them.
 */
#ifndef CLIENT_SOCKETS_H
#define CLIENT_SOCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/snapshot.h"

/*
 * What people call the address: "127.0.0.1:53920", "[::1]:80", a path, "@name"
 * in the abstract namespace, "unix" for a socket without a name. malloc'ed.
 */
char *sockets_name(const uint8_t *address, size_t size);

/*
 * Fills in the state of the snapshot's connections: closed if the descriptor no
 * longer is that socket, peer closed if TCP says so. What cannot be found out
 * stays as the probe had it.
 */
void sockets_look(struct snapshot *snapshot);

#endif
