/* top_filter_test.c: what a filter lets pass. */
#include "unit/top_snapshot.h"

#include "top/filter.h"

static struct stack waiting;
static struct stack creation;
static struct filter_subject subject;

static bool
passes(const char *text)
{
	struct filter filter;

	filter_parse(&filter, text);
	return filter_passes(&filter, &subject);
}

static int
setup(void **state)
{
	waiting = STACK(stack_reader);
	creation = STACK(stack_serve);
	subject = (struct filter_subject) {
		.words = { "lector", "task 7", NULL, "0x55e0" },
		.state = "chan send",
		.session = 41,
		.session_name = "127.0.0.1:53920",
		.age_ns = 600 * SECOND,
		.verdict = VERDICT_LEAKED,
		.stacks = { &waiting, &creation },
	};
	return 0;
}

static void
words(void **state)
{
	assert_true(passes(""));
	assert_true(passes("   "));
	assert_true(passes("lector"));
	assert_true(passes("LECT"));
	assert_true(passes("chan"));
	assert_true(passes("53920"));
	assert_true(passes("session_server.c"));
	assert_true(passes("lector 55e0"));
	assert_false(passes("lector missing"));
	assert_true(passes("\"task 7\""));
	assert_false(passes("\"task 8\""));
	assert_true(passes("\"task 7"));
}

static void
prefixes(void **state)
{
	assert_true(passes("state:send"));
	assert_true(passes("State:\"chan send\""));
	assert_false(passes("state:mutex"));
	assert_true(passes("session:41"));
	assert_false(passes("session:4"));
	assert_true(passes("session:53920"));
	assert_true(passes("fn:reader"));
	assert_true(passes("fn:main"));
	assert_false(passes("fn:session_server"));
	assert_false(passes("fn:lector"));
	assert_true(passes("verdict:leaked"));
	assert_false(passes("verdict:ok"));
}

static void
ages(void **state)
{
	assert_true(passes("age>9m"));
	assert_false(passes("age>10m"));
	assert_true(passes("age<11m"));
	assert_true(passes("age>599"));
	assert_true(passes("age>0.1h"));
	assert_false(passes("age>1d"));
	assert_false(passes("age>99999999999999999d"));
	subject.age_ns = -1;
	assert_false(passes("age>0"));
	assert_false(passes("age<1d"));
}

static void
negations(void **state)
{
	assert_true(passes("!missing"));
	assert_false(passes("!lector"));
	assert_true(passes("state:send !fn:nobody"));
	assert_false(passes("!age>1m"));
}

/* What makes no sense is looked for as it stands. */
static void
nonsense_is_a_word(void **state)
{
	assert_false(passes("age>soon"));
	assert_false(passes("age>"));
	assert_false(passes("!"));
	subject.words[0] = "! age>soon";
	assert_true(passes("age>soon"));
	assert_true(passes("!"));
}

static void
too_much_is_cut(void **state)
{
	char text[4 * FILTER_TEXT_MAX];

	memset(text, 'z', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(passes(text));
	for (size_t i = 1; i < sizeof(text) - 1; i += 2) {
		text[i] = ' ';
	}
	assert_false(passes(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words, setup),
		cmocka_unit_test_setup(prefixes, setup),
		cmocka_unit_test_setup(ages, setup),
		cmocka_unit_test_setup(negations, setup),
		cmocka_unit_test_setup(nonsense_is_a_word, setup),
		cmocka_unit_test_setup(too_much_is_cut, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
