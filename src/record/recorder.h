/*
 * recorder.h: writes snapshots to a file as they come.
 *
 * Only what has changed is written, and a whole snapshot now and then so that
 * a reader can begin there. What was added is the kernel's when recorder_add()
 * returns: if the viewer comes down, it is there.
 */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include "client/client.h"
#include "client/snapshot.h"

struct recorder;

/* A new file; NULL and `failure` if it cannot be made, or is there already. */
struct recorder *recorder_open(const char *path, struct failure *failure);
void recorder_close(struct recorder *recorder);

/* From now on it is this process, whose frames are others than before. */
void recorder_watch(struct recorder *recorder, pid_t pid, uint64_t start_ns);

/*
 * Adds a snapshot whose stacks are named. Returns 0 or an error number; after
 * an error the recording has ended, and nothing is added any more.
 */
int recorder_add(struct recorder *recorder, const struct snapshot *snapshot);

#endif
