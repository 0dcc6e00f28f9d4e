/*
 * reach.c: see reach.h.
 *
 * A word is looked up in four steps, each of which ends most: has it the bits
 * that all addresses of what can be reached have in common, for sixteen words
 * at a time; is it between the lowest and the highest of them; in which span is
 * it; in which chunk of that heap.
 */
#include "proof/reach.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

#define WORD  sizeof(uint64_t)
#define LANES sizeof(reach_lanes) /* words that are looked at together */

/* ---- What addresses have in common ------------------------------------- */

/* All bits from the highest that is set down. */
static uint64_t
fill_down(uint64_t bits)
{
	return bits == 0 ? 0 : UINT64_MAX >> __builtin_clzll(bits);
}

/*
 * Of the common bits only those of the upper three bytes are asked for: there
 * are hardly more, and hardly any other word has them.
 */
static void
find_common(struct reach *reach)
{
	uint64_t first = reach->low;
	uint64_t differ = 0;

	for (size_t i = 0; i < reach->spans->count; i++) {
		const struct span *span = &reach->spans->list[i];

		if (span->kind != SPAN_NOTHING) {
			differ |= (span->start ^ first) |
			    fill_down(span->start ^ (span->end - 1));
		}
	}
	for (size_t i = 0; i < REACH_UPPER; i++) {
		size_t shift = 8 * (WORD - REACH_UPPER + i);
		uint8_t common = (uint8_t) (~differ >> shift);
		uint8_t value = (uint8_t) (first >> shift) & common;

		memset(&reach->common[i], common, sizeof(reach_lanes));
		memset(&reach->value[i], value, sizeof(reach_lanes));
	}
}

void
reach_init(struct reach *reach, const struct image *image,
    const struct spans *spans, struct heaps *heaps)
{
	*reach = (struct reach) {
		.image = image,
		.spans = spans,
		.heaps = heaps,
		.low = UINT64_MAX,
	};
	reach->span_marked = memory_new(spans->count, sizeof(bool));
	for (size_t i = 0; i < spans->count; i++) {
		const struct span *span = &spans->list[i];

		if (span->kind != SPAN_NOTHING) {
			reach->low =
			    span->start < reach->low ? span->start : reach->low;
			reach->high =
			    span->end > reach->high ? span->end : reach->high;
		}
	}
	find_common(reach);
}

void
reach_free(struct reach *reach)
{
	free(reach->span_marked);
	free(reach->list);
	*reach = (struct reach) { 0 };
}

/* ---- Marking ----------------------------------------------------------- */

static void
push(struct reach *reach, uint64_t start, uint64_t end)
{
	reach->list = memory_grow(
	    reach->list, reach->count, &reach->room, sizeof(*reach->list));
	reach->list[reach->count++] = (struct reach_range) { start, end };
}

static void
tell(struct reach *reach, uint64_t start, uint64_t end)
{
	if (reach->reached != NULL) {
		reach->reached(reach->context, start, end);
	}
}

static void
mark_chunk(struct reach *reach, struct heap *heap, uint64_t address)
{
	size_t chunk = heap_chunk(heap, address);
	uint64_t start, end;

	if (chunk == SIZE_MAX || (heap->flags[chunk] & HEAP_MARKED)) {
		return;
	}
	heap->flags[chunk] |= HEAP_MARKED;
	start = heap_chunk_start(heap, chunk);
	end = heap_chunk_end(heap, chunk);
	if ((heap->flags[chunk] & HEAP_FREE) == 0) {
		push(reach, start, end);
	}
	tell(reach, start, end);
}

/*
 * Of a thread's stack the whole is reached at once: how far an object there
 * extends is not known. The record of a thread is not its stack, and only its
 * begin, which is a pthread_t, is of use to others: libc has addresses within
 * it in lists of its own.
 */
static void
mark_span(struct reach *reach, const struct span *span, uint64_t word)
{
	bool *marked = &reach->span_marked[span - reach->spans->list];

	if (*marked || (span->kind == SPAN_CONTROL && word != span->start)) {
		return;
	}
	*marked = true;
	if (span->kind == SPAN_CONTROL) {
		tell(reach, span->start, span->end);
	}
	if (span->kind == SPAN_STACK || span->kind == SPAN_TLS) {
		push(reach, span->start, span->end);
		tell(reach, span->start, span->end);
	}
}

static void
mark(struct reach *reach, uint64_t word)
{
	const struct span *span = reach->last;

	if (span == NULL || word < span->start || word >= span->end) {
		span = spans_find(reach->spans, word);
		if (span == NULL) {
			return;
		}
		reach->last = span;
	}
	if (span->kind == SPAN_HEAP) {
		mark_chunk(reach, &reach->heaps->list[span->index], word);
	} else if (span->kind != SPAN_NOTHING) {
		mark_span(reach, span, word);
	}
}

/* ---- Scanning ---------------------------------------------------------- */

/* Where in the bytes are not the common bits? For each place of the word's. */
static inline reach_lanes
differs(const struct reach *reach, const uint8_t *bytes, size_t upper)
{
	reach_lanes these;

	memcpy(&these, bytes + WORD - REACH_UPPER + upper, sizeof(these));
	return (these & reach->common[upper]) ^ reach->value[upper];
}

static inline void
look_at(struct reach *reach, const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, WORD);
	if (word - reach->low < reach->high - reach->low) {
		mark(reach, word);
	}
}

/* The words at the first LANES bytes; so one that fits may start at each. */
static inline void
look_at_lanes(struct reach *reach, const uint8_t *bytes)
{
	reach_lanes fits = (reach_lanes) ((differs(reach, bytes, 0) |
					      differs(reach, bytes, 1) |
					      differs(reach, bytes, 2)) == 0);
	uint64_t halves[LANES / WORD];

	memcpy(halves, &fits, sizeof(halves));
	for (size_t i = 0; i < LANES / WORD; i++) {
		uint64_t left = halves[i] & UINT64_C(0x0101010101010101);

		for (; left != 0; left &= left - 1) {
			look_at(reach,
			    bytes + i * WORD +
				(size_t) __builtin_ctzll(left) / 8);
		}
	}
}

/* At every byte: packed structs have their addresses anywhere. */
static void
scan(struct reach *reach, const uint8_t *bytes, size_t size)
{
	size_t i = 0;

	reach->scanned += size;
	for (; i + LANES + WORD - 1 <= size; i += LANES) {
		look_at_lanes(reach, bytes + i);
	}
	for (; i + WORD <= size; i++) {
		look_at(reach, bytes + i);
	}
}

/* The first extent that ends after the address: often the one before. */
static const struct image_extent *
find_extent(struct reach *reach, uint64_t address)
{
	const struct image_extent *extent = reach->extent;

	if (extent == NULL || address < extent->start ||
	    address >= extent->end) {
		extent = image_extent(reach->image, address);
		reach->extent = extent;
	}
	return extent;
}

static void
scan_range(struct reach *reach, uint64_t start, uint64_t end)
{
	const struct image *image = reach->image;
	const struct image_extent *extent = find_extent(reach, start);
	const struct image_extent *last = image->extents + image->extent_count;

	for (; extent != NULL && extent < last && extent->start < end;
	     extent++) {
		uint64_t from = extent->start > start ? extent->start : start;
		uint64_t to = extent->end < end ? extent->end : end;

		scan(reach, extent->bytes + (from - extent->start), to - from);
	}
}

static void
drain(struct reach *reach)
{
	while (reach->count > 0) {
		struct reach_range range = reach->list[--reach->count];

		scan_range(reach, range.start, range.end);
	}
}

void
reach_word(struct reach *reach, uint64_t word)
{
	mark(reach, word);
	drain(reach);
}

void
reach_bytes(struct reach *reach, const uint8_t *bytes, size_t size)
{
	scan(reach, bytes, size);
	drain(reach);
}

void
reach_range(struct reach *reach, uint64_t start, uint64_t end)
{
	if (start < end) {
		scan_range(reach, start, end);
		drain(reach);
	}
}

void
reach_roots(struct reach *reach)
{
	uint64_t from = 0;

	for (size_t i = 0; i < reach->spans->count; i++) {
		reach_range(reach, from, reach->spans->list[i].start);
		from = reach->spans->list[i].end;
	}
	reach_range(reach, from, UINT64_MAX);
}

bool
reach_has(const struct reach *reach, uint64_t address)
{
	const struct span *span = spans_find(reach->spans, address);
	const struct heap *heap;
	size_t chunk;

	if (span == NULL || span->kind == SPAN_NOTHING) {
		return true;
	}
	if (span->kind != SPAN_HEAP) {
		return reach->span_marked[span - reach->spans->list];
	}
	heap = &reach->heaps->list[span->index];
	chunk = heap_chunk(heap, address);
	return chunk == SIZE_MAX || (heap->flags[chunk] & HEAP_MARKED) != 0;
}
