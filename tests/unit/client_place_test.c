/* client_place_test.c: where sockets are; names of signals and threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include "client/text.h"
#include "common/place.h"
#include "common/signals.h"

static void
directories(void **state)
{
	char text[PLACE_MAX];

	assert_int_equal(place_directory(0, 1000, text, sizeof(text)), 23);
	assert_string_equal(text, "/run/user/1000/stranded");
	place_directory(1, 0, text, sizeof(text));
	assert_string_equal(text, "/tmp/stranded-0");
	place_directory(1, UINT32_MAX, text, sizeof(text));
	assert_string_equal(text, "/tmp/stranded-4294967295");
	assert_int_equal(
	    place_directory(PLACE_COUNT, 0, text, sizeof(text)), 0);
}

static void
socket_names(void **state)
{
	char text[PLACE_MAX];

	place_socket("/tmp/x", 12, text, sizeof(text));
	assert_string_equal(text, "/tmp/x/12.sock");
	assert_int_equal(place_name(UINT32_MAX, text, PLACE_NAME_MAX), 15);
	assert_string_equal(text, "4294967295.sock");
}

/* It never writes beyond the room it is given, and says if it is too little. */
static void
too_little_room(void **state)
{
	for (size_t size = 0; size <= 32; size++) {
		char *text = malloc(size + 1);
		size_t length;

		text[size] = '!';
		length = place_socket("/tmp/stranded-1000", 1234, text, size);
		assert_int_equal(length, size >= 29 ? 28 : 0);
		assert_int_equal(text[size], '!');
		free(text);
	}
}

static void
signal_names(void **state)
{
	assert_int_equal(signals_number("QUIT"), SIGQUIT);
	assert_int_equal(signals_number("SIGQUIT"), SIGQUIT);
	assert_int_equal(signals_number("sigusr1"), SIGUSR1);
	assert_int_equal(signals_number("12"), SIGUSR2);
	assert_int_equal(signals_number("none"), 0);
	assert_int_equal(signals_number("RTMIN"), 34);
	assert_int_equal(signals_number("rtmin+3"), 37);
	assert_int_equal(signals_number("64"), 64);
}

static void
not_signals(void **state)
{
	static const char *const words[] = { "", "SIG", "QUI", "QUITS", "KILL",
		"STOP", "9", "19", "SEGV", "CHLD", "0", "-3", "3x", "65", "999",
		"9999999999", "RTMIN+31", "RTMIN-1", "RTMIN+", "RTMINx" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(signals_number(words[i]), -1);
	}
}

static void
clean_text(void **state)
{
	static const struct {
		const char *dirty;
		const char *clean;
	} cases[] = {
		{ "", "" },
		{ "reader 7", "reader 7" },
		{ "\x1b[2Jx\n", "?[2Jx?" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "a\xc3", "a?" },              /* cut short */
		{ "\x80\xff", "??" },           /* no beginning */
		{ "\xc0\xaf", "??" },           /* longer than needed */
		{ "\xed\xa0\x80", "???" },      /* half of a pair */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
		{ "\xc2\x9b"
		  "2J",
		    "??2J" }, /* a terminal's other escape */
		{ "\xe2\x80\xae"
		  "txt",
		    "???txt" }, /* turns the direction */
		{ "\x7f", "?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", cases[i].dirty);
		text_clean(text);
		assert_string_equal(text, cases[i].clean);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories),
		cmocka_unit_test(socket_names),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(signal_names),
		cmocka_unit_test(not_signals),
		cmocka_unit_test(clean_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
