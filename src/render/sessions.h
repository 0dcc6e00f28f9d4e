/*
 * sessions.h: a list of sessions, for people.
 */
#ifndef RENDER_SESSIONS_H
#define RENDER_SESSIONS_H

#include <stdio.h>

#include "client/snapshot.h"
#include "render/render.h"

/* Those whose peer has gone first, then the oldest; as many as can be read. */
void sessions_put(FILE *out, const struct snapshot *snapshot,
    const struct render_options *options);

/* Those with a verdict other than ok, each with what is known of it. */
void sessions_put_suspects(FILE *out, const struct snapshot *snapshot,
    const struct render_options *options);

#endif
