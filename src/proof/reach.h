/*
 * reach.h: what can be reached in a copy of a process's memory.
 *
 * Conservative: whatever looks like an address is one, at whatever place it
 * stands. What is reached is scanned in turn, each thing once, however often
 * the caller comes with more to begin from.
 */
#ifndef PROOF_REACH_H
#define PROOF_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/heap.h"
#include "proof/image.h"
#include "proof/spans.h"

/* Called for each stretch that is reached for the first time. */
typedef void reach_fn(void *context, uint64_t start, uint64_t end);

/* Bytes of a word, its highest, by which it may be told to be no address. */
#define REACH_UPPER 3

/* A byte of each of several words. */
typedef uint8_t reach_lanes __attribute__((vector_size(16)));

struct reach_range {
	uint64_t start;
	uint64_t end;
};

struct reach {
	const struct image *image;
	const struct spans *spans;
	struct heaps *heaps;
	reach_fn *reached; /* or NULL */
	void *context;
	bool *span_marked;       /* for each span: it was reached */
	uint64_t low;            /* nothing to be reached lies below... */
	uint64_t high;           /* ... or from here on */
	const struct span *last; /* that an address was found in */
	const struct image_extent *extent; /* that was scanned last */
	struct reach_range *list;          /* to be scanned */
	size_t count;
	size_t room;
	uint64_t scanned; /* bytes so far */

	/* Of the upper bytes: the bits in which all addresses of what can be
	   reached are alike, and what they are; the same in each lane. */
	reach_lanes common[REACH_UPPER];
	reach_lanes value[REACH_UPPER];
};

void reach_init(struct reach *reach, const struct image *image,
    const struct spans *spans, struct heaps *heaps);
void reach_free(struct reach *reach);

/* Reaches whatever a word, some bytes, or a stretch of memory refer to. */
void reach_word(struct reach *reach, uint64_t word);
void reach_bytes(struct reach *reach, const uint8_t *bytes, size_t size);
void reach_range(struct reach *reach, uint64_t start, uint64_t end);

/* The same for all memory that no span covers. */
void reach_roots(struct reach *reach);

/*
 * Has what lies at the address been reached? What is part of nothing that can
 * be reached or not, always has.
 */
bool reach_has(const struct reach *reach, uint64_t address);

#endif
