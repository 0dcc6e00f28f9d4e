/* heap_map_test.c: lengths of blocks as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/heap_map.h"

static void
test_short_is_exact(void **state)
{
	for (uint64_t granules = 0; granules < 16; granules++) {
		assert_int_equal(
		    heap_map_granules(heap_map_code(granules)), granules);
	}
}

static void
check_rounded(uint64_t granules)
{
	uint64_t back = heap_map_granules(heap_map_code(granules));

	assert_true(back >= granules);
	assert_true(back - granules <= granules / 8);
}

static void
test_long_is_rounded_up(void **state)
{
	for (uint64_t granules = 16; granules < 100000; granules++) {
		check_rounded(granules);
	}
	for (unsigned int bit = 17; bit < 34; bit++) {
		check_rounded((UINT64_C(1) << bit) - 1);
		check_rounded(UINT64_C(1) << bit);
	}
}

static void
test_every_code_stands_for_itself(void **state)
{
	for (unsigned int code = 1; code < 256; code++) {
		assert_int_equal(
		    heap_map_code(heap_map_granules((uint8_t) code)), code);
	}
}

static void
test_too_long_is_nothing(void **state)
{
	assert_int_equal(heap_map_code(heap_map_granules(255) + 1), 0);
	assert_int_equal(heap_map_code(UINT64_C(1) << 60), 0);
	assert_int_equal(heap_map_code(UINT64_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_is_exact),
		cmocka_unit_test(test_long_is_rounded_up),
		cmocka_unit_test(test_every_code_stands_for_itself),
		cmocka_unit_test(test_too_long_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
