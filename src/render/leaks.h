/*
 * leaks.h: verdicts as text, and for programs.
 *
 * The text has only the tasks that are not well; for programs it is the format
 * of a dump with all of them, and one field more that says what was done.
 */
#ifndef RENDER_LEAKS_H
#define RENDER_LEAKS_H

#include <stdio.h>

#include "client/snapshot.h"
#include "render/render.h"

struct proof;

/* How many tasks and sessions are leaked. */
size_t render_leaks_count(const struct snapshot *snapshot);

/* As the functions of render.h. */
int render_leaks_text(FILE *out, const struct snapshot *snapshot,
    const struct proof *proof, const struct render_options *options);
int render_leaks_json(
    FILE *out, const struct snapshot *snapshot, const struct proof *proof);

#endif
