/* render_words_test.c: durations and places in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/words.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void
durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} all[] = {
		{ -5, "0s" },
		{ WORDS_SECOND - 1, "0s" },
		{ 4 * WORDS_SECOND, "4s" },
		{ WORDS_MINUTE - 1, "59s" },
		{ WORDS_MINUTE, "1 minute" },
		{ 2 * WORDS_MINUTE, "2 minutes" },
		{ 119 * WORDS_MINUTE, "119 minutes" },
		{ 120 * WORDS_MINUTE, "2 hours" },
		{ 47 * 60 * WORDS_MINUTE, "47 hours" },
		{ 48 * 60 * WORDS_MINUTE, "2 days" },
		{ INT64_MAX, "106751 days" },
	};
	char text[WORDS_MAX];

	for (size_t i = 0; i < LENGTH(all); i++) {
		assert_string_equal(
		    words_duration(text, all[i].ns), all[i].text);
	}
}

static void
ages(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} all[] = {
		{ -5, "-" },
		{ WORDS_SECOND - 1, "0s" },
		{ WORDS_MINUTE - 1, "59s" },
		{ WORDS_MINUTE, "1m00s" },
		{ WORDS_HOUR + 65 * WORDS_SECOND, "1h01m" },
		{ WORDS_DAY + 3 * WORDS_HOUR, "1d03h" },
		{ INT64_MAX, "106751d23h" },
	};
	char text[WORDS_MAX];

	for (size_t i = 0; i < LENGTH(all); i++) {
		assert_string_equal(words_age(text, all[i].ns), all[i].text);
	}
}

static void
places(void **state)
{
	struct frame frame = { .pc = 0x1000 };
	char text[64];

	words_place(text, sizeof(text), NULL);
	assert_string_equal(text, "");
	words_place(text, sizeof(text), &frame);
	assert_string_equal(text, "0x1000");
	frame.module = "/srv/lib/quiet.so";
	frame.offset = 0xabc;
	words_place(text, sizeof(text), &frame);
	assert_string_equal(text, "quiet.so+0xabc");
	words_location(text, sizeof(text), &frame);
	assert_string_equal(text, "/srv/lib/quiet.so+0xabc");
	frame.function = "reader";
	frame.file = "src/server.c";
	frame.line = 58;
	words_place(text, sizeof(text), &frame);
	assert_string_equal(text, "reader server.c:58");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(ages),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
