/*
 * model.h: what the viewer knows about its target.
 *
 * The model owns the newest snapshot and what follows from it and from those
 * before: rows for the lists, what has changed since the watching began, and
 * histories. It knows no terminal and no clock: time is what snapshots say.
 *
 * What it keeps of the past is bounded: histories are rings, and the groups of
 * the first snapshot are all that changes are counted from. A group that was
 * not there then has grown from nothing.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/analyze.h"
#include "client/snapshot.h"
#include "top/history.h"
#include "top/list.h"

/* A group of tasks, as a row of a list. */
struct group_row {
	uint64_t key; /* the same for the same state and stacks */
	const struct group *group;
	long change;             /* in count, since the watching began */
	const struct frame *own; /* where the user's own code waits, or NULL */
	const struct frame *by;  /* where it created the task, or NULL */
};

/* A session, as a row of a list. */
struct session_row {
	uint64_t key; /* its id */
	const struct session *session;
	size_t blocked; /* tasks of it that wait */
};

/* How many tasks the first snapshot had in one group. */
struct baseline {
	uint64_t key;
	size_t count;
};

#define MODEL_RATE_SAMPLES 6 /* snapshots that rates are made from */

/* Counters at one moment. */
struct rate_sample {
	uint64_t time_ns;
	uint64_t opened;
	uint64_t closed;
};

struct model {
	struct snapshot *snapshot;    /* the newest; NULL before the first */
	struct groups *groups;        /* of its tasks */
	struct group_row *group_rows; /* the largest first */
	size_t group_count;
	struct session_row *session_rows; /* the oldest first */
	size_t session_count;
	struct baseline *baselines; /* sorted by key */
	size_t baseline_count;
	bool watching;          /* baselines are valid */
	size_t blocked;         /* tasks that wait */
	struct history live;    /* open sessions */
	struct history waiting; /* tasks that wait */
	struct rate_sample samples[MODEL_RATE_SAMPLES]; /* the newest first */
	size_t sample_count;
};

/* All zeroes is an empty model. */
void model_fini(struct model *model);

/* Takes the next snapshot, analysed, and owns it from now on. */
void model_feed(struct model *model, struct snapshot *snapshot);

struct rows model_groups(const struct model *model);
struct rows model_sessions(const struct model *model);

/* By key; NULL if it is not there any more. */
const struct group_row *model_group(const struct model *model, uint64_t key);
const struct session_row *model_session(
    const struct model *model, uint64_t key);

/* Sessions opened and closed in a second, over the last few snapshots. */
struct rates {
	double opened;
	double closed;
};

struct rates model_rates(const struct model *model);

#endif
