/*
 * reach.c: see reach.h.
 *
 * A word is looked up in three steps, each of which ends most: is it between
 * the lowest and the highest address of anything that can be reached; in which
 * span is it; in which chunk of that heap.
 */
#include "proof/reach.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

#define WORD sizeof(uint64_t)

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

/* At every byte: packed structs have their addresses anywhere. */
static void
scan(struct reach *reach, const uint8_t *bytes, size_t size)
{
	uint64_t low = reach->low;
	uint64_t width = reach->high - low;

	reach->scanned += size;
	for (size_t i = 0; i + WORD <= size; i++) {
		uint64_t word;

		memcpy(&word, bytes + i, WORD);
		if (__builtin_expect(word - low < width, 0)) {
			mark(reach, word);
		}
	}
}

static void
scan_range(struct reach *reach, uint64_t start, uint64_t end)
{
	const struct image *image = reach->image;
	const struct image_extent *extent = image_extent(image, start);
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

void
reach_heaps(struct reach *reach)
{
	for (size_t h = 0; h < reach->heaps->count; h++) {
		struct heap *heap = &reach->heaps->list[h];

		for (size_t i = 0; i < heap->count; i++) {
			mark_chunk(reach, heap, heap_chunk_start(heap, i));
		}
	}
	drain(reach);
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
