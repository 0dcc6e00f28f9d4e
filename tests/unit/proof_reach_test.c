/*
 * proof_reach_test.c: the search for addresses in bytes, which looks at many
 * places together, finds what one finds who looks at each by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/reach.h"
#include "proof/spans.h"

#define ROUNDS   20000 /* for each layout */
#define BYTES    200   /* of one round, at most */
#define PLACES   4
#define SPANS    8 /* at each place */
#define SPAN     0x40u
#define DISTANCE 0x100u /* between the begins of two */

/* Where there is something that can be reached; 0: nowhere else. */
static const uint64_t layouts[][PLACES] = {
	{ 0x555555554000, 0x7ffff7d00000, 0x7ffffffde000 },
	{ 0x400000, 0x1c3a000, 0x7f3200000000 }, /* not to be moved */
	{ 0xffffb0000000, 0xaaaac0000000 },
	{ 0x7f00deadb000 },
	{ 0x1000 },
	{ 0xff00007fffff00, 0x7f0000000000 }, /* five levels of tables */
	{ UINT64_MAX - 0x10000, 0x10000 },
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static void
make_spans(struct spans *spans, const uint64_t places[PLACES])
{
	*spans = (struct spans) { 0 };
	for (size_t p = 0; p < PLACES && places[p] != 0; p++) {
		for (size_t i = 0; i < SPANS; i++) {
			uint64_t start = places[p] + i * DISTANCE;

			spans_add(spans,
			    (struct span) { start, start + SPAN, SPAN_TLS, 0 });
		}
	}
	spans_seal(spans);
}

/* Always the same sequence. */
static uint64_t
next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* An address in or near one of the spans. */
static uint64_t
some_address(const struct spans *spans)
{
	const struct span *span = &spans->list[next_random() % spans->count];

	return span->start + next_random() % (2 * SPAN) - SPAN / 2;
}

/* Zeros, or anything; addresses here and there, one over the other. */
static size_t
make_bytes(const struct spans *spans, uint8_t bytes[BYTES])
{
	size_t size = next_random() % (BYTES + 1);

	memset(bytes, 0, BYTES);
	for (size_t i = 0; i < size && next_random() % 4 > 0; i++) {
		bytes[i] = (uint8_t) (next_random() % 3 * next_random());
	}
	for (size_t n = next_random() % 8; n > 0 && size >= 8; n--) {
		uint64_t address = some_address(spans);

		memcpy(bytes + next_random() % (size - 7), &address, 8);
	}
	return size;
}

static void
find_each(
    const struct spans *spans, const uint8_t *bytes, size_t size, bool *found)
{
	for (size_t i = 0; i + 8 <= size; i++) {
		const struct span *span;
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		span = spans_find(spans, word);
		if (span != NULL) {
			found[span - spans->list] = true;
		}
	}
}

static void
check_layout(const uint64_t places[PLACES])
{
	const struct image image = { 0 };
	struct heaps heaps = { 0 };
	struct spans spans;
	size_t all = 0;

	make_spans(&spans, places);
	for (size_t round = 0; round < ROUNDS; round++) {
		bool expected[PLACES * SPANS] = { false };
		struct reach reach;
		/* Of its own size, so that what reads beyond it is seen. */
		uint8_t bytes[BYTES], *exact;
		size_t size = make_bytes(&spans, bytes);

		exact = malloc(size);
		assert_true(exact != NULL || size == 0);
		if (size > 0) {
			memcpy(exact, bytes, size);
		}
		find_each(&spans, bytes, size, expected);
		reach_init(&reach, &image, &spans, &heaps);
		reach_bytes(&reach, exact, size);
		for (size_t i = 0; i < spans.count; i++) {
			assert_int_equal(reach.span_marked[i], expected[i]);
			all += expected[i];
		}
		reach_free(&reach);
		free(exact);
	}
	assert_true(all > ROUNDS / 2);
	spans_free(&spans);
}

static void
everywhere(void **state)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		check_layout(layouts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
