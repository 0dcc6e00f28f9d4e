/*
 * recording.h: a file of snapshots that a recorder has written.
 *
 * Nothing in it is trusted: it may be cut off anywhere, have been mended by
 * hand, or made to do harm. What is whole at its beginning is there; the rest
 * is not.
 */
#ifndef RECORD_RECORDING_H
#define RECORD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/client.h"
#include "client/snapshot.h"

struct recording;

/* Does the file begin as recordings do? */
bool recording_is_one(const char *path);

/* NULL and `failure` if it cannot be read, or there is no snapshot in it. */
struct recording *recording_open(const char *path, struct failure *failure);

/* The same of bytes in memory, which must outlive it. */
struct recording *recording_parse(
    const uint8_t *bytes, size_t size, struct failure *failure);

/* Snapshots that came from it must have been freed before. */
void recording_close(struct recording *recording);

/* How many snapshots there are, at least 1. */
size_t recording_count(const struct recording *recording);

/* What is known of a snapshot without loading it. */
struct recording_moment {
	uint64_t began_ns; /* CLOCK_MONOTONIC */
	pid_t pid;
	uint64_t start_ns; /* when the process began */
};

struct recording_moment recording_moment(
    const struct recording *recording, size_t index);

/*
 * The snapshot number `index`, from 0, which the caller frees. Its stacks have
 * their frames, its records know each other; verdicts are yet to be made. The
 * next one is had cheaply after the one before.
 */
struct snapshot *recording_load(struct recording *recording, size_t index);

/*
 * Opens a file and loads one snapshot; `moment` counts from 1, 0 is the last.
 * NULL and `failure` if there is no such thing. The recording must be closed
 * after the snapshot is freed.
 */
struct snapshot *recording_snapshot(const char *path, size_t moment,
    struct recording **recording, struct failure *failure);

#endif
