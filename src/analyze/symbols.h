/*
 * symbols.h: what the places in one object are called.
 */
#ifndef ANALYZE_SYMBOLS_H
#define ANALYZE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "analyze/objects.h"
#include "client/snapshot.h"

#define SYMBOLS_INLINED_MAX 32 /* frames at one place */

struct symbols;

/* For the object's file, which must stay open. Never NULL. */
struct symbols *symbols_new(const struct object *object);
void symbols_free(struct symbols *symbols);

/*
 * Names the place at `offset` in the object: function, function_offset, file,
 * line and inlined of one frame, and one more for each function that the place
 * was inlined into, outward. Returns how many, at least 1. The strings live as
 * long as the symbols.
 */
size_t symbols_name(struct symbols *symbols, uint64_t offset,
    struct frame frames[SYMBOLS_INLINED_MAX]);

#endif
