/*
 * render.h: a snapshot as text. One file per format.
 *
 * Each function writes all of it, and returns 0, or -1 and errno if it could
 * not be written. Whatever the target calls its tasks, sessions, functions and
 * files, it comes out as printable UTF-8.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/analyze.h"
#include "client/snapshot.h"

struct json_t;

struct render_options {
	bool all;   /* every task by itself, not in groups */
	bool color; /* for a terminal */
};

/* For people. */
int render_text(FILE *out, const struct snapshot *snapshot,
    const struct groups *groups, const struct render_options *options);

/* The same without a head, and only the tasks that are suspect or leaked. */
int render_text_verdicts(FILE *out, const struct snapshot *snapshot,
    const struct groups *groups, const struct render_options *options);

/* For programs: version 1 of the format that stranded-dump(1) describes. */
int render_json(FILE *out, const struct snapshot *snapshot);

/* With the fields of `more`, a json_t, beside those of the dump. */
int render_json_with(
    FILE *out, const struct snapshot *snapshot, struct json_t *more);

/* For tools that read the tracebacks of Go programs. */
int render_go(FILE *out, const struct snapshot *snapshot);

#endif
