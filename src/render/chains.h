/*
 * chains.h: who waits for whom, for people: the ones to blame, each with those
 * that wait for it indented below, and so on.
 */
#ifndef RENDER_CHAINS_H
#define RENDER_CHAINS_H

#include <stdio.h>

#include "analyze/blame.h"

/* Writes nothing if nobody waits for anybody. */
void chains_put(FILE *out, const struct blame *blame);

#endif
