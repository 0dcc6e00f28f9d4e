/* top_history_test.c: the slots of each window, and the scale of their line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "top/history.h"

/* Slots of the first window, a minute long. */
#define SLOT_NS (UINT64_C(60000000000) / HISTORY_SLOTS)

static void
empty(void **state)
{
	struct history history = { 0 };
	struct history_range range = history_range(&history, 0);
	int levels[3];

	assert_int_equal(range.low, 0);
	assert_int_equal(range.high, 0);
	history_line(&history, 0, levels, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(levels[i], -1);
	}
}

/* One value a slot; the newest slots as they are. */
static void
expect_line(const uint32_t *values, size_t count, const int *expected)
{
	struct history history = { 0 };
	int levels[HISTORY_SLOTS];

	for (size_t i = 0; i < count; i++) {
		history_add(&history, (1000 + i) * SLOT_NS, values[i]);
	}
	history_line(&history, 0, levels, HISTORY_SLOTS);
	for (size_t i = 0; i < HISTORY_SLOTS; i++) {
		size_t back = HISTORY_SLOTS - 1 - i;

		assert_int_equal(
		    levels[i], back < count ? expected[count - 1 - back] : -1);
	}
}

/* Small numbers: a level is one. The newest stands on the right. */
static void
small_numbers_are_exact(void **state)
{
	expect_line((uint32_t[]) { 0, 1, 2, 7 }, 4, (int[]) { 0, 1, 2, 7 });
	expect_line((uint32_t[]) { 0, 0 }, 2, (int[]) { 0, 0 });
}

/* A slow climb of a large number is seen from bottom to top. */
static void
climb_is_seen(void **state)
{
	expect_line((uint32_t[]) { 1000, 1050, 1100 }, 3, (int[]) { 0, 4, 7 });
}

/* One more or less of a thousand is no news. */
static void
quiet_is_quiet(void **state)
{
	expect_line(
	    (uint32_t[]) { 1000, 1001, 1000, 999 }, 4, (int[]) { 2, 2, 2, 2 });
}

static void
extremes_do_not_overflow(void **state)
{
	expect_line((uint32_t[]) { 0, UINT32_MAX, UINT32_MAX / 2 }, 3,
	    (int[]) { 0, 7, 3 });
	expect_line(
	    (uint32_t[]) { UINT32_MAX, UINT32_MAX }, 2, (int[]) { 2, 2 });
}

/* Each window is as long as it says, whatever was before. */
static void
windows_forget(void **state)
{
	struct history history = { 0 };
	uint64_t span = history_windows[0].span_ns;

	history_add(&history, 0, 100);
	for (uint64_t i = 1; i <= 2 * HISTORY_SLOTS; i++) {
		history_add(&history, i * SLOT_NS, 7);
	}
	assert_int_equal(history_range(&history, 0).high, 7);
	assert_int_equal(history_range(&history, 1).high, 100);
	history_add(&history, 100 * span, 3);
	assert_int_equal(history_range(&history, 0).low, 3);
	assert_int_equal(history_range(&history, 0).high, 7);
	assert_int_equal(history.rings[0].count, HISTORY_SLOTS);
}

/* Of many values in one slot the highest is kept. */
static void
peaks_are_kept(void **state)
{
	struct history history = { 0 };

	history_add(&history, 10 * SLOT_NS, 1);
	history_add(&history, 11 * SLOT_NS, 2);
	history_add(&history, 11 * SLOT_NS + 1, 50);
	history_add(&history, 11 * SLOT_NS + 2, 3);
	assert_int_equal(history_range(&history, 0).high, 50);
	assert_int_equal(history_range(&history, 0).low, 1);
}

/* Where nothing was heard, it is as it was last. */
static void
gaps_are_filled(void **state)
{
	struct history history = { 0 };
	int levels[HISTORY_SLOTS];

	history_add(&history, 10 * SLOT_NS, 5);
	history_add(&history, 20 * SLOT_NS, 0);
	history_line(&history, 0, levels, HISTORY_SLOTS);
	assert_int_equal(levels[HISTORY_SLOTS - 1], 0);
	for (int i = 2; i <= 11; i++) {
		assert_int_equal(levels[HISTORY_SLOTS - i], 5);
	}
	assert_int_equal(levels[HISTORY_SLOTS - 12], -1);
}

/* In a recording time goes back: what was later is not known yet. */
static void
time_goes_back(void **state)
{
	struct history history = { 0 };

	history_add(&history, 10 * SLOT_NS, 1);
	history_add(&history, 12 * SLOT_NS, 90);
	history_add(&history, 11 * SLOT_NS, 2);
	assert_int_equal(history_range(&history, 0).high, 2);
	assert_int_equal(history.rings[0].count, 2);
	history_add(&history, 1 * SLOT_NS, 3);
	assert_int_equal(history_range(&history, 0).low, 3);
	assert_int_equal(history.rings[0].count, 1);
}

/* A line of any width shows the whole window. */
static void
any_width(void **state)
{
	struct history history = { 0 };
	int levels[2 * HISTORY_SLOTS];

	for (uint64_t i = 0; i < HISTORY_SLOTS; i++) {
		history_add(&history, i * SLOT_NS, i == 0 ? 70 : 0);
	}
	for (size_t width = 1; width <= 2 * HISTORY_SLOTS; width++) {
		history_line(&history, 0, levels, width);
		assert_int_equal(levels[0], 7);
		assert_int_equal(levels[width - 1], width == 1 ? 7 : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(small_numbers_are_exact),
		cmocka_unit_test(climb_is_seen),
		cmocka_unit_test(quiet_is_quiet),
		cmocka_unit_test(extremes_do_not_overflow),
		cmocka_unit_test(windows_forget),
		cmocka_unit_test(peaks_are_kept),
		cmocka_unit_test(gaps_are_filled),
		cmocka_unit_test(time_goes_back),
		cmocka_unit_test(any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
