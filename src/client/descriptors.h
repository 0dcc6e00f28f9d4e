/*
 * descriptors.h: what the descriptors are that tasks wait on.
 */
#ifndef CLIENT_DESCRIPTORS_H
#define CLIENT_DESCRIPTORS_H

#include "client/snapshot.h"

/*
 * Fills in fd_name of each task that waits on a descriptor, as far as /proc
 * shows it to the caller: "tcp 127.0.0.1:5432 (ESTABLISHED)", "pipe",
 * "eventfd", "epoll 5 (212 descriptors)", "/var/log/x". Of a connection it is
 * the other end that counts.
 */
void descriptors_name(struct snapshot *snapshot);

#endif
