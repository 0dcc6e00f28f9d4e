/*
 * early.h: memory for whoever allocates while the allocator is looked for.
 *
 * A little, of our own, once. It is never given back.
 */
#ifndef HEAP_EARLY_H
#define HEAP_EARLY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed; NULL if it is used up. */
void *early_take(size_t size);

bool early_has(const void *block);

/* How long the block is at most: reading that much is safe. */
size_t early_size(const void *block);

#endif
