/* commands.c: the table of all commands, and how it is shown. See command.h. */
#include <ctype.h>
#include <string.h>

#include "cmd/command.h"

const struct command *const command_table[] = {
	&command_run,
	&command_ps,
	&command_dump,
	&command_top,
	&command_leaks,
	&command_doctor,
	&command_check,
	&command_diff,
	&command_help,
	&command_version,
	NULL,
};

const struct command_option command_option_help = {
	'h',
	"help",
	NULL,
	"Print a summary of the command and its options.",
};

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		if (strcmp(command_table[i]->name, name) == 0) {
			return command_table[i];
		}
	}
	return NULL;
}

/* ---- Help -------------------------------------------------------------- */

#define COLUMNS 78

/* Prints `size` bytes of text with `indent` columns before each line. */
static void
print_wrapped(FILE *out, const char *text, size_t size, int indent)
{
	const char *end = text + size;
	int column = 0;

	while (text < end) {
		size_t length = strcspn(text, " ");

		if (length > (size_t) (end - text)) {
			length = (size_t) (end - text);
		}
		if (column > 0 && column + 1 + (int) length > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%*s%.*s", column == 0 ? indent : 1, "",
		    (int) length, text);
		column += (column == 0 ? indent : 1) + (int) length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static bool
has_letter(const struct command_option *option)
{
	return option->id > 0 && option->id < 128 && isalpha(option->id);
}

static void
print_option(FILE *out, const struct command_option *option)
{
	if (has_letter(option)) {
		fprintf(out, "  -%c, --%s", option->id, option->name);
	} else {
		fprintf(out, "      --%s", option->name);
	}
	if (option->argument != NULL) {
		fprintf(out, "=%s", option->argument);
	}
	fputc('\n', out);
	print_wrapped(out, option->text, strlen(option->text), 10);
}

void
command_print_help(FILE *out, const struct command *command)
{
	const struct command_option *option = command->options;

	fprintf(out, "Usage: stranded %s [OPTIONS]%s%s\n\n", command->name,
	    command->operands[0] != '\0' ? " " : "", command->operands);
	print_wrapped(out, command->text, strlen(command->text), 0);
	fputs("\nOptions:\n", out);
	for (; option->name != NULL; option++) {
		print_option(out, option);
	}
	print_option(out, &command_option_help);
}

/* ---- Man pages --------------------------------------------------------- */

/* mdoc wants each sentence to begin a line. */
static void
print_sentences(FILE *out, const char *text)
{
	while (*text != '\0') {
		const char *end = strstr(text, ". ");
		size_t length =
		    end != NULL ? (size_t) (end + 1 - text) : strlen(text);

		print_wrapped(out, text, length, 0);
		text += length;
		text += strspn(text, " ");
	}
}

static void
print_man_option(FILE *out, const struct command_option *option)
{
	fputs(".It ", out);
	if (has_letter(option)) {
		fprintf(out, "Fl %c , ", option->id);
	}
	fprintf(out, "Fl -%s", option->name);
	if (option->argument != NULL) {
		fprintf(out, " Ns = Ns Ar %s", option->argument);
	}
	fputc('\n', out);
	print_sentences(out, option->text);
}

void
command_print_man(FILE *out, const struct command *command)
{
	const struct command_option *option = command->options;

	fputs(".Bl -tag -width Ds\n", out);
	for (; option->name != NULL; option++) {
		print_man_option(out, option);
	}
	print_man_option(out, &command_option_help);
	fputs(".El\n", out);
}

/* ---- Shells ------------------------------------------------------------ */

static void
print_word(FILE *out, const struct command_option *option)
{
	fprintf(
	    out, "--%s%s\n", option->name, option->argument != NULL ? "=" : "");
}

void
command_print_words(FILE *out, const struct command *command)
{
	const struct command_option *option = command->options;

	for (; option->name != NULL; option++) {
		print_word(out, option);
	}
	print_word(out, &command_option_help);
}
