/* proof_tracked_test.c: blocks that were marked, found in a copy of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/heap_map.h"
#include "proof/tracked.h"

/* Where things lie in the process that there is none of. */
#define LIBRARY UINT64_C(0x7f0000000000)
#define LEAVES  UINT64_C(0x7f1000000000)
#define LEAF    UINT64_C(0x7f2000000000)
#define HEAP    (UINT64_C(5) * HEAP_LEAF_SPAN + 16 * HEAP_PAGE)
#define PAGES   8u

struct fixture {
	struct heap_map map;
	uint64_t leaf_address;
	struct heap_leaf leaf;
	struct image_map maps[4];
	struct image_extent extents[3];
	struct image image;
	struct heaps heaps;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->map = (struct heap_map) {
		.magic = HEAP_MAP_MAGIC,
		.version = HEAP_MAP_VERSION,
		.size = sizeof(f->map),
		.leaves = LEAVES,
	};
	f->leaf_address = LEAF;
	f->maps[0] = (struct image_map) { HEAP, HEAP + PAGES * HEAP_PAGE,
		.readable = true, .writable = true, .anonymous = true };
	f->maps[0].path = (char *) "";
	f->maps[1] = f->maps[0];
	f->maps[1].start = LIBRARY;
	f->maps[1].end = LIBRARY + 0x10000;
	f->maps[1].path = (char *) "/lib/libstranded_heap.so";
	f->maps[2] = f->maps[0];
	f->maps[2].start = LEAVES;
	f->maps[2].end = LEAVES + HEAP_LEAVES * sizeof(uint64_t);
	f->maps[3] = f->maps[0];
	f->maps[3].start = LEAF;
	f->maps[3].end = LEAF + sizeof(f->leaf);
	f->extents[0] = (struct image_extent) { LIBRARY + 0x100,
		LIBRARY + 0x100 + sizeof(f->map), (uint8_t *) &f->map };
	f->extents[1] = (struct image_extent) { LEAVES + 5 * 8, LEAVES + 6 * 8,
		(uint8_t *) &f->leaf_address };
	f->extents[2] = (struct image_extent) { LEAF, LEAF + sizeof(f->leaf),
		(uint8_t *) &f->leaf };
	f->image = (struct image) { .maps = f->maps,
		.map_count = 4,
		.extents = f->extents,
		.extent_count = 3 };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	heaps_free(&f->heaps);
	free(f);
	return 0;
}

/* Marks a block of `size` bytes at `at` from the begin of the heap. */
static void
mark(struct fixture *f, uint64_t at, uint64_t size)
{
	uint64_t in_leaf = HEAP % HEAP_LEAF_SPAN + at;

	f->leaf.blocks[in_leaf / HEAP_GRANULE] =
	    heap_map_code((size + HEAP_GRANULE - 1) / HEAP_GRANULE);
	for (uint64_t page = in_leaf / HEAP_PAGE;
	     page <= (in_leaf + size - 1) / HEAP_PAGE; page++) {
		f->leaf.pages[page] = 1;
	}
}

static void
find(struct fixture *f)
{
	heaps_free(&f->heaps);
	tracked_find(&f->heaps, &f->image, getpid());
}

/* Fails unless the address is in a block from `start` to `end`, or is free. */
static void
assert_in(const struct heap *heap, uint64_t at, uint64_t start, uint64_t end,
    bool is_free)
{
	size_t chunk = heap_chunk(heap, HEAP + at);

	assert_true(chunk != SIZE_MAX);
	assert_int_equal(heap_chunk_start(heap, chunk), HEAP + start);
	assert_int_equal(heap_chunk_end(heap, chunk), HEAP + end);
	assert_int_equal((heap->flags[chunk] & HEAP_FREE) != 0, is_free);
}

static void
test_blocks_and_what_is_between(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 48);
	mark(f, 64, 16);
	mark(f, 80, 5000);
	find(f);
	assert_int_equal(f->heaps.count, 1);
	assert_int_equal(f->heaps.list[0].start, HEAP);
	assert_int_equal(f->heaps.list[0].end, HEAP + 2 * HEAP_PAGE);
	assert_in(&f->heaps.list[0], 0, 0, 48, false);
	assert_in(&f->heaps.list[0], 47, 0, 48, false);
	assert_in(&f->heaps.list[0], 48, 48, 64, true);
	assert_in(&f->heaps.list[0], 79, 64, 80, false);
	assert_in(&f->heaps.list[0], 80 + 4999, 80, 80 + 5120, false);
	assert_in(&f->heaps.list[0], 8000, 80 + 5120, 8192, true);
}

static void
test_the_first_block_may_come_later(void **state)
{
	struct fixture *f = *state;

	mark(f, 32, 32);
	find(f);
	assert_in(&f->heaps.list[0], 0, 0, 32, true);
	assert_in(&f->heaps.list[0], 40, 32, 64, false);
}

static void
test_pages_apart_are_heaps_apart(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 16);
	mark(f, 3 * HEAP_PAGE, 16);
	find(f);
	assert_int_equal(f->heaps.count, 2);
	assert_int_equal(f->heaps.list[1].start, HEAP + 3 * HEAP_PAGE);
	assert_int_equal(
	    f->heaps.list[1].end, HEAP + 3 * HEAP_PAGE + HEAP_PAGE);
}

static void
test_rounding_up_is_no_contradiction(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 17 * 16);
	mark(f, 17 * 16, 16);
	find(f);
	assert_int_equal(f->heaps.count, 1);
	assert_in(&f->heaps.list[0], 16 * 16, 0, 17 * 16, false);
	assert_in(&f->heaps.list[0], 17 * 16, 17 * 16, 18 * 16, false);
}

static void
test_contradictions_are_no_heap(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 64);
	mark(f, 32, 16);
	find(f);
	assert_int_equal(f->heaps.count, 0);
}

static void
test_a_block_beyond_its_pages_is_no_heap(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 5000);
	f->leaf.pages[HEAP % HEAP_LEAF_SPAN / HEAP_PAGE + 1] = 0;
	find(f);
	assert_int_equal(f->heaps.count, 0);
}

/* The allocator may have given them back where nobody sees it. */
static void
test_pages_without_a_block_are_no_heap(void **state)
{
	struct fixture *f = *state;
	uint64_t first = HEAP % HEAP_LEAF_SPAN / HEAP_PAGE;

	f->leaf.pages[first] = HEAP_PAGE_BLOCKS;
	f->leaf.pages[first + 1] = HEAP_PAGE_BLOCKS;
	find(f);
	assert_int_equal(f->heaps.count, 0);
	f->leaf.pages[first + 1] = HEAP_PAGE_OWN;
	find(f);
	assert_int_equal(f->heaps.count, 1);
}

static void
test_not_amid_a_realloc(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 64);
	f->map.moving[7].count = 1;
	find(f);
	assert_int_equal(f->heaps.count, 0);
	assert_true(f->heaps.busy);
}

static void
test_not_of_another_version(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 64);
	f->map.version++;
	find(f);
	assert_int_equal(f->heaps.count, 0);
}

static void
test_not_in_shared_memory(void **state)
{
	struct fixture *f = *state;

	mark(f, 0, 64);
	f->maps[0].shared = true;
	find(f);
	assert_int_equal(f->heaps.count, 0);
}

static void
test_not_where_the_map_lies(void **state)
{
	struct fixture *f = *state;

	f->leaf_address = UINT64_C(0x123456789000); /* nothing is there */
	find(f);
	assert_int_equal(f->heaps.count, 0);
	f->map.leaves = UINT64_C(0x123456789000);
	find(f);
	assert_int_equal(f->heaps.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_blocks_and_what_is_between),
		TEST(test_the_first_block_may_come_later),
		TEST(test_pages_apart_are_heaps_apart),
		TEST(test_rounding_up_is_no_contradiction),
		TEST(test_contradictions_are_no_heap),
		TEST(test_a_block_beyond_its_pages_is_no_heap),
		TEST(test_pages_without_a_block_are_no_heap),
		TEST(test_not_amid_a_realloc),
		TEST(test_not_of_another_version),
		TEST(test_not_in_shared_memory),
		TEST(test_not_where_the_map_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
