/*
 * proof_heap_test.c: glibc's chunks in a copy of memory, and what is reached
 * from where, in memory that is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/heap.h"
#include "proof/reach.h"
#include "proof/spans.h"

#define DATA  UINT64_C(0x7f0000000000) /* libc's */
#define BRK   UINT64_C(0x550000000000)
#define SIZE  0x4000u
#define ARENA 0xc60u /* of main_arena in the data */

/* struct malloc_state */
#define FAST 16u
#define TOP  96u
#define BINS 112u
#define NEXT 2160u

struct fixture {
	uint64_t data[SIZE / 8];
	uint64_t brk[SIZE / 8];
	struct image_map maps[2];
	struct image_extent extents[2];
	struct image image;
	struct heaps heaps;
};

static void
set_data(struct fixture *f, uint64_t at, uint64_t word)
{
	f->data[at / 8] = word;
}

static void
set_brk(struct fixture *f, uint64_t at, uint64_t word)
{
	f->brk[at / 8] = word;
}

/* An arena whose bins are all empty. */
static void
make_arena(struct fixture *f)
{
	for (uint64_t i = 0; i < 127; i++) {
		uint64_t at = ARENA + BINS + i * 16;

		set_data(f, at, DATA + at - 16);
		set_data(f, at + 8, DATA + at - 16);
	}
	set_data(f, ARENA + NEXT, DATA + ARENA);
}

/*
 * Chunks from the begin: 0x40, 0x20, 0x100 (which is free), 0x30, and the rest,
 * which has never been handed out.
 */
static void
make_heap(struct fixture *f)
{
	set_brk(f, 0x08, 0x40 | 1);
	set_brk(f, 0x48, 0x20 | 1);
	set_brk(f, 0x68, 0x100 | 1);
	set_brk(f, 0x160, 0x100);
	set_brk(f, 0x168, 0x30);
	set_brk(f, 0x198, (SIZE - 0x190) | 1);
	set_data(f, ARENA + TOP, BRK + 0x190);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->maps[0] = (struct image_map) { BRK, BRK + SIZE, .readable = true,
		.writable = true, .anonymous = true, .is_brk = true };
	f->maps[0].path = (char *) "[heap]";
	f->maps[1] = (struct image_map) { DATA, DATA + SIZE, .readable = true,
		.writable = true };
	f->maps[1].path = (char *) "/lib/libc.so.6";
	f->extents[0] =
	    (struct image_extent) { BRK, BRK + SIZE, (const uint8_t *) f->brk };
	f->extents[1] = (struct image_extent) { DATA, DATA + SIZE,
		(const uint8_t *) f->data };
	f->image = (struct image) { .maps = f->maps,
		.map_count = 2,
		.extents = f->extents,
		.extent_count = 2 };
	make_arena(f);
	make_heap(f);
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

static size_t
find(struct fixture *f)
{
	heaps_free(&f->heaps);
	heaps_find(&f->heaps, &f->image, DATA, DATA + SIZE);
	return f->heaps.count;
}

static bool
is_free(const struct fixture *f, size_t chunk)
{
	return f->heaps.list[0].flags[chunk] & HEAP_FREE;
}

/* ---- Heaps -------------------------------------------------------------- */

static void
chunks(void **state)
{
	struct fixture *f = *state;
	const struct heap *heap;

	assert_int_equal(find(f), 1);
	heap = &f->heaps.list[0];
	assert_int_equal(heap->count, 5);
	assert_int_equal(heap_chunk_start(heap, 0), BRK + 0x10);
	assert_int_equal(heap_chunk_end(heap, 0), BRK + 0x48);
	assert_false(is_free(f, 0));
	assert_false(is_free(f, 1));
	assert_true(is_free(f, 2));
	assert_false(is_free(f, 3));
	assert_true(is_free(f, 4));
}

/* The end of one is not the begin of the next. */
static void
borders(void **state)
{
	struct fixture *f = *state;
	const struct heap *heap;

	find(f);
	heap = &f->heaps.list[0];
	assert_int_equal(heap_chunk(heap, BRK), SIZE_MAX);
	assert_int_equal(heap_chunk(heap, BRK + 0x0f), SIZE_MAX);
	assert_int_equal(heap_chunk(heap, BRK + 0x10), 0);
	assert_int_equal(heap_chunk(heap, BRK + 0x47), 0);
	assert_int_equal(heap_chunk(heap, BRK + 0x48), 0);
	assert_int_equal(heap_chunk(heap, BRK + 0x49), SIZE_MAX);
	assert_int_equal(heap_chunk(heap, BRK + 0x50), 1);
	assert_int_equal(heap_chunk(heap, BRK + SIZE), SIZE_MAX);
}

/* What does not add up is no heap. */
static void
broken(void **state)
{
	static const struct {
		uint64_t at;
		uint64_t word;
	} breaks[] = {
		{ 0x08, 0 },               /* of no size */
		{ 0x08, 0x10 | 1 },        /* too small */
		{ 0x48, 0x28 | 1 },        /* no multiple of 16 */
		{ 0x48, 0x20 | 3 },        /* a mapping of its own */
		{ 0x68, SIZE | 1 },        /* beyond the end */
		{ 0x68, UINT64_MAX & ~7 }, /* far beyond */
		{ 0x168, 0x40 },           /* past the top */
		{ 0x198, 0x100 | 1 },      /* the top ends too soon */
		{ 0x198, SIZE | 1 },       /* or too late */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		uint64_t right = f->brk[breaks[i].at / 8];

		set_brk(f, breaks[i].at, breaks[i].word);
		assert_int_equal(find(f), 0);
		set_brk(f, breaks[i].at, right);
	}
	assert_int_equal(find(f), 1);
}

/* An empty heap proves nothing: the top must be in it. */
static void
top_elsewhere(void **state)
{
	struct fixture *f = *state;

	set_data(f, ARENA + TOP, DATA + ARENA + TOP);
	assert_int_equal(find(f), 0);
}

/* Somebody is at work in it. */
static void
locked(void **state)
{
	struct fixture *f = *state;

	set_data(f, ARENA, 1);
	assert_int_equal(find(f), 0);
	assert_true(f->heaps.busy);
}

static void
no_arena(void **state)
{
	struct fixture *f = *state;

	memset(f->data, 0, sizeof(f->data));
	assert_int_equal(find(f), 0);
}

/* Chunks in a fast bin look as if they were in use. */
static void
fast_bins(void **state)
{
	struct fixture *f = *state;
	uint64_t user = BRK + 0x50;

	set_data(f, ARENA + FAST, user - 16);
	set_brk(f, 0x50, user >> 12); /* no next */
	find(f);
	assert_true(is_free(f, 1));
	/* One that is in a list for another size is not believed. */
	set_data(f, ARENA + FAST, 0);
	set_data(f, ARENA + FAST + 8, user - 16);
	find(f);
	assert_false(is_free(f, 1));
}

/* ---- Reaching ----------------------------------------------------------- */

static void
reach_from_word(struct fixture *f, struct reach *reach, uint64_t word)
{
	static struct spans spans;

	spans_free(&spans);
	spans_add(&spans, (struct span) { BRK, BRK + SIZE, SPAN_HEAP, 0 });
	spans_seal(&spans);
	reach_init(reach, &f->image, &spans, &f->heaps);
	reach_word(reach, word);
}

static void
through_blocks(void **state)
{
	struct fixture *f = *state;
	struct reach reach;

	set_brk(f, 0x30, BRK + 0x58); /* from the first to the second, inside */
	set_brk(f, 0x50, BRK + 0x170); /* and on to the fourth */
	find(f);
	reach_from_word(f, &reach, BRK + 0x20);
	assert_true(reach_has(&reach, BRK + 0x10));
	assert_true(reach_has(&reach, BRK + 0x50));
	assert_true(reach_has(&reach, BRK + 0x170));
	assert_true(reach_has(&reach, DATA)); /* in no span: always */
	reach_free(&reach);
}

/* What is free refers to nothing, but may be referred to. */
static void
not_through_free_ones(void **state)
{
	struct fixture *f = *state;
	struct reach reach;

	set_brk(f, 0x80, BRK + 0x170);
	find(f);
	reach_from_word(f, &reach, BRK + 0x70);
	assert_true(reach_has(&reach, BRK + 0x70));
	assert_false(reach_has(&reach, BRK + 0x170));
	assert_false(reach_has(&reach, BRK + 0x10));
	reach_free(&reach);
}

static void
at_odd_places(void **state)
{
	struct fixture *f = *state;
	uint64_t address = BRK + 0x170;
	struct reach reach;

	memcpy((uint8_t *) f->brk + 0x33, &address, sizeof(address));
	find(f);
	reach_from_word(f, &reach, BRK + 0x10);
	assert_true(reach_has(&reach, BRK + 0x170));
	reach_free(&reach);
}

/* ---- Spans -------------------------------------------------------------- */

/* Of those that overlap none is believed. */
static void
overlaps(void **state)
{
	struct spans spans = { 0 };

	spans_add(&spans, (struct span) { 100, 200, SPAN_STACK, 0 });
	spans_add(&spans, (struct span) { 300, 400, SPAN_TLS, 0 });
	spans_add(&spans, (struct span) { 350, 360, SPAN_NOTHING, 0 });
	spans_add(&spans, (struct span) { 390, 410, SPAN_NOTHING, 0 });
	spans_add(&spans, (struct span) { 410, 420, SPAN_HEAP, 0 });
	spans_add(&spans, (struct span) { 500, 500, SPAN_HEAP, 0 });
	spans_seal(&spans);
	assert_int_equal(spans.count, 2);
	assert_ptr_equal(spans_find(&spans, 100), &spans.list[0]);
	assert_ptr_equal(spans_find(&spans, 199), &spans.list[0]);
	assert_null(spans_find(&spans, 200));
	assert_null(spans_find(&spans, 355));
	assert_null(spans_find(&spans, 395));
	assert_ptr_equal(spans_find(&spans, 415), &spans.list[1]);
	spans_free(&spans);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chunks, setup, teardown),
		cmocka_unit_test_setup_teardown(borders, setup, teardown),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
		cmocka_unit_test_setup_teardown(top_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(locked, setup, teardown),
		cmocka_unit_test_setup_teardown(no_arena, setup, teardown),
		cmocka_unit_test_setup_teardown(fast_bins, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    through_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    not_through_free_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(at_odd_places, setup, teardown),
		cmocka_unit_test(overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
