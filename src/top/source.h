/*
 * source.h: where the viewer's snapshots come from.
 *
 * A source is one run of one program. It keeps the connection and the
 * symbolizer, comes back after a connection was lost, and finds out that, and
 * how, the process has ended. It knows no screen; the loop that drives it could
 * be a thread of its own.
 */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/client.h"

enum source_state {
	SOURCE_LIVE,
	SOURCE_LOST, /* it does not answer; the next try may help */
	SOURCE_ENDED /* and nothing more will come */
};

struct source;

/* NULL and `failure` if the process is not there or not under the probe. */
struct source *source_open(pid_t pid, struct failure *failure);

/* Snapshots that came from it must have been freed before. */
void source_close(struct source *source);

/*
 * Takes an analysed snapshot, which the caller frees. NULL if there is none:
 * source_state() and source_text() say why. Takes no longer than the client's
 * time limits.
 */
struct snapshot *source_take(struct source *source);

/* Becomes readable when the process ends; -1 if nothing does. */
int source_end_fd(const struct source *source);

/* Finds out whether the process has ended. */
void source_check(struct source *source);

enum source_state source_state(const struct source *source);

/* A sentence about the state, "" while it is SOURCE_LIVE. */
const char *source_text(const struct source *source);

/* When the probe came into the process, CLOCK_MONOTONIC. */
uint64_t source_start_ns(const struct source *source);

#endif
