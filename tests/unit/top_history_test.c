/* top_history_test.c: the ring, and the scale of its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "top/history.h"

static void
empty(void **state)
{
	struct history history = { 0 };
	struct history_range range = history_range(&history, 10);
	int levels[3];

	assert_int_equal(range.low, 0);
	assert_int_equal(range.high, 0);
	history_line(&history, levels, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(levels[i], -1);
	}
}

static void
ring_keeps_the_newest(void **state)
{
	struct history history = { 0 };

	for (uint32_t i = 0; i < HISTORY_MAX + 5; i++) {
		history_add(&history, i);
	}
	assert_int_equal(history.count, HISTORY_MAX);
	assert_int_equal(history_get(&history, 0), HISTORY_MAX + 4);
	assert_int_equal(history_get(&history, HISTORY_MAX - 1), 5);
}

static void
expect_line(
    const uint32_t *values, size_t count, const int *expected, size_t width)
{
	struct history history = { 0 };
	int levels[16];

	for (size_t i = 0; i < count; i++) {
		history_add(&history, values[i]);
	}
	history_line(&history, levels, width);
	for (size_t i = 0; i < width; i++) {
		assert_int_equal(levels[i], expected[i]);
	}
}

/* Small numbers: a level is one. The newest stands on the right. */
static void
small_numbers_are_exact(void **state)
{
	expect_line(
	    (uint32_t[]) { 0, 1, 2, 7 }, 4, (int[]) { -1, -1, 0, 1, 2, 7 }, 6);
	expect_line((uint32_t[]) { 0, 0 }, 2, (int[]) { 0, 0 }, 2);
}

static void
only_what_is_seen_counts(void **state)
{
	expect_line((uint32_t[]) { 1000, 0, 7 }, 3, (int[]) { 0, 7 }, 2);
}

/* A slow climb of a large number is seen from bottom to top. */
static void
climb_is_seen(void **state)
{
	expect_line(
	    (uint32_t[]) { 1000, 1050, 1100 }, 3, (int[]) { 0, 4, 7 }, 3);
}

/* One more or less of a thousand is no news. */
static void
quiet_is_quiet(void **state)
{
	expect_line((uint32_t[]) { 1000, 1001, 1000, 999 }, 4,
	    (int[]) { 2, 2, 2, 2 }, 4);
}

static void
extremes_do_not_overflow(void **state)
{
	expect_line((uint32_t[]) { 0, UINT32_MAX, UINT32_MAX / 2 }, 3,
	    (int[]) { 0, 7, 3 }, 3);
	expect_line(
	    (uint32_t[]) { UINT32_MAX, UINT32_MAX }, 2, (int[]) { 2, 2 }, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(ring_keeps_the_newest),
		cmocka_unit_test(small_numbers_are_exact),
		cmocka_unit_test(only_what_is_seen_counts),
		cmocka_unit_test(climb_is_seen),
		cmocka_unit_test(quiet_is_quiet),
		cmocka_unit_test(extremes_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
