/*
 * users.h: who used the other side of a channel last: who would have served the
 * task that waits. For people.
 */
#ifndef RENDER_USERS_H
#define RENDER_USERS_H

#include <stdint.h>
#include <stdio.h>

#include "analyze/analyze.h"
#include "analyze/table.h"

/*
 * "last receiver: task 12 "serve", which has ended, in serve_loop", and where:
 * two lines. `state` is that of the one who waits at `channel` (may be NULL).
 * Nothing if its runtime does not say.
 */
void users_put(FILE *out, const struct snapshot *snapshot,
    const struct channel *channel, uint32_t state);

/* The same in one line, without its end, below that of a select's case. */
void users_put_case(FILE *out, const struct snapshot *snapshot,
    const struct channel *channel, uint32_t state);

/*
 * The same of all in a group, each at a channel of its own; `channels` by
 * address. Nothing if the others were not in the same function.
 */
void users_put_group(FILE *out, const struct snapshot *snapshot,
    const struct group *group, const struct table *channels);

#endif
