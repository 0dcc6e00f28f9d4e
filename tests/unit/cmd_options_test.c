/*
 * cmd_options_test.c: the table of commands is in order, what it says is
 * accepted, and the man pages say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ctype.h>

#include "unit/cmd_harness.h"

static struct cmd_outcome outcome;

static void
assert_misused(const char *line, const char *part)
{
	cmd(&outcome, line);
	assert_int_equal(outcome.status, EXIT_USAGE);
	assert_string_equal(outcome.out, "");
	if (strncmp(outcome.err, "stranded: ", 10) != 0 ||
	    strstr(outcome.err, part) == NULL) {
		fail_msg("\"%s\" does not contain \"%s\"", outcome.err, part);
	}
}

static void
assert_sentences(const char *text)
{
	assert_true(isupper((unsigned char) text[0]));
	assert_int_equal(text[strlen(text) - 1], '.');
	assert_null(strstr(text, "  "));
}

static void
check_options(const struct command *command)
{
	const struct command_option *a = command->options;

	for (; a->name != NULL; a++) {
		assert_sentences(a->text);
		assert_true(a->id != 'h' && a->id != '?' && a->id != ':');
		for (const struct command_option *b = command->options; b != a;
		     b++) {
			assert_int_not_equal(a->id, b->id);
			assert_string_not_equal(a->name, b->name);
		}
	}
}

static void
table(void **state)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct command *command = command_table[i];

		assert_ptr_equal(command_find(command->name), command);
		assert_sentences(command->text);
		assert_true(islower((unsigned char) command->summary[0]));
		assert_true(strlen(command->summary) < 64);
		check_options(command);
	}
	assert_null(command_find("nosuch"));
	assert_null(command_find(""));
}

static void
assert_short_lines(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		assert_true(length <= 80);
		text += length + 1;
	}
}

static void
help_of_each(void **state)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		char line[64];
		char usage[64];

		snprintf(
		    line, sizeof(line), "%s --help", command_table[i]->name);
		snprintf(usage, sizeof(usage), "Usage: stranded %s",
		    command_table[i]->name);
		cmd(&outcome, line);
		assert_int_equal(outcome.status, EXIT_DONE);
		assert_non_null(strstr(outcome.out, usage));
		assert_non_null(strstr(outcome.out, "-h, --help"));
		assert_string_equal(outcome.err, "");
		assert_short_lines(outcome.out);
	}
}

static void
help_command(void **state)
{
	cmd(&outcome, "help");
	assert_int_equal(outcome.status, EXIT_DONE);
	assert_non_null(strstr(outcome.out, "  dump "));
	cmd(&outcome, "help dump");
	assert_non_null(strstr(outcome.out, "--all"));
	assert_misused("help nosuch", "no command \"nosuch\"");
	cmd(&outcome, "help --words dump");
	assert_string_equal(outcome.out,
	    "--all\n--format=\n--output=\n--append\n"
	    "--replay=\n--moment=\n--help\n");
	cmd(&outcome, "version");
	assert_int_equal(outcome.status, EXIT_DONE);
	assert_non_null(strstr(outcome.out, "stranded "));
}

static void
misuse(void **state)
{
	assert_misused("dump --bogus", "unknown option --bogus");
	assert_misused("dump -z", "unknown option -z");
	assert_misused("dump -az", "unknown option -z");
	assert_misused("dump --all=yes", "--all=yes");
	assert_misused("dump -f", "needs an argument");
	assert_misused("dump --output", "needs an argument");
	assert_misused("dump --format=xml", "text, json, go");
	assert_misused("dump --append", "--output");
	assert_misused("dump 1 2", "unexpected argument \"2\"");
	assert_misused("ps 1", "unexpected argument \"1\"");
	assert_misused("ps --format=go", "text, json");
	assert_misused("dump --moment=2", "--replay");
	assert_misused("dump --replay=x 7", "no TARGET");
	assert_misused("dump --replay=x --moment=0", "--moment=0");
	assert_misused("top --replay=x 7", "no TARGET");
	assert_misused("top --replay=x --record=y", "--record");
	assert_misused("top --moment=2", "--replay");
	assert_misused("top --screen=nowhere", "groups");
	assert_misused("top --interval=soon", "--interval=soon");
	assert_misused("top --interval=0", "--interval=0");
	assert_misused("run", "COMMAND is missing");
	assert_misused("run --", "COMMAND is missing");
	assert_misused("run --signal=KILL true", "--signal=KILL");
	assert_misused("run --signal=bogus true", "--signal=bogus");
	assert_misused("version now", "unexpected argument");
}

/* ---- Man pages --------------------------------------------------------- */

/* What the page has in its section; the tests run in the project's folder. */
static void
read_section(const char *page, const char *section, char *text, size_t size)
{
	char line[256];
	FILE *file = fopen(page, "r");
	bool inside = false;
	size_t used = 0;

	if (file == NULL) {
		fail_msg("%s is missing", page);
	}
	text[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, ".Sh ", 4) == 0) {
			inside =
			    strncmp(line + 4, section, strlen(section)) == 0;
		} else if (inside) {
			used += (size_t) snprintf(
			    text + used, size - used, "%s", line);
			assert_true(used < size);
		}
	}
	fclose(file);
}

static void
assert_same(const char *page, const char *section, const char *line)
{
	char text[16384];

	read_section(page, section, text, sizeof(text));
	cmd(&outcome, line);
	if (strcmp(text, outcome.out) != 0) {
		fail_msg("%s differs from the command's table: run "
			 "scripts/update-man.sh",
		    page);
	}
}

static void
man_pages(void **state)
{
	assert_same("man/stranded.1", "COMMANDS", "help --man");
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct command *command = command_table[i];
		char page[64];
		char line[64];

		/* These two need no page of their own. */
		if (command == &command_help || command == &command_version) {
			continue;
		}
		snprintf(
		    page, sizeof(page), "man/stranded-%s.1", command->name);
		snprintf(line, sizeof(line), "help --man %s", command->name);
		assert_same(page, "OPTIONS", line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(help_of_each),
		cmocka_unit_test(help_command),
		cmocka_unit_test(misuse),
		cmocka_unit_test(man_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
