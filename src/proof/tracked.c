/* tracked.c: see tracked.h. */
#include "proof/tracked.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "common/heap_map.h"
#include "proof/unmarked.h"

#define LIBRARY     "/libstranded_heap.so"
#define LEAVES_READ 1024u /* addresses of leaves, at a time */

/* Pages with marks, side by side. */
struct run {
	uint64_t start;
	uint64_t end;
	bool own; /* some are the allocator's own */
};

struct search {
	struct heaps *heaps;
	const struct image *image;
	uint64_t leaves; /* address of the leaves' addresses */
	struct run run;  /* the one that is being extended */
};

/* ---- The map ----------------------------------------------------------- */

/* The library's data holds the map, at a place that begins with its name. */
static bool
read_map(const struct image *image, struct heap_map *map)
{
	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *mapping = &image->maps[i];
		const char *name = strstr(mapping->path, LIBRARY);

		if (name == NULL || !mapping->writable) {
			continue;
		}
		for (uint64_t at = mapping->start;
		     at + sizeof(*map) <= mapping->end; at += sizeof(at)) {
			if (image_word(image, at) == HEAP_MAP_MAGIC &&
			    image_read(image, at, map, sizeof(*map))) {
				return map->version == HEAP_MAP_VERSION &&
				    map->size == sizeof(*map);
			}
		}
	}
	return false;
}

/* Is a thread amid a realloc()? Then a block may be marked nowhere. */
static bool
is_moving(const struct heap_map *map)
{
	for (size_t i = 0; i < HEAP_SLOTS; i++) {
		if (map->moving[i].count != 0) {
			return true;
		}
	}
	return false;
}

/*
 * Does anybody but an allocator use functions that are not marked? Then there
 * may be blocks that nobody knows of.
 */
static bool
has_unmarked(const struct image *image, pid_t pid)
{
	const char *last = "";

	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];
		const char *name = strrchr(map->path, '/');

		if (name == NULL || !map->executable ||
		    strcmp(map->path, last) == 0 ||
		    strstr(name, "malloc") != NULL) {
			continue;
		}
		last = map->path;
		if (unmarked_is_used(pid, map->path)) {
			return true;
		}
	}
	return false;
}

/* ---- A heap ------------------------------------------------------------ */

/* The marks of one page. */
static void
read_page(const struct search *search, uint64_t page,
    uint8_t codes[HEAP_PAGE / HEAP_GRANULE])
{
	uint64_t leaf = image_word(search->image,
	    search->leaves + page / HEAP_LEAF_SPAN * sizeof(leaf));

	if (!image_read(search->image,
		leaf + page % HEAP_LEAF_SPAN / HEAP_GRANULE, codes,
		HEAP_PAGE / HEAP_GRANULE)) {
		memset(codes, 0, HEAP_PAGE / HEAP_GRANULE);
	}
}

/* A heap that is being filled, from its start on. */
struct filling {
	struct heap heap;
	struct heap_room room;
	uint64_t sure; /* to here the last block goes for sure */
	uint64_t end;  /* and to here at most: lengths are rounded up */
	bool blocks;   /* there are some */
};

/* A block that begins well inside another makes the marks worthless. */
static bool
add_block(struct filling *filling, uint64_t at, uint8_t code)
{
	uint64_t size = heap_map_granules(code) * HEAP_GRANULE;

	if (at < filling->sure) {
		return false;
	}
	if (filling->end < at) {
		heap_add_chunk(
		    &filling->heap, &filling->room, filling->end, HEAP_FREE);
	}
	heap_add_chunk(&filling->heap, &filling->room, at, 0);
	filling->blocks = true;
	filling->sure = at + size - size / 8;
	filling->end = at + size;
	return true;
}

static bool
fill(const struct search *search, struct filling *filling)
{
	uint8_t codes[HEAP_PAGE / HEAP_GRANULE];
	struct heap *heap = &filling->heap;

	for (uint64_t page = heap->start; page < heap->end; page += HEAP_PAGE) {
		read_page(search, page, codes);
		for (size_t i = 0; i < sizeof(codes); i++) {
			if (codes[i] != 0 &&
			    !add_block(
				filling, page + i * HEAP_GRANULE, codes[i])) {
				return false;
			}
		}
	}
	if (filling->sure > heap->end) {
		return false;
	}
	if (filling->end < heap->end) {
		heap_add_chunk(heap, &filling->room, filling->end, HEAP_FREE);
	}
	return true;
}

/* Has another way found a heap there? */
static bool
is_known(const struct heaps *heaps, const struct run *run)
{
	for (size_t i = 0; i < heaps->count; i++) {
		if (heaps->list[i].start < run->end &&
		    heaps->list[i].end > run->start) {
			return true;
		}
	}
	return false;
}

/* The run is complete. Without a block it may be somebody else's by now. */
static void
end_run(struct search *search)
{
	struct filling filling = {
		.heap = { .start = search->run.start, .end = search->run.end },
		.sure = search->run.start,
		.end = search->run.start,
	};

	if (search->run.start == search->run.end ||
	    is_known(search->heaps, &search->run)) {
		return;
	}
	if (fill(search, &filling) && (filling.blocks || search->run.own)) {
		heaps_keep(search->heaps, &filling.heap);
	} else {
		free(filling.heap.starts);
		free(filling.heap.flags);
	}
}

/* ---- All --------------------------------------------------------------- */

/* A heap is one mapping's, and its chunks can be counted. */
static void
add_page(struct search *search, uint64_t page, uint8_t mark)
{
	struct run *run = &search->run;
	const struct image_map *map = image_map(search->image, page);

	if (map == NULL || map->shared || !map->anonymous) {
		return;
	}
	if (page != run->end || map->start == page ||
	    page - run->start >= UINT32_MAX) {
		end_run(search);
		run->start = page;
		run->own = false;
	}
	run->end = page + HEAP_PAGE;
	run->own |= mark == HEAP_PAGE_OWN;
}

static void
find_in_leaf(struct search *search, uint64_t leaf, uint64_t start)
{
	uint64_t at = leaf + sizeof(((struct heap_leaf *) 0)->blocks);
	uint8_t marks[HEAP_LEAF_SPAN / HEAP_PAGE];

	if (!image_read(search->image, at, marks, sizeof(marks))) {
		return;
	}
	for (size_t i = 0; i < sizeof(marks); i++) {
		if (marks[i] != 0) {
			add_page(search, start + i * HEAP_PAGE, marks[i]);
		}
	}
}

static void
find_in_leaves(struct search *search, uint64_t first)
{
	uint64_t leaves[LEAVES_READ];

	if (!image_read(search->image, search->leaves + first * sizeof(*leaves),
		leaves, sizeof(leaves))) {
		return;
	}
	for (size_t i = 0; i < LEAVES_READ; i++) {
		if (leaves[i] != 0) {
			find_in_leaf(
			    search, leaves[i], (first + i) * HEAP_LEAF_SPAN);
			heaps_add_state(search->heaps, leaves[i],
			    leaves[i] + sizeof(struct heap_leaf));
		}
	}
}

void
tracked_find(struct heaps *heaps, const struct image *image, pid_t pid)
{
	struct search search = { .heaps = heaps, .image = image };
	struct heap_map map;

	if (!read_map(image, &map) || map.leaves == 0 ||
	    has_unmarked(image, pid)) {
		return;
	}
	if (is_moving(&map)) {
		heaps->busy = true;
		return;
	}
	search.leaves = map.leaves;
	heaps_add_state(
	    heaps, map.leaves, map.leaves + HEAP_LEAVES * sizeof(uint64_t));
	for (uint64_t i = 0; i < HEAP_LEAVES; i += LEAVES_READ) {
		find_in_leaves(&search, i);
	}
	end_run(&search);
	heaps_sort(heaps);
}
