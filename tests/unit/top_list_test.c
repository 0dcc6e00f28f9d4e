/* top_list_test.c: the selection belongs to a row, not to a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "top/list.h"

/* Rows that are nothing but their keys. */
#define ROWS(...)                                                              \
	((struct rows) {                                                       \
	    .first = (uint64_t[]) { __VA_ARGS__ },                             \
	    .count = sizeof((uint64_t[]) { __VA_ARGS__ }) / sizeof(uint64_t),  \
	    .size = sizeof(uint64_t),                                          \
	})

static const struct rows nothing = { NULL, 0, sizeof(uint64_t) };

static void
first_row_is_selected(void **state)
{
	struct list list = { 0 };

	list_settle(&list, nothing, 5);
	assert_null(list_selected(&list, nothing));
	list_move(&list, nothing, 1);
	list_settle(&list, ROWS(7, 8), 5);
	assert_int_equal(list.key, 7);
	assert_int_equal(list.index, 0);
}

static void
selection_follows_its_row(void **state)
{
	struct list list = { 0 };

	list_settle(&list, ROWS(1, 2, 3), 5);
	list_move(&list, ROWS(1, 2, 3), 1);
	assert_int_equal(list.key, 2);
	list_settle(&list, ROWS(9, 3, 1, 2), 5);
	assert_int_equal(list.key, 2);
	assert_int_equal(list.index, 3);
	list_settle(&list, ROWS(2, 9), 5);
	assert_int_equal(list.index, 0);
}

static void
successor_is_selected(void **state)
{
	struct list list = { 0 };

	list_settle(&list, ROWS(1, 2, 3), 5);
	list_move(&list, ROWS(1, 2, 3), 1);
	list_settle(&list, ROWS(1, 3), 5);
	assert_int_equal(list.key, 3);
	list_settle(&list, ROWS(1), 5);
	assert_int_equal(list.key, 1);
	/* For a moment there is nothing; then the row is back. */
	list_settle(&list, nothing, 5);
	assert_null(list_selected(&list, nothing));
	list_settle(&list, ROWS(5, 1), 5);
	assert_int_equal(list.key, 1);
}

static void
moves_end_at_the_ends(void **state)
{
	struct rows rows = ROWS(1, 2, 3, 4, 5);
	struct list list = { 0 };

	list_settle(&list, rows, 2);
	list_move(&list, rows, -3);
	assert_int_equal(list.index, 0);
	list_move(&list, rows, 1L << 30);
	assert_int_equal(list.index, 4);
	assert_int_equal(list.top, 3);
	list_move(&list, rows, -2);
	assert_int_equal(list.index, 2);
	assert_int_equal(list.top, 2);
	list_move(&list, rows, -(1L << 30));
	assert_int_equal(list.index, 0);
	assert_int_equal(list.top, 0);
}

/* Rows come in above: the list scrolls, the row stays where it was seen. */
static void
row_stays_under_the_eye(void **state)
{
	struct rows rows = ROWS(1, 2, 3, 4, 5, 6);
	struct list list = { 0 };

	list_settle(&list, rows, 3);
	list_move(&list, rows, 3);
	assert_int_equal(list.top, 1);
	list_settle(&list, ROWS(8, 9, 1, 2, 3, 4, 5, 6), 3);
	assert_int_equal(list.key, 4);
	assert_int_equal(list.index - list.top, 2);
}

static void
selection_is_seen_after_resize(void **state)
{
	struct rows rows = ROWS(1, 2, 3, 4, 5, 6);
	struct list list = { 0 };

	list_settle(&list, rows, 6);
	list_move(&list, rows, 5);
	list_settle(&list, rows, 2);
	assert_int_equal(list.top, 4);
	list_settle(&list, rows, 10);
	assert_int_equal(list.top, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_row_is_selected),
		cmocka_unit_test(selection_follows_its_row),
		cmocka_unit_test(successor_is_selected),
		cmocka_unit_test(moves_end_at_the_ends),
		cmocka_unit_test(row_stays_under_the_eye),
		cmocka_unit_test(selection_is_seen_after_resize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
