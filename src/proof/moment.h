/*
 * moment.h: stops a process, and takes from it all that a proof needs.
 */
#ifndef PROOF_MOMENT_H
#define PROOF_MOMENT_H

#include <stdint.h>

#include "client/client.h"
#include "proof/world.h"

/*
 * Fills in what the process alone can tell, and the members; it goes on when
 * this returns. 0, or -1 and `failure`; world_free() is to be called in both
 * cases.
 */
int moment_take(struct world *world, struct client *client, int64_t max_stop_ns,
    struct failure *failure);

#endif
