/* top_order_test.c: rows filtered, sorted, and as a tree. */
#include "unit/top_snapshot.h"

#include "top/order.h"

/* A row with a parent, and a name. */
struct item {
	uint64_t key;
	uint64_t parent;
	const char *name;
};

static struct item items[20000];
static size_t item_count;

static void
name_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    ((const struct item *) row)->name);
}

static int64_t
key_number(const void *row)
{
	return (int64_t) ((const struct item *) row)->key;
}

static uint64_t
parent(const void *row)
{
	return ((const struct item *) row)->parent;
}

/* By the first letter of the name. */
static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	return ((const struct item *) row)->name[0] == filter->terms[0].text[0];
}

static const struct column by_name = { .cell = name_cell };
static const struct column by_key = { .cell = name_cell, .number = key_number };
static const struct column by_key_down = {
	.cell = name_cell, .number = key_number, .descending = true
};

static void
add(uint64_t key, uint64_t above, const char *name)
{
	items[item_count++] = (struct item) { key, above, name };
}

static struct order
make(const struct column *column, bool inverted, const char *text, bool tree)
{
	struct filter filter;
	const struct order_wish wish = {
		.rows = { items, item_count, sizeof(items[0]) },
		.column = column,
		.inverted = inverted,
		.filter = &filter,
		.match = match,
		.parent = tree ? parent : NULL,
	};
	struct order order = { 0 };

	filter_parse(&filter, text);
	order_make(&order, &wish);
	return order;
}

/* Compares keys and depths, "1 .2 ..3", and frees the order. */
static void
expect(struct order order, const char *expected)
{
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < order.count; i++) {
		used += (size_t) snprintf(text + used, sizeof(text) - used,
		    "%s%.*s%s%d", i > 0 ? " " : "", (int) order.list[i].depth,
		    "..........", order.list[i].faint ? "(" : "",
		    (int) order.list[i].key);
	}
	assert_string_equal(text, expected);
	order_fini(&order);
}

static int
setup(void **state)
{
	item_count = 0;
	return 0;
}

static void
nothing(void **state)
{
	expect(make(&by_key, false, "", false), "");
	expect(make(&by_key, false, "", true), "");
}

static void
sorted(void **state)
{
	add(2, 0, "b");
	add(1, 0, "C");
	add(3, 0, "a");
	add(4, 0, "b");
	expect(make(&by_key, false, "", false), "1 2 3 4");
	expect(make(&by_key, true, "", false), "4 3 2 1");
	expect(make(&by_key_down, false, "", false), "4 3 2 1");
	expect(make(&by_name, false, "", false), "3 2 4 1");
	expect(make(&by_name, true, "", false), "1 2 4 3");
}

static void
filtered(void **state)
{
	struct order order;

	add(1, 0, "ant");
	add(2, 0, "bee");
	add(3, 0, "asp");
	order = make(&by_key, false, "a", false);
	assert_int_equal(order.total, 3);
	expect(order, "1 3");
	expect(make(&by_key, false, "z", false), "");
}

static void
trees(void **state)
{
	add(1, 0, "a");
	add(2, 5, "a");
	add(3, 2, "a");
	add(4, 5, "a");
	add(5, 0, "a");
	add(6, 99, "a"); /* its parent is not there */
	expect(make(&by_key, false, "", true), "5 .2 ..3 .4 1 6");
	expect(make(&by_key, true, "", true), "5 .4 .2 ..3 6 1");
}

/* What passes brings those above it along. */
static void
filtered_trees(void **state)
{
	add(1, 0, "root");
	add(2, 1, "inner");
	add(3, 2, "leaf");
	add(4, 1, "other");
	expect(make(&by_key, false, "l", true), "(1 .(2 ..3");
	expect(make(&by_key, false, "i", true), "(1 .2");
}

static void
circles(void **state)
{
	add(1, 2, "a");
	add(2, 3, "a");
	add(3, 1, "a");
	add(4, 3, "a");
	add(5, 5, "a");
	expect(make(&by_key, false, "", true), "1 .3 ..2 ..4 5");
}

/* Lines to the rows that follow. */
static void
open_levels(void **state)
{
	struct order order;

	add(1, 0, "a");
	add(2, 1, "a");
	add(3, 2, "a");
	add(4, 1, "a");
	order = make(&by_key, false, "", true);
	assert_int_equal(order.list[0].open, 0);
	assert_int_equal(order.list[1].open, 1);
	assert_int_equal(order.list[2].open, 1);
	assert_int_equal(order.list[3].open, 0);
	order_fini(&order);
}

/* A chain of thousands takes no time, and no stack. */
static void
long_chain(void **state)
{
	struct order order;

	for (uint64_t i = 1; i <= 20000; i++) {
		add(i, i - 1, i == 20000 ? "x" : "a");
	}
	order = make(&by_key, false, "x", true);
	assert_int_equal(order.count, 20000);
	assert_int_equal(order.list[19999].depth, 19999);
	assert_false(order.list[19999].faint);
	order_fini(&order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing, setup),
		cmocka_unit_test_setup(sorted, setup),
		cmocka_unit_test_setup(filtered, setup),
		cmocka_unit_test_setup(trees, setup),
		cmocka_unit_test_setup(filtered_trees, setup),
		cmocka_unit_test_setup(circles, setup),
		cmocka_unit_test_setup(open_levels, setup),
		cmocka_unit_test_setup(long_chain, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
