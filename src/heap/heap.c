/* heap.c: see heap.h. */
#include "heap/heap.h"

#include "probe/sys.h"

PROBE_EXPORT struct heap_map stranded_heap_map = {
	.magic = HEAP_MAP_MAGIC,
	.version = HEAP_MAP_VERSION,
	.size = sizeof(stranded_heap_map),
};

struct heap_leaf **heap_leaves;

void
heap_prepare(void)
{
	heap_leaves = sys_map(HEAP_LEAVES * sizeof(*heap_leaves));
	stranded_heap_map.leaves = (uintptr_t) heap_leaves;
}

struct heap_leaf *
heap_new_leaf(uintptr_t address)
{
	struct heap_leaf *none = NULL;
	struct heap_leaf **place;
	struct heap_leaf *leaf;

	if (address == 0 || heap_leaves == NULL ||
	    address / HEAP_LEAF_SPAN >= HEAP_LEAVES) {
		return NULL;
	}
	place = &heap_leaves[address / HEAP_LEAF_SPAN];
	leaf = load_acquire(place);
	if (leaf != NULL) {
		return leaf;
	}
	leaf = sys_map(sizeof(*leaf));
	if (leaf != NULL &&
	    !__atomic_compare_exchange_n(place, &none, leaf, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		sys_unmap(leaf, sizeof(*leaf));
		leaf = none;
	}
	return leaf;
}

/* Pages may lie in the next leaf; if that cannot be had, they stay unmarked. */
static void
mark_pages(uintptr_t address, size_t size, uint8_t mark)
{
	uintptr_t end = address + size;

	for (address -= address % HEAP_PAGE; address < end;
	     address += HEAP_PAGE) {
		struct heap_leaf *leaf = heap_new_leaf(address);
		uint8_t *page;

		if (leaf == NULL) {
			return;
		}
		page = &leaf->pages[address % HEAP_LEAF_SPAN / HEAP_PAGE];
		if (load_relaxed(page) < mark) {
			store_relaxed(page, mark);
		}
	}
}

void
heap_own(const void *start, size_t size)
{
	mark_pages((uintptr_t) start, size, HEAP_PAGE_OWN);
}

/* A block that is too long to be marked stays unknown. */
void
heap_mark_long(struct heap_leaf *leaf, uintptr_t address, size_t size)
{
	uint64_t granules =
	    (address % HEAP_GRANULE + size + HEAP_GRANULE - 1) / HEAP_GRANULE;
	uint8_t code = heap_map_code(granules);

	store_relaxed(
	    &leaf->blocks[address % HEAP_LEAF_SPAN / HEAP_GRANULE], code);
	if (code != 0) {
		mark_pages(address, size, HEAP_PAGE_BLOCKS);
	}
}

/* Does no block begin on the page? */
static bool
is_bare(const struct heap_leaf *leaf, uintptr_t page)
{
	const uint8_t *blocks =
	    leaf->blocks + page * (HEAP_PAGE / HEAP_GRANULE);

	for (size_t i = 0; i < HEAP_PAGE / HEAP_GRANULE; i++) {
		if (load_relaxed(&blocks[i]) != 0) {
			return false;
		}
	}
	return true;
}

/*
 * What may lie behind a block, or may be its end: its code has rounded up.
 * Where another block begins it has ended. Only the pages' marks are taken
 * away: a block may come to lie there at this moment, whose own mark must stay.
 */
static void
forget_end(uintptr_t at, uintptr_t end)
{
	for (; at + HEAP_PAGE <= end; at += HEAP_PAGE) {
		struct heap_leaf *leaf = heap_leaf(at);
		uintptr_t page = at % HEAP_LEAF_SPAN / HEAP_PAGE;

		if (leaf == NULL ||
		    load_relaxed(&leaf->pages[page]) == HEAP_PAGE_OWN ||
		    !is_bare(leaf, page)) {
			return;
		}
		store_relaxed(&leaf->pages[page], 0);
	}
}

/* All but the last eighth is the block's for sure. */
void
heap_unmark_long(const void *block, uint8_t code)
{
	uintptr_t start = (uintptr_t) block;
	uintptr_t size = heap_map_granules(code) * HEAP_GRANULE;
	uintptr_t sure = (start + size - size / 8) / HEAP_PAGE * HEAP_PAGE;
	uintptr_t end = start + size;

	start = (start + HEAP_PAGE - 1) / HEAP_PAGE * HEAP_PAGE;
	if (start < sure) {
		heap_forget((const void *) start, sure - start);
		forget_end(sure, end);
	}
}

void
heap_restore(void *block, uint8_t code)
{
	if (code != 0) {
		heap_mark(block,
		    heap_map_granules(code) * HEAP_GRANULE -
			(uintptr_t) block % HEAP_GRANULE);
	}
}

/* Looks at one byte a page, so it does not matter how much is mapped. */
static void
forget_in_leaf(struct heap_leaf *leaf, uintptr_t from, uintptr_t to)
{
	for (uintptr_t at = from; at < to; at += HEAP_PAGE) {
		if (load_relaxed(&leaf->pages[at / HEAP_PAGE]) == 0) {
			continue;
		}
		store_relaxed(&leaf->pages[at / HEAP_PAGE], 0);
		__builtin_memset(leaf->blocks + at / HEAP_GRANULE, 0,
		    HEAP_PAGE / HEAP_GRANULE);
	}
}

void
heap_forget(const void *start, size_t size)
{
	uintptr_t address = (uintptr_t) start / HEAP_PAGE * HEAP_PAGE;
	uintptr_t end = (uintptr_t) start + size;

	while (address < end) {
		uintptr_t at = address % HEAP_LEAF_SPAN;
		uintptr_t to = end - address < HEAP_LEAF_SPAN - at ?
		    at + (end - address) :
		    HEAP_LEAF_SPAN;
		struct heap_leaf *leaf = heap_leaf(address);

		if (leaf != NULL) {
			forget_in_leaf(leaf, at, to);
		}
		address += to - at;
	}
}
