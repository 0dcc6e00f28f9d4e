/*
 * heap.h: the chunks of glibc's allocator, found in a copy of its memory.
 *
 * A heap is one stretch of memory that the allocator has divided into chunks.
 * It is believed only if all of it adds up: the chunks follow each other
 * without a gap and end exactly where the allocator says. Where it does not add
 * up, or somebody was at work in the arena when the process was stopped, there
 * is no heap, and its memory is like any other.
 *
 * A chunk that waits in a bin, or in a thread's cache, to be handed out again
 * is free: what is still in it refers to nothing.
 */
#ifndef PROOF_HEAP_H
#define PROOF_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/image.h"

#define HEAP_STRIDE 512u /* bytes of a heap that have a place in its index */

enum heap_flags { HEAP_FREE = 1, HEAP_MARKED = 2 };

struct heap {
	uint64_t start;   /* of the first chunk */
	uint64_t end;     /* of the last */
	uint32_t header;  /* bytes of a chunk before its user's part */
	uint32_t tail;    /* bytes of the next chunk that are this one's */
	uint32_t *starts; /* of each chunk, in units from `start` */
	uint8_t *flags;   /* of each chunk, enum heap_flags */
	size_t count;     /* of chunks */
	uint32_t *index;  /* for each HEAP_STRIDE bytes: the last chunk that
	                     starts before their end, + 1; 0: none does */
};

/* What belongs to the allocator alone. */
struct heap_state {
	uint64_t start;
	uint64_t end;
};

struct heaps {
	struct heap *list; /* by address */
	size_t count;
	struct heap_state *states; /* the arenas' own records */
	size_t state_count;
	bool busy; /* an arena was in use at that moment */
	size_t room;
	size_t state_room;
};

/*
 * Finds the heaps. `data` and `data_end` is where libc's own writable data
 * lies.
 */
void heaps_find(struct heaps *heaps, const struct image *image, uint64_t data,
    uint64_t data_end);
void heaps_free(struct heaps *heaps);

/* For whoever finds chunks in another way: adds one, the last so far. */
struct heap_room {
	size_t starts;
	size_t flags;
};
void heap_add_chunk(
    struct heap *heap, struct heap_room *room, uint64_t at, uint8_t flags);

/* The heap is complete. It is the heaps' from now on. */
void heaps_keep(struct heaps *heaps, struct heap *heap);
void heaps_add_state(struct heaps *heaps, uint64_t start, uint64_t end);
void heaps_sort(struct heaps *heaps);

/*
 * The chunk that has `address` in it, or for which that is one past its end.
 * SIZE_MAX if none has: it is in a chunk's header.
 */
size_t heap_chunk(const struct heap *heap, uint64_t address);

/* Where the chunk's user part begins and ends. */
uint64_t heap_chunk_start(const struct heap *heap, size_t chunk);
uint64_t heap_chunk_end(const struct heap *heap, size_t chunk);

#endif
