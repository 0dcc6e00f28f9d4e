/*
 * source.h: where the viewer's snapshots come from.
 *
 * A source is one run of one program. It keeps the connection and the
 * symbolizer, comes back after a connection was lost, and finds out that, and
 * how, the process has ended. It knows no screen, and belongs to one thread;
 * what source_end_fd() and source_start_ns() return never changes.
 */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/client.h"
#include "proof/proof.h"
#include "record/recorder.h"

enum source_state {
	SOURCE_LIVE,
	SOURCE_LOST, /* it does not answer; the next try may help */
	SOURCE_ENDED /* and nothing more will come */
};

struct source;

/* What came of the wish for a snapshot. */
struct taken {
	struct snapshot *snapshot; /* analysed; NULL: none came */
	enum source_state state;
	char text[256]; /* a sentence about the state; "" while it is live */
	/*
	 * Another process of the same name, for the caller to go on with; NULL
	 * if there is none, or none is wanted.
	 */
	struct source *successor;
	bool proved;        /* a proof was asked for, and */
	struct proof proof; /* this came of it */
	int record_error;   /* why the recording has ended just now, or 0 */
};

/*
 * NULL and `failure` if the process is not there or not under the probe. With
 * `follow`, source_take() looks for a successor once the process has ended.
 */
struct source *source_open(pid_t pid, bool follow, struct failure *failure);

/* Adds all snapshots to the recording from now on; successors do so, too. */
void source_record(struct source *source, struct recorder *recorder);

/* Snapshots that came from it must have been freed before. */
void source_close(struct source *source);

/*
 * Takes a snapshot, which the caller frees. With `prove` the target is stopped
 * for a moment, and what is leaked found out by what can be reached. Takes no
 * longer than the client's time limits. After SOURCE_ENDED none will come.
 */
void source_take(struct source *source, bool prove, struct taken *taken);

pid_t source_pid(const struct source *source);

/* Becomes readable when the process ends; -1: nothing does. */
int source_end_fd(const struct source *source);

/* When the probe came into the process, CLOCK_MONOTONIC. */
uint64_t source_start_ns(const struct source *source);

#endif
