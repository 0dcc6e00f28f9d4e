/*
 * listener.h: the socket in the file system: <directory>/<pid>.sock.
 */
#ifndef PROBE_LISTENER_H
#define PROBE_LISTENER_H

#include <stdint.h>

/* The listening descriptor, in the agent's table; -1: there is none. */
extern int listener_fd;

/* At each tick: makes the socket if there is none, or it was removed. */
void listener_keep(int64_t now);

/* Removes the file. From any thread. */
void listener_remove(void);

/* Gives the socket up; the next tick makes another, where it then belongs. */
void listener_move(void);

/* In a child of fork: the socket is the parent's. */
void listener_reset(void);

#endif
