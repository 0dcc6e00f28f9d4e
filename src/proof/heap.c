/*
 * heap.c: see heap.h.
 *
 * The layout is that of glibc since 2.26 on 64-bit machines. Arenas form a ring
 * that goes through main_arena, which no symbol names: it is recognised in
 * libc's data by its bins, most of which are empty and point at themselves.
 * Whatever is concluded from there is checked again by the walk over the
 * chunks.
 */
#include "proof/heap.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

/* struct malloc_chunk */
#define UNIT       16u /* chunks are multiples of this */
#define HEADER     16u /* bytes before the user's part */
#define SIZE_AT    8u  /* in a chunk: its size and flags */
#define CHUNK_MIN  32u
#define PREV_INUSE 1u
#define IS_MMAPPED 2u
#define SIZE_MASK  (~UINT64_C(7))
#define FENCE      16u /* size of the chunk that ends a heap's last but one */

/* struct malloc_state */
#define STATE_SIZE 2200u
#define FAST_AT    16u
#define FAST_COUNT 10u
#define TOP_AT     96u
#define BINS_AT    112u
#define BIN_COUNT  127u
#define NEXT_AT    2160u
#define BINS_EMPTY 64u /* of the bins are at least */

/* struct _heap_info, at multiples of the greatest size of a heap */
#define HEAP_MAX     (UINT64_C(64) << 20)
#define INFO_PREV_AT 8u
#define INFO_SIZE_AT 16u

/* struct tcache_perthread_struct */
#define CACHE_CHUNK 0x290u
#define CACHE_BINS  64u
#define CACHE_HEADS 128u /* where the lists begin */

#define ARENAS_MAX 4096u
#define CHAIN_MAX  (1u << 22)
#define PAGE       4096u

/* ---- Chunks ------------------------------------------------------------ */

uint64_t
heap_chunk_start(const struct heap *heap, size_t chunk)
{
	return heap->start + (uint64_t) heap->starts[chunk] * UNIT +
	    heap->header;
}

/* The size of the next chunk is not its user's, but what is before it is. */
uint64_t
heap_chunk_end(const struct heap *heap, size_t chunk)
{
	return chunk + 1 < heap->count ? heap->start +
		(uint64_t) heap->starts[chunk + 1] * UNIT + heap->tail :
					 heap->end;
}

/* The last chunk whose header starts at or before the address. */
static size_t
chunk_before(const struct heap *heap, uint64_t address)
{
	uint32_t unit = (uint32_t) ((address - heap->start) / UNIT);
	size_t stride = (address - heap->start) / HEAP_STRIDE;
	size_t low = stride == 0 ? 0 : heap->index[stride - 1];
	size_t high = heap->index[stride];

	if (low > 0) {
		low--;
	}
	/* Without a branch, which could only be guessed. */
	for (size_t count = high - low; count > 1;) {
		size_t half = count / 2;

		low += heap->starts[low + half] <= unit ? half : 0;
		count -= half;
	}
	return low;
}

size_t
heap_chunk(const struct heap *heap, uint64_t address)
{
	size_t chunk;

	if (address < heap->start || address >= heap->end) {
		return SIZE_MAX;
	}
	chunk = chunk_before(heap, address);
	if (address >= heap_chunk_start(heap, chunk)) {
		return chunk;
	}
	/* In the header: the end of the one before, inclusively, lies there. */
	return chunk > 0 && address <= heap_chunk_end(heap, chunk - 1) ?
	    chunk - 1 :
	    SIZE_MAX;
}

static void
make_index(struct heap *heap)
{
	size_t count =
	    (heap->end - heap->start + HEAP_STRIDE - 1) / HEAP_STRIDE;
	size_t chunk = 0;

	heap->index = memory_new(count, sizeof(*heap->index));
	for (size_t i = 0; i < count; i++) {
		uint64_t end = (i + 1) * (uint64_t) HEAP_STRIDE;

		while (chunk < heap->count &&
		    (uint64_t) heap->starts[chunk] * UNIT < end) {
			chunk++;
		}
		heap->index[i] = (uint32_t) chunk;
	}
}

/* ---- A heap ------------------------------------------------------------ */

struct walk {
	const struct image *image;
	const struct image_extent *extent; /* that was read from last */
	struct heap heap;
	struct heap_room room;
};

void
heap_add_chunk(
    struct heap *heap, struct heap_room *room, uint64_t at, uint8_t flags)
{
	heap->starts = memory_grow(
	    heap->starts, heap->count, &room->starts, sizeof(uint32_t));
	heap->flags = memory_grow(heap->flags, heap->count, &room->flags, 1);
	heap->starts[heap->count] = (uint32_t) ((at - heap->start) / UNIT);
	heap->flags[heap->count++] = flags;
}

/* A word of the heap: nearly always from where the one before came. */
static uint64_t
word_at(struct walk *walk, uint64_t address)
{
	const struct image_extent *extent = walk->extent;
	uint64_t word;

	if (extent == NULL || address < extent->start ||
	    address + sizeof(word) > extent->end) {
		extent = image_extent(walk->image, address);
		walk->extent = extent;
		if (extent == NULL || address < extent->start ||
		    address + sizeof(word) > extent->end) {
			return image_word(walk->image, address);
		}
	}
	memcpy(&word, extent->bytes + (address - extent->start), sizeof(word));
	return word;
}

static void
add_chunk(struct walk *walk, uint64_t at, bool is_free)
{
	heap_add_chunk(&walk->heap, &walk->room, at, is_free ? HEAP_FREE : 0);
}

/*
 * Walks from the first chunk to `top`, the one that ends the heap and is not
 * handed out yet; 0: to the two chunks that mark the end of a heap after which
 * another was begun. False if it does not get there, or if what it finds ends
 * elsewhere.
 */
static bool
walk_chunks(struct walk *walk, uint64_t top)
{
	struct heap *heap = &walk->heap;
	uint64_t at = heap->start;
	uint64_t size = word_at(walk, at + SIZE_AT);

	while (at != top) {
		uint64_t next = at + (size & SIZE_MASK);
		uint64_t next_size;

		if (top == 0 && (size & SIZE_MASK) == FENCE) {
			next_size = word_at(walk, next + SIZE_AT);
			add_chunk(walk, at, true);
			return next_size == PREV_INUSE &&
			    next + FENCE >= heap->end - UNIT &&
			    next + FENCE <= heap->end;
		}
		if ((size & SIZE_MASK) < CHUNK_MIN || size % UNIT / 8 != 0 ||
		    (size & IS_MMAPPED) || next >= heap->end || next < at) {
			return false;
		}
		next_size = word_at(walk, next + SIZE_AT);
		add_chunk(walk, at, (next_size & PREV_INUSE) == 0);
		at = next;
		size = next_size;
	}
	add_chunk(walk, top, true);
	return top + (size & SIZE_MASK) == heap->end &&
	    (size & SIZE_MASK) >= UNIT;
}

void
heaps_keep(struct heaps *heaps, struct heap *heap)
{
	make_index(heap);
	heaps->list =
	    memory_grow(heaps->list, heaps->count, &heaps->room, sizeof(*heap));
	heaps->list[heaps->count++] = *heap;
}

/* Adds the heap from `start` to `end`, if it adds up. */
static bool
add_heap(struct heaps *heaps, const struct image *image, uint64_t start,
    uint64_t end, uint64_t top)
{
	struct walk walk = {
		.image = image,
		.heap = { .start = start,
		    .end = end,
		    .header = HEADER,
		    .tail = SIZE_AT },
	};

	if (start % UNIT == 0 && start < end &&
	    (end - start) / UNIT < UINT32_MAX && walk_chunks(&walk, top)) {
		heaps_keep(heaps, &walk.heap);
		return true;
	}
	free(walk.heap.starts);
	free(walk.heap.flags);
	return false;
}

void
heaps_add_state(struct heaps *heaps, uint64_t start, uint64_t end)
{
	heaps->states = memory_grow(heaps->states, heaps->state_count,
	    &heaps->state_room, sizeof(*heaps->states));
	heaps->states[heaps->state_count++] =
	    (struct heap_state) { start, end };
}

/* ---- Arenas ------------------------------------------------------------ */

/* The links of a bin are at `at`. It is empty: they lead back to it. */
static bool
is_empty_bin(const struct image *image, uint64_t at)
{
	return image_word(image, at) == at - HEADER &&
	    image_word(image, at + 8) == at - HEADER;
}

/* Or they lead to chunks that lead back. */
static bool
is_bin(const struct image *image, uint64_t at)
{
	uint64_t first = image_word(image, at);
	uint64_t last = image_word(image, at + 8);

	return image_word(image, first + HEADER + 8) == at - HEADER &&
	    image_word(image, last + HEADER) == at - HEADER;
}

static bool
is_main_arena(const struct image *image, uint64_t at)
{
	size_t empty = 0;

	/* The last bin, of enormous chunks, is hardly ever in use. */
	if (!is_empty_bin(image, at + BINS_AT + (BIN_COUNT - 1) * 16)) {
		return false;
	}
	for (size_t i = 0; i < BIN_COUNT; i++) {
		if (is_empty_bin(image, at + BINS_AT + i * 16)) {
			empty++;
		} else if (!is_bin(image, at + BINS_AT + i * 16)) {
			return false;
		}
	}
	return empty >= BINS_EMPTY && image_word(image, at + NEXT_AT) != 0;
}

static uint64_t
find_main_arena(const struct image *image, uint64_t data, uint64_t data_end)
{
	for (uint64_t at = data; at + STATE_SIZE <= data_end; at += 8) {
		if (is_main_arena(image, at)) {
			return at;
		}
	}
	return 0;
}

/* What brk() has given: the whole of it, or nothing. */
static bool
find_brk(const struct image *image, uint64_t *start, uint64_t *end)
{
	*start = 0;
	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];

		if (!map->is_brk) {
			continue;
		}
		if (*start == 0) {
			*start = map->start;
		} else if (map->start != *end) {
			return false;
		}
		*end = map->end;
	}
	return *start != 0;
}

/*
 * The heaps of another arena: from the one that its top is in, back. The
 * arena's own record is at the begin of the first.
 */
static void
add_arena(struct heaps *heaps, const struct image *image, uint64_t arena)
{
	uint64_t top = image_word(image, arena + TOP_AT);
	uint64_t info = top & ~(HEAP_MAX - 1);

	for (size_t i = 0; i < ARENAS_MAX && info != 0; i++) {
		uint64_t prev = image_word(image, info + INFO_PREV_AT);
		uint64_t end = info + image_word(image, info + INFO_SIZE_AT);
		bool first = arena > info && arena - info < PAGE;
		uint64_t start = first ?
		    (arena + STATE_SIZE + UNIT - 1) / UNIT * UNIT :
		    info + (arena & (UNIT * 4 - 1));

		if (image_word(image, info) != arena || first != (prev == 0) ||
		    end > info + HEAP_MAX) {
			return;
		}
		if (add_heap(heaps, image, start, end, i == 0 ? top : 0)) {
			heaps_add_state(heaps, info, start);
		}
		info = prev;
	}
}

/* ---- What is free without saying so ------------------------------------ */

/* The chunk that starts at the address, as its user sees it. */
static bool
find_chunk(
    const struct heaps *heaps, uint64_t user, struct heap **heap, size_t *chunk)
{
	size_t low = 0, high = heaps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (heaps->list[middle].end <= user) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == heaps->count) {
		return false;
	}
	*heap = &heaps->list[low];
	*chunk = heap_chunk(*heap, user);
	return *chunk != SIZE_MAX && heap_chunk_start(*heap, *chunk) == user;
}

static uint64_t
chunk_size(const struct heap *heap, size_t chunk)
{
	return heap_chunk_end(heap, chunk) - SIZE_AT -
	    (heap_chunk_start(heap, chunk) - HEADER);
}

/* The next of a list whose links are mangled with their own places. */
static uint64_t
next_free(const struct image *image, uint64_t user)
{
	return image_word(image, user) ^ (user >> 12);
}

/*
 * Follows a list of free chunks of `size` from `user` on. Returns how many
 * there are; SIZE_MAX if one of them is none. With `free`, they become so.
 */
static size_t
follow(struct heaps *heaps, const struct image *image, uint64_t user,
    uint64_t size, bool make_free)
{
	struct heap *heap;
	size_t chunk;
	size_t count = 0;

	while (user != 0) {
		if (count++ > CHAIN_MAX ||
		    !find_chunk(heaps, user, &heap, &chunk) ||
		    chunk_size(heap, chunk) != size ||
		    (heap->flags[chunk] & HEAP_FREE)) {
			return SIZE_MAX;
		}
		if (make_free) {
			heap->flags[chunk] |= HEAP_FREE;
		}
		user = next_free(image, user);
	}
	return count;
}

/* Bins whose chunks look as if they were in use. */
static void
free_fast(struct heaps *heaps, const struct image *image, uint64_t arena)
{
	for (size_t i = 0; i < FAST_COUNT; i++) {
		uint64_t at = image_word(image, arena + FAST_AT + i * 8);
		uint64_t size = CHUNK_MIN + i * UNIT;

		if (at != 0 &&
		    follow(heaps, image, at + HEADER, size, false) !=
			SIZE_MAX) {
			follow(heaps, image, at + HEADER, size, true);
		}
	}
}

/*
 * Is the chunk at `user` a thread's cache? Each of its lists must be as long as
 * it says.
 */
static bool
is_cache(struct heaps *heaps, const struct image *image, uint64_t user)
{
	uint16_t counts[CACHE_BINS];
	size_t all = 0;

	if (!image_read(image, user, counts, sizeof(counts))) {
		return false;
	}
	for (size_t i = 0; i < CACHE_BINS; i++) {
		uint64_t head = image_word(image, user + CACHE_HEADS + i * 8);

		if ((head != 0) != (counts[i] != 0) ||
		    follow(heaps, image, head, CHUNK_MIN + i * UNIT, false) !=
			counts[i]) {
			return false;
		}
		all += counts[i];
	}
	return all > 0;
}

static void
free_caches(struct heaps *heaps, const struct image *image)
{
	for (size_t h = 0; h < heaps->count; h++) {
		struct heap *heap = &heaps->list[h];

		for (size_t chunk = 0; chunk < heap->count; chunk++) {
			uint64_t user = heap_chunk_start(heap, chunk);

			if ((heap->flags[chunk] & HEAP_FREE) ||
			    chunk_size(heap, chunk) != CACHE_CHUNK ||
			    !is_cache(heaps, image, user)) {
				continue;
			}
			for (size_t i = 0; i < CACHE_BINS; i++) {
				follow(heaps, image,
				    image_word(
					image, user + CACHE_HEADS + i * 8),
				    CHUNK_MIN + i * UNIT, true);
			}
		}
	}
}

/* ---- Large chunks ------------------------------------------------------ */

/*
 * Chunks that are mappings of their own. The kernel joins neighbours: they must
 * fill what it calls one mapping exactly.
 */
static void
add_mapped(
    struct heaps *heaps, const struct image *image, const struct image_map *map)
{
	struct walk walk = {
		.image = image,
		.heap = { .start = map->start,
		    .end = map->end,
		    .header = HEADER,
		    .tail = SIZE_AT },
	};
	uint64_t at = map->start;

	while (at < map->end) {
		uint64_t before = image_word(image, at);
		uint64_t size = image_word(image, at + SIZE_AT);

		if (before != 0 || (size & 7) != IS_MMAPPED ||
		    (size & SIZE_MASK) % PAGE != 0 || size < PAGE ||
		    size > map->end - at + IS_MMAPPED) {
			break;
		}
		add_chunk(&walk, at, false);
		at += size & SIZE_MASK;
	}
	if (at == map->end) {
		heaps_keep(heaps, &walk.heap);
	} else {
		free(walk.heap.starts);
		free(walk.heap.flags);
	}
}

static void
add_all_mapped(struct heaps *heaps, const struct image *image)
{
	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];

		if (map->writable && !map->shared && map->anonymous &&
		    !map->is_brk && map->path[0] == '\0' &&
		    (map->end - map->start) / UNIT < UINT32_MAX) {
			add_mapped(heaps, image, map);
		}
	}
}

/* ---- All --------------------------------------------------------------- */

static int
compare_heaps(const void *left, const void *right)
{
	const struct heap *a = left;
	const struct heap *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void
heaps_sort(struct heaps *heaps)
{
	if (heaps->count > 0) {
		qsort(heaps->list, heaps->count, sizeof(*heaps->list),
		    compare_heaps);
	}
}

static bool
is_locked(const struct image *image, uint64_t arena)
{
	return (uint32_t) image_word(image, arena) != 0;
}

/* The arenas, from the main one round to it again. False if they do not. */
static bool
add_arenas(struct heaps *heaps, const struct image *image, uint64_t main_arena)
{
	uint64_t arena = image_word(image, main_arena + NEXT_AT);

	for (size_t i = 0; arena != main_arena; i++) {
		if (i > ARENAS_MAX || image_map(image, arena) == NULL) {
			return false;
		}
		if (is_locked(image, arena)) {
			heaps->busy = true;
		} else {
			add_arena(heaps, image, arena);
		}
		arena = image_word(image, arena + NEXT_AT);
	}
	return true;
}

static void
free_all_fast(
    struct heaps *heaps, const struct image *image, uint64_t main_arena)
{
	uint64_t arena = main_arena;

	do {
		free_fast(heaps, image, arena);
		arena = image_word(image, arena + NEXT_AT);
	} while (arena != main_arena);
}

void
heaps_find(struct heaps *heaps, const struct image *image, uint64_t data,
    uint64_t data_end)
{
	uint64_t main_arena = find_main_arena(image, data, data_end);
	uint64_t start, end = 0;

	*heaps = (struct heaps) { 0 };
	if (main_arena == 0) {
		return;
	}
	heaps_add_state(heaps, main_arena, main_arena + STATE_SIZE);
	if (is_locked(image, main_arena)) {
		heaps->busy = true;
	} else if (find_brk(image, &start, &end)) {
		add_heap(heaps, image, start, end,
		    image_word(image, main_arena + TOP_AT));
	}
	if (!add_arenas(heaps, image, main_arena)) {
		heaps_free(heaps);
		return;
	}
	add_all_mapped(heaps, image);
	heaps_sort(heaps);
	free_all_fast(heaps, image, main_arena);
	free_caches(heaps, image);
}

void
heaps_free(struct heaps *heaps)
{
	for (size_t i = 0; i < heaps->count; i++) {
		free(heaps->list[i].starts);
		free(heaps->list[i].flags);
		free(heaps->list[i].index);
	}
	free(heaps->list);
	free(heaps->states);
	*heaps = (struct heaps) { 0 };
}
