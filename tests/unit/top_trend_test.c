/* top_trend_test.c: how groups change, and that little is kept of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "top/trend.h"

#define SECOND UINT64_C(1000000000)

static struct trends trends;

static int
teardown(void **state)
{
	trends_fini(&trends);
	return 0;
}

static void
feed_one(uint64_t second, uint64_t key, uint32_t count)
{
	struct trend_count counts[] = { { key, count } };

	trends_feed(&trends, second * SECOND, counts, count > 0);
}

static double
rate(uint64_t key)
{
	double rate = -1e9;

	assert_true(trend_rate(&trends, trends_find(&trends, key), &rate));
	return rate;
}

static void
change_counts_from_the_first(void **state)
{
	struct trend_count both[] = { { 9, 4 }, { 3, 5 } };

	feed_one(1, 9, 3);
	assert_int_equal(trend_change(trends_find(&trends, 9)), 0);
	trends_feed(&trends, 2 * SECOND, both, 2);
	assert_int_equal(trend_change(trends_find(&trends, 9)), 1);
	assert_int_equal(trend_change(trends_find(&trends, 3)), 5);
	feed_one(3, 9, 1);
	assert_int_equal(trend_change(trends_find(&trends, 9)), -2);
	assert_int_equal(trend_change(trends_find(&trends, 3)), 0);
	assert_null(trends_find(&trends, 4));
}

static void
rate_is_of_the_last_minute(void **state)
{
	double unknown;

	feed_one(0, 1, 100);
	assert_false(trend_rate(&trends, trends_find(&trends, 1), &unknown));
	for (uint64_t second = 1; second <= 300; second++) {
		/* Ten a second at first, later one a minute. */
		feed_one(second, 1,
		    (uint32_t) (100 +
			(second < 100 ? 10 * second : 1000 + second / 60)));
	}
	assert_true(rate(1) > 0.8 && rate(1) < 1.2);
}

/* It was not there before, and that is known. */
static void
new_group_has_a_rate(void **state)
{
	for (uint64_t second = 0; second < 30; second++) {
		feed_one(second, 1, 0);
	}
	feed_one(30, 1, 60);
	assert_true(rate(1) > 100);
}

static void
what_is_gone_is_forgotten(void **state)
{
	feed_one(0, 1, 5);
	for (uint64_t i = 1; i <= 100000; i++) {
		feed_one(i, 1000 + i, 1);
	}
	/* The first, and those of the last minute or so. */
	assert_in_range(trends.count, 1, 80);
	assert_non_null(trends_find(&trends, 1));
	assert_int_equal(trend_change(trends_find(&trends, 1)), -5);
}

static void
time_goes_back(void **state)
{
	for (uint64_t second = 0; second < 100; second++) {
		feed_one(second, 1, (uint32_t) (1 + second));
	}
	feed_one(20, 1, 21);
	assert_int_equal(trend_change(trends_find(&trends, 1)), 20);
	for (uint64_t second = 21; second < 60; second++) {
		feed_one(second, 1, 21);
	}
	assert_true(rate(1) > -1 && rate(1) < 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    change_counts_from_the_first, teardown),
		cmocka_unit_test_teardown(rate_is_of_the_last_minute, teardown),
		cmocka_unit_test_teardown(new_group_has_a_rate, teardown),
		cmocka_unit_test_teardown(what_is_gone_is_forgotten, teardown),
		cmocka_unit_test_teardown(time_goes_back, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
