/*
 * replay.h: a recording as it is gone through: forward, backward, by moments or
 * by minutes.
 */
#ifndef TOP_REPLAY_H
#define TOP_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"
#include "record/recording.h"

struct replay;

/* At the first moment. NULL and `failure` if it is no recording. */
struct replay *replay_open(const char *path, struct failure *failure);

/* Snapshots that came from it must have been freed before. */
void replay_close(struct replay *replay);

size_t replay_index(const struct replay *replay);
size_t replay_count(const struct replay *replay);
struct recording_moment replay_moment(const struct replay *replay);

/* Goes to a moment, or the last there is. */
void replay_go(struct replay *replay, size_t index);

/* Goes on by moments, back if negative; or by minutes. */
void replay_step(struct replay *replay, long by, bool minutes);

/* The snapshot of this moment, analysed. */
struct snapshot *replay_load(struct replay *replay);

/* How long it was until the next moment; -1 at the last. */
int64_t replay_wait_ns(const struct replay *replay);

#endif
