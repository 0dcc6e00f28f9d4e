/*
 * check.h: what `stranded check` makes of the tasks that are left at a point.
 *
 * A task is leaked if that is proved. A task that is blocked and not proved
 * leaked is worth a note: it may be that somebody could still wake it, who does
 * not. What was there at the baseline, what has been reported before, and what
 * is suppressed, is counted and left at that.
 */
#ifndef ANALYZE_CHECK_H
#define ANALYZE_CHECK_H

#include "analyze/analyze.h"
#include "analyze/suppress.h"

enum check_fate {
	CHECK_FINE, /* it runs, or is the one that waits to be judged */
	CHECK_BLOCKED,
	CHECK_LEAKED,
	CHECK_SUPPRESSED,
	CHECK_KNOWN, /* it was there at the baseline, or is reported already */
	CHECK_FATES
};

/* What is known by the time of a point, and grows from one to the next. */
struct check {
	struct suppressions suppressions;
	uint64_t *baseline; /* ids of tasks, sorted */
	size_t baseline_count;
	uint64_t *reported; /* ids of tasks; a proof holds for ever */
	size_t reported_count;
	size_t reported_capacity;
	size_t leaked; /* in all */
};

/* A point that the program was at. */
struct check_point {
	const char *name;
	enum wire_check_kind kind;
	uint32_t tid;        /* of the thread that is there */
	const char *why_not; /* why memory was not looked through, or "" */
	const struct snapshot *snapshot;
	struct groups *groups;
	enum check_fate *fates;    /* of the snapshot's tasks */
	size_t count[CHECK_FATES]; /* how many of each */
};

/* Tasks that are there now are known from now on. */
void check_take_baseline(struct check *check, const struct snapshot *snapshot);

/*
 * Judges the snapshot, whose tasks have verdicts and stacks. The result refers
 * to it.
 */
struct check_point *check_judge(struct check *check,
    const struct snapshot *snapshot, const struct wire_check *where);
void check_point_free(struct check_point *point);

void check_free(struct check *check);

/* What came of the task. */
enum check_fate check_fate(
    const struct check_point *point, const struct task *task);

#endif
