/*
 * spans.h: which parts of the memory are more than just memory.
 *
 * What no span covers is a root: whatever is referred to from there is in use.
 */
#ifndef PROOF_SPANS_H
#define PROOF_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum span_kind {
	SPAN_NOTHING, /* refers to nothing */
	SPAN_HEAP,    /* of heaps[index] */
	SPAN_STACK,   /* the live part of the stack of threads[index] */
	SPAN_TLS,     /* its thread-local storage */
	SPAN_CONTROL  /* its record */
};

struct span {
	uint64_t start;
	uint64_t end;
	enum span_kind kind;
	size_t index;
};

struct spans {
	struct span *list; /* by address, once sealed; none overlaps */
	size_t count;
	size_t room;
};

/* Adds one; an empty one is ignored. */
void spans_add(struct spans *spans, struct span span);

/*
 * Sorts them. Of two that overlap neither is believed: both are dropped, and so
 * are roots.
 */
void spans_seal(struct spans *spans);
void spans_free(struct spans *spans);

/* The one that holds the address, or NULL. */
const struct span *spans_find(const struct spans *spans, uint64_t address);

#endif
