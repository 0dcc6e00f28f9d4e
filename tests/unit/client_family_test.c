/* client_family_test.c: who stands below whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/family.h"

/* "1 .2 ..3" for 1, its child 2, and that one's child 3. */
static void
assert_family(struct family_member *members, size_t count, const char *expected)
{
	char text[256] = "";
	size_t length = 0;

	family_sort(members, count);
	for (size_t i = 0; i < count; i++) {
		length += (size_t) snprintf(text + length,
		    sizeof(text) - length, "%s%.*s%d", i > 0 ? " " : "",
		    (int) members[i].depth, "..........", members[i].pid);
	}
	assert_string_equal(text, expected);
}

#define FAMILY(expected, ...)                                                  \
	do {                                                                   \
		struct family_member members_[] = { __VA_ARGS__ };             \
		assert_family(members_,                                        \
		    sizeof(members_) / sizeof(members_[0]), (expected));       \
	} while (0)

static void
strangers(void **state)
{
	family_sort(NULL, 0);
	FAMILY("5", { .pid = 5, .parent = 1 });
	FAMILY("2 5 9", { .pid = 9, .parent = 1 }, { .pid = 2, .parent = 77 },
	    { .pid = 5 });
}

static void
families(void **state)
{
	FAMILY("10 .11 .12 ..7 .20 30 .31", { .pid = 7, .parent = 12 },
	    { .pid = 11, .parent = 10 }, { .pid = 31, .parent = 30 },
	    { .pid = 12, .parent = 10 }, { .pid = 30, .parent = 1 },
	    { .pid = 20, .parent = 10 }, { .pid = 10, .parent = 1 });
}

/* What is kept of each: whom it is of, and its parent if that is there. */
static void
kept(void **state)
{
	struct family_member members[] = {
		{ .pid = 3, .parent = 2, .index = 0 },
		{ .pid = 2, .parent = 1, .index = 1 },
	};

	assert_family(members, 2, "2 .3");
	assert_int_equal(members[0].index, 1);
	assert_int_equal(members[0].parent, 0);
	assert_int_equal(members[1].index, 0);
	assert_int_equal(members[1].parent, 2);
}

/* What cannot be, but can be read. */
static void
circles(void **state)
{
	FAMILY("5", { .pid = 5, .parent = 5 });
	FAMILY("4 .3", { .pid = 3, .parent = 4 }, { .pid = 4, .parent = 3 });
	FAMILY("1 .2 5 .6 ..4", { .pid = 1, .parent = 0 },
	    { .pid = 2, .parent = 1 }, { .pid = 4, .parent = 6 },
	    { .pid = 5, .parent = 4 }, { .pid = 6, .parent = 5 });
}

static void
many(void **state)
{
	enum { MANY = 20000 };
	static struct family_member members[MANY];

	/* One below the other. */
	for (int i = 0; i < MANY; i++) {
		members[i] = (struct family_member) { .pid = MANY - i,
			.parent = MANY - i - 1 };
	}
	family_sort(members, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(members[i].pid, i + 1);
		assert_int_equal(members[i].depth, i);
	}
	/* A master and its workers. */
	for (int i = 0; i < MANY; i++) {
		members[i] = (struct family_member) { .pid = MANY - i,
			.parent = i == MANY - 1 ? 0 : 1 };
	}
	family_sort(members, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(members[i].pid, i + 1);
		assert_int_equal(members[i].depth, i > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers),
		cmocka_unit_test(families),
		cmocka_unit_test(kept),
		cmocka_unit_test(circles),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
