/*
 * heap_map.h: where a tracked heap's blocks lie, as `run --track-heap` keeps it
 * inside the target and the tool reads it from outside.
 *
 * One byte stands for 16 bytes of address space. It is 0, or tells how long the
 * block is that begins there. A second byte stands for each page: it says that
 * blocks lie, or have lain, on it, or that it is the allocator's own, so that
 * what is on it beside them is free memory. A page without that mark is
 * nobody's heap; nor are pages on which blocks have lain and none does, because
 * the allocator may have given them back unseen. Both come in leaves of 64 MiB
 * that are mapped when the first block lies there; what is never touched costs
 * nothing. An allocation costs a few stores, no lock and no atomic
 * read-modify-write: a block belongs to one thread while it comes or goes.
 *
 * What is not marked is not known, and counts as memory that may hold
 * references: every failure in here makes for fewer proofs, never for a false
 * one.
 */
#ifndef COMMON_HEAP_MAP_H
#define COMMON_HEAP_MAP_H

#include <stdint.h>

#define HEAP_MAP_MAGIC   UINT64_C(0x70616548646e7453) /* "StndHeap" */
#define HEAP_MAP_VERSION 1u

#define HEAP_GRANULE   UINT64_C(16)
#define HEAP_PAGE      UINT64_C(4096)
#define HEAP_LEAF_SPAN (UINT64_C(64) << 20)
#define HEAP_LEAVES    (UINT64_C(1) << 21) /* 47 bits of addresses */
#define HEAP_SLOTS     64u

/* What a page's byte says, if it is not 0. */
#define HEAP_PAGE_BLOCKS 1u
#define HEAP_PAGE_OWN    2u

struct heap_leaf {
	uint8_t blocks[HEAP_LEAF_SPAN / HEAP_GRANULE];
	uint8_t pages[HEAP_LEAF_SPAN / HEAP_PAGE];
};

/* A counter on a cache line of its own. */
struct heap_slot {
	uint32_t count;
	uint8_t unused[60];
};

/*
 * The symbol stranded_heap_map in the library. Where any of `moving` is not 0,
 * a thread is amid a realloc(): its block may be marked at neither place, and
 * the marks are not to be trusted at that moment.
 */
struct heap_map {
	uint64_t magic;
	uint32_t version;
	uint32_t size;      /* of this struct */
	uint64_t allocator; /* address of the real malloc() */
	uint64_t leaves;    /* address of HEAP_LEAVES addresses, or 0 */
	struct heap_slot moving[HEAP_SLOTS];
};

/*
 * A block's length in granules, as one byte: exact below 16, rounded up by at
 * most an eighth from there on. 0: too long.
 */
static inline uint8_t
heap_map_code(uint64_t granules)
{
	unsigned int exponent;
	uint64_t mantissa, unit;

	if (granules < 16) {
		return (uint8_t) granules;
	}
	exponent = 63 - (unsigned int) __builtin_clzll(granules);
	unit = UINT64_C(1) << (exponent - 3);
	mantissa = (granules + unit - 1) / unit; /* 8 to 16 */
	if (exponent > 33 || (exponent == 33 && mantissa == 16)) {
		return 0;
	}
	return (uint8_t) (16 + (exponent - 4) * 8 + (mantissa - 8));
}

static inline uint64_t
heap_map_granules(uint8_t code)
{
	unsigned int exponent = code / 8u + 2;

	return code < 16 ? code : (UINT64_C(8) + code % 8) << (exponent - 3);
}

#endif
