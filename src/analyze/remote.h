/*
 * remote.h: reads the code and the unwind tables of the target from its memory.
 *
 * That is the way to objects whose file is gone, and the way to tell whether a
 * file is the one that is mapped. What is read is kept: only mappings that are
 * not writable are asked for, so it does not change as long as the mapping is
 * there.
 */
#ifndef ANALYZE_REMOTE_H
#define ANALYZE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct remote;

/* `client` may be NULL: then only the kernel is asked. */
struct remote *remote_new(pid_t pid, struct client *client);
void remote_free(struct remote *remote);

/* Reads all `size` bytes, or says no. */
bool remote_read(
    struct remote *remote, uint64_t address, void *buffer, size_t size);

/* Forgets what was read: the target's map has changed. */
void remote_forget(struct remote *remote);

#endif
