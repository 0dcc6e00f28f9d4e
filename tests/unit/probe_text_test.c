/*
 * probe_text_test.c: text without stdio, and memory functions without libc.
 *
 * The latter are compiled here once more, under names of their own.
 */
#include "unit/probe_fixture.h"

#include "probe/text.h"

#define memcpy  own_memcpy
#define memmove own_memmove
#define memset  own_memset
#define memcmp  own_memcmp
#pragma GCC diagnostic ignored "-Wredundant-decls"
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#include "probe/memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

/* ---- Text -------------------------------------------------------------- */

static void
text_grows_to_its_end(void **state)
{
	char data[8] = "zzzzzzz";
	struct text text;

	text_begin(&text, data, sizeof data);
	assert_string_equal(data, "");
	text_add(&text, "abc");
	assert_string_equal(data, "abc");
	text_add_bytes(&text, "defg", 4);
	assert_string_equal(data, "abcdefg");
	assert_int_equal(text.length, 7);
	assert_false(text.overflowed);
	text_add(&text, "");
	assert_false(text.overflowed);
	text_add(&text, "h");
	assert_true(text.overflowed);
	assert_string_equal(data, "abcdefg");
}

/* The byte after the memory is never written. */
static void
text_never_overruns(void **state)
{
	for (size_t size = 0; size < 20; size++) {
		char *data = malloc(size + 1);
		struct text text;

		data[size] = '!';
		text_begin(&text, data, size);
		text_add(&text, "one ");
		text_add_number(&text, 1234567);
		text_add_hex(&text, 0xabc);
		assert_int_equal(data[size], '!');
		assert_int_equal(text.overflowed, size < 17);
		if (size > 0) {
			assert_int_equal(strlen(data), text.length);
			assert_memory_equal(
			    data, "one 12345670xabc", text.length);
		}
		free(data);
	}
}

static void
numbers_as_text(void **state)
{
	char data[64];
	struct text text;

	text_begin(&text, data, sizeof data);
	text_add_number(&text, 0);
	text_add(&text, " ");
	text_add_number(&text, UINT64_MAX);
	text_add(&text, " ");
	text_add_hex(&text, 0);
	text_add(&text, " ");
	text_add_hex(&text, UINT64_MAX);
	assert_string_equal(
	    data, "0 18446744073709551615 0x0 0xffffffffffffffff");
}

static void
text_as_numbers(void **state)
{
	assert_int_equal(text_number("0"), 0);
	assert_int_equal(text_number("0042"), 42);
	assert_true(text_number("922337203685477579") == 922337203685477579);
	assert_int_equal(text_number(""), -1);
	assert_int_equal(text_number("-1"), -1);
	assert_int_equal(text_number(" 1"), -1);
	assert_int_equal(text_number("1x"), -1);
	assert_int_equal(text_number("99999999999999999999999999"), -1);
}

static void
text_is_compared(void **state)
{
	const char *path = "/proc/self";

	assert_true(text_equal("", ""));
	assert_true(text_equal("abc", "abc"));
	assert_false(text_equal("abc", "ab"));
	assert_false(text_equal("ab", "abc"));
	assert_ptr_equal(text_after(path, "/proc"), path + 5);
	assert_ptr_equal(text_after(path, ""), path);
	assert_ptr_equal(text_after(path, path), path + strlen(path));
	assert_null(text_after(path, "/proc/self/"));
	assert_int_equal(text_length(""), 0);
	assert_int_equal(text_length(path), strlen(path));
}

static void
text_is_copied_as_far_as_it_fits(void **state)
{
	char to[4];

	text_copy(to, "ab", sizeof to);
	assert_string_equal(to, "ab");
	text_copy(to, "abcdef", sizeof to);
	assert_string_equal(to, "abc");
	text_copy(to, "", 1);
	assert_string_equal(to, "");
}

/* ---- Memory ------------------------------------------------------------ */

enum { AREA = 64 };

static void
fill(unsigned char *bytes)
{
	for (int i = 0; i < AREA; i++) {
		bytes[i] = (unsigned char) (i * 7 + 1);
	}
}

/* Every size at every distance, overlapping both ways. */
static void
memory_is_moved(void **state)
{
	unsigned char own[AREA], right[AREA];

	for (size_t size = 0; size <= 24; size++) {
		for (size_t from = 0; from < 16; from++) {
			for (size_t to = 0; to < 16; to++) {
				fill(own);
				fill(right);
				assert_ptr_equal(
				    own_memmove(own + to, own + from, size),
				    own + to);
				memmove(right + to, right + from, size);
				assert_memory_equal(own, right, AREA);
			}
		}
	}
}

static void
memory_is_copied_and_set(void **state)
{
	unsigned char from[AREA], own[AREA], right[AREA];

	fill(from);
	for (size_t size = 0; size <= 32; size++) {
		for (size_t at = 0; at < 8; at++) {
			own_memset(own, 0x1ff, AREA);
			memset(right, 0xff, AREA);
			assert_ptr_equal(
			    own_memcpy(own + at, from + 3, size), own + at);
			memcpy(right + at, from + 3, size);
			assert_memory_equal(own, right, AREA);
			own_memset(own + at, 0, size);
			memset(right + at, 0, size);
			assert_memory_equal(own, right, AREA);
		}
	}
}

static void
memory_is_compared(void **state)
{
	assert_int_equal(own_memcmp("abc", "abd", 2), 0);
	assert_true(own_memcmp("abc", "abd", 3) < 0);
	assert_true(own_memcmp("\xff", "\x01", 1) > 0);
	assert_int_equal(own_memcmp("a", "b", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(text_grows_to_its_end),
		FIXTURE_TEST(text_never_overruns),
		FIXTURE_TEST(numbers_as_text),
		FIXTURE_TEST(text_as_numbers),
		FIXTURE_TEST(text_is_compared),
		FIXTURE_TEST(text_is_copied_as_far_as_it_fits),
		FIXTURE_TEST(memory_is_moved),
		FIXTURE_TEST(memory_is_copied_and_set),
		FIXTURE_TEST(memory_is_compared),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
