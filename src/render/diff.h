/*
 * diff.h: what has changed between two snapshots, as text. Returns what the
 * functions of render.h do.
 */
#ifndef RENDER_DIFF_H
#define RENDER_DIFF_H

#include <stdio.h>

#include "analyze/diff.h"

/* For people: what is new or has grown first, with its stacks. */
int render_diff_text(FILE *out, const struct diff *diff);

/* For programs: see stranded-diff(1). */
int render_diff_json(FILE *out, const struct diff *diff);

#endif
