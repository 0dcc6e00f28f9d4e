/*
 * probe_label_test.c: labels are kept as far as there is room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"
#include "probe/label.h"

static void
test_none(void **state)
{
	assert_int_equal(label_new(NULL), 0);
	assert_int_equal(label_new(""), 0);
	assert_string_equal(label_text(0), "");
	assert_string_equal(label_text(UINT32_MAX), "");
}

static void
test_text(void **state)
{
	uint32_t one = label_new("one");
	uint32_t two = label_new("two");

	assert_int_not_equal(one, two);
	assert_string_equal(label_text(one), "one");
	assert_string_equal(label_text(two), "two");
}

static void
test_long(void **state)
{
	char text[2 * WIRE_LABEL_MAX];
	uint32_t number;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	number = label_new(text);
	assert_int_equal(strlen(label_text(number)), WIRE_LABEL_MAX - 1);
	assert_memory_equal(label_text(number), text, WIRE_LABEL_MAX - 1);
}

/* Then tasks have none; those that have one keep it. */
static void
test_no_room(void **state)
{
	uint32_t first = label_new("first");
	uint32_t count = 0;

	while (label_new("another") != 0) {
		assert_in_range(++count, 0, 1000000);
	}
	assert_int_equal(label_new("one more"), 0);
	assert_string_equal(label_text(first), "first");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
