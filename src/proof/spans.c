/* spans.c: see spans.h. */
#include "proof/spans.h"

#include <stdlib.h>

#include "client/memory.h"

void
spans_add(struct spans *spans, struct span span)
{
	if (span.start < span.end) {
		spans->list = memory_grow(
		    spans->list, spans->count, &spans->room, sizeof(span));
		spans->list[spans->count++] = span;
	}
}

static int
compare(const void *left, const void *right)
{
	const struct span *a = left;
	const struct span *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void
spans_seal(struct spans *spans)
{
	uint64_t end = 0;
	size_t kept = 0;
	bool drop = false; /* the last that was kept */

	if (spans->count == 0) {
		return;
	}
	qsort(spans->list, spans->count, sizeof(*spans->list), compare);
	for (size_t i = 0; i < spans->count; i++) {
		struct span span = spans->list[i];

		if (span.start < end) {
			drop = true;
			end = span.end > end ? span.end : end;
			continue;
		}
		kept -= drop;
		drop = false;
		spans->list[kept++] = span;
		end = span.end;
	}
	spans->count = kept - drop;
}

void
spans_free(struct spans *spans)
{
	free(spans->list);
	*spans = (struct spans) { 0 };
}

const struct span *
spans_find(const struct spans *spans, uint64_t address)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans->list[middle].end <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < spans->count && spans->list[low].start <= address ?
	    &spans->list[low] :
	    NULL;
}
