/*
 * tracked.h: the blocks of any allocator, as libstranded_heap.so has marked
 * them in the target (common/heap_map.h).
 *
 * Pages with marks that lie side by side are a heap; between the blocks there
 * is free memory. Where marks contradict each other, the pages are none.
 */
#ifndef PROOF_TRACKED_H
#define PROOF_TRACKED_H

#include <sys/types.h>

#include "proof/heap.h"
#include "proof/image.h"

/*
 * Adds what is marked to the heaps that were found by other means, which go
 * first. Where nothing was marked nothing is added.
 */
void tracked_find(struct heaps *heaps, const struct image *image, pid_t pid);

#endif
