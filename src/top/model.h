/*
 * model.h: what the viewer knows about its target.
 *
 * The model owns the newest snapshot and what follows from it and from those
 * before: rows for the lists, what has changed since the watching began, and
 * histories. It knows no terminal and no clock: time is what snapshots say.
 *
 * What it keeps of the past is bounded: see history.h and trend.h.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/analyze.h"
#include "analyze/blame.h"
#include "client/snapshot.h"
#include "top/history.h"
#include "top/list.h"
#include "top/page.h"
#include "top/trend.h"

/* A group of tasks, as a row of a list. */
struct group_row {
	uint64_t key; /* the same for the same state, stack and creator */
	const struct group *group;
	size_t rank; /* its place by count, and then by how long it waits */
	long change; /* in count, since the watching began */
	double rate; /* change per minute, if */
	bool rated;  /* that is known */
	enum verdict verdict;    /* the worst of its tasks' */
	const struct frame *own; /* where the user's own code waits, or NULL */
	const struct frame *by;  /* where it created the task, or NULL */
};

/* A task, or a thread that is none and that tasks wait for. */
struct task_row {
	uint64_t key;            /* the task's id; of a thread, MODEL_THREAD |
				    its tid */
	const struct task *task; /* NULL: a thread */
	const struct blame_node *node; /* whom it waits for, and who for it */
	uint64_t holder;               /* key of the row it waits for, or 0 */
	const struct session *session; /* its session, or NULL */
	const struct model *model;     /* that it belongs to */
};

#define MODEL_THREAD (UINT64_C(1) << 63)

/* A session, as a row of a list. */
struct session_row {
	uint64_t key; /* its id */
	const struct session *session;
	size_t blocked; /* tasks of it that wait */
	bool left;      /* its user has ended, and its tasks stay */
	const struct snapshot *snapshot;
};

/* A channel, as a row of a list. */
struct channel_row {
	uint64_t key; /* its id */
	const struct channel *channel;
	const struct snapshot *snapshot;
};

/* What is leaked or suspect: tasks of a group, or a session. */
struct verdict_row {
	uint64_t key;
	enum verdict verdict;
	const struct group_row *group;     /* NULL: a session */
	const struct session_row *session; /* NULL: tasks */
	const struct task *task;           /* the longest waiting of them */
	size_t count;                      /* how many tasks */
	const char *why;                   /* a sentence */
};

/* The numbers in the header. */
enum metric {
	METRIC_SESSIONS, /* open */
	METRIC_BLOCKED,  /* tasks that wait */
	METRIC_LEAKED,   /* tasks and sessions */
	METRIC_SUSPECT,
	METRIC_TASKS,
	METRIC_COUNT
};

#define MODEL_RATE_SAMPLES 6 /* snapshots that rates are made from */

/* Counters at one moment. */
struct rate_sample {
	uint64_t time_ns;
	uint64_t opened;
	uint64_t closed;
};

struct model {
	struct snapshot *snapshot; /* the newest; NULL before the first */
	struct groups *groups;     /* of its tasks */
	struct blame *blame;       /* who waits for whom in it */
	struct group_row *group_rows;
	size_t group_count;
	struct task_row *task_rows; /* tasks in the snapshot's order, then
				       threads that are none */
	size_t task_count;          /* of tasks */
	size_t thread_count;        /* of the others */
	struct session_row *session_rows;
	size_t session_count;
	struct channel_row *channel_rows;
	size_t channel_count;
	struct verdict_row *verdict_rows;
	size_t verdict_count;
	struct trends trends;                           /* of groups */
	uint32_t now[METRIC_COUNT];                     /* the numbers */
	struct history past[METRIC_COUNT];              /* and what they were */
	struct rate_sample samples[MODEL_RATE_SAMPLES]; /* the newest first */
	size_t sample_count;
};

/* All zeroes is an empty model. */
void model_fini(struct model *model);

/* Takes the next snapshot, analysed, and owns it from now on. */
void model_feed(struct model *model, struct snapshot *snapshot);

struct rows model_groups(const struct model *model);
struct rows model_tasks(const struct model *model);
struct rows model_sessions(const struct model *model);
struct rows model_channels(const struct model *model);
struct rows model_verdicts(const struct model *model);

/* Tasks, and threads that are none but are waited for. */
struct rows model_waiters(const struct model *model);

/* By key; NULL if it is not there any more. */
const struct group_row *model_group(const struct model *model, uint64_t key);
const struct task_row *model_task(const struct model *model, uint64_t key);
const struct session_row *model_session(
    const struct model *model, uint64_t key);
const struct channel_row *model_channel(
    const struct model *model, uint64_t key);

/* The channel at an address; NULL if there is none. */
const struct channel_row *model_channel_at(
    const struct model *model, uint64_t object);

/* The group that a task is in; NULL if it is in none. */
const struct group_row *model_group_of(
    const struct model *model, const struct task *task);

/*
 * Has the client gone, or the task that used it last, and are tasks still there
 * for it? Or is there a verdict?
 */
bool model_is_abandoned(const struct session_row *row);

/* Sessions opened and closed in a second, over the last few snapshots. */
struct rates {
	double opened;
	double closed;
};

struct rates model_rates(const struct model *model);

#endif
