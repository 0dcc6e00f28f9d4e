/*
 * heap.h: the marks of blocks; see common/heap_map.h for what they mean.
 *
 * This folder makes libstranded_heap.so, which `run --track-heap` preloads
 * beside the probe. It stands in front of the allocation functions, of whatever
 * allocator, and is a library of its own, so that nobody pays for it who has
 * not asked. It is bound by the probe's rules (probe/probe.h): it fails open,
 * prints nothing, calls nobody but the real function and the kernel.
 *
 * An allocator's functions that libc has not (mallocx() and its like) are left
 * alone: programs tell by them which allocator they have. Whoever reads the
 * marks has to look for programs that use them.
 */
#ifndef HEAP_HEAP_H
#define HEAP_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/heap_map.h"
#include "probe/probe.h"

extern struct heap_map stranded_heap_map;

/* The leaves' addresses, or NULL before heap_prepare(). */
extern struct heap_leaf **heap_leaves;

void heap_prepare(void);

/* The leaf that `address` belongs to, made if need be; NULL: none. */
PROBE_COLD struct heap_leaf *heap_new_leaf(uintptr_t address);

/* Marks what does not fit on one page. */
PROBE_COLD void heap_mark_long(
    struct heap_leaf *leaf, uintptr_t address, size_t size);

/* What is there is no heap (any more): nothing in it is marked. */
void heap_forget(const void *start, size_t size);

/* What is there is the allocator's: what is no block refers to nothing. */
void heap_own(const void *start, size_t size);

/*
 * From this code on a block may be a mapping of its own, which goes back to the
 * kernel with the block: 128 KiB.
 */
#define HEAP_LONG 88

/* A long block goes: what may go back to the kernel is no heap any more. */
PROBE_COLD void heap_unmark_long(const void *block, uint8_t code);

/*
 * Allocators give blocks of 8 bytes two to a granule; there is one mark to
 * each. So nobody is given less than one.
 */
static inline size_t
heap_at_least(size_t size)
{
	return size > HEAP_GRANULE ? size : (size_t) HEAP_GRANULE;
}

static inline struct heap_leaf *
heap_leaf(uintptr_t address)
{
	if (unlikely(heap_leaves == NULL) ||
	    unlikely(address / HEAP_LEAF_SPAN >= HEAP_LEAVES)) {
		return NULL;
	}
	return load_acquire(&heap_leaves[address / HEAP_LEAF_SPAN]);
}

/* `block`, which may be NULL, has `size` bytes. Returns it. */
static inline void *
heap_mark(void *block, size_t size)
{
	uintptr_t address = (uintptr_t) block;
	uintptr_t at = address % HEAP_LEAF_SPAN;
	struct heap_leaf *leaf = heap_leaf(address);

	if (unlikely(leaf == NULL)) {
		leaf = heap_new_leaf(address);
		if (leaf == NULL) {
			return block;
		}
	}
	if (unlikely(at % HEAP_PAGE + size > HEAP_PAGE)) {
		heap_mark_long(leaf, address, size);
		return block;
	}
	store_relaxed(&leaf->blocks[at / HEAP_GRANULE],
	    heap_map_code(
		(at % HEAP_GRANULE + size + HEAP_GRANULE - 1) / HEAP_GRANULE));
	if (unlikely(load_relaxed(&leaf->pages[at / HEAP_PAGE]) == 0)) {
		store_relaxed(&leaf->pages[at / HEAP_PAGE], HEAP_PAGE_BLOCKS);
	}
	return block;
}

/*
 * `block`, which may be NULL, is about to be given back: from then on another
 * thread may have it. Returns what heap_restore() needs if it is not after all.
 */
static inline uint8_t
heap_unmark(const void *block)
{
	uintptr_t address = (uintptr_t) block;
	struct heap_leaf *leaf = heap_leaf(address);
	uint8_t *mark;
	uint8_t code;

	if (unlikely(leaf == NULL)) {
		return 0;
	}
	mark = &leaf->blocks[address % HEAP_LEAF_SPAN / HEAP_GRANULE];
	code = load_relaxed(mark);
	store_relaxed(mark, 0);
	if (unlikely(code >= HEAP_LONG)) {
		heap_unmark_long(block, code);
	}
	return code;
}

void heap_restore(void *block, uint8_t code);

/* Around a realloc(). Returns what leaving it needs. */
static inline uint32_t *
heap_enter_move(void)
{
	uintptr_t thread = (uintptr_t) __builtin_thread_pointer();
	uint32_t *count =
	    &stranded_heap_map.moving[thread / 4096 % HEAP_SLOTS].count;

	__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
	return count;
}

static inline void
heap_leave_move(uint32_t *count)
{
	__atomic_sub_fetch(count, 1, __ATOMIC_SEQ_CST);
}

#endif
