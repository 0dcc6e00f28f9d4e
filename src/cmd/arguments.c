/* arguments.c: see arguments.h. */
#include "cmd/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "cmd/say.h"

static void
add_option(struct arguments *arguments, size_t index,
    const struct command_option *option)
{
	bool takes = option->argument != NULL;
	size_t used = strlen(arguments->letters);

	arguments->list[index] = (struct option) {
		.name = option->name,
		.has_arg = takes ? required_argument : no_argument,
		.val = option->id,
	};
	if (option->id < 128) {
		snprintf(arguments->letters + used,
		    sizeof(arguments->letters) - used, "%c%s", option->id,
		    takes ? ":" : "");
	}
}

void
arguments_init(struct arguments *arguments, const struct command *command,
    int argc, char **argv)
{
	size_t count = 0;

	while (command->options[count].name != NULL) {
		count++;
	}
	*arguments = (struct arguments) {
		.command = command,
		.argc = argc,
		.argv = argv,
		.list = memory_new(count + 2, sizeof(struct option)),
	};
	/* '+': stop at the first operand. ':': say nothing of errors. */
	snprintf(arguments->letters, sizeof(arguments->letters), "%s",
	    command->wraps ? "+:" : ":");
	for (size_t i = 0; i < count; i++) {
		add_option(arguments, i, &command->options[i]);
	}
	add_option(arguments, count, &command_option_help);
	optind = 0;
}

void
arguments_free(struct arguments *arguments)
{
	free(arguments->list);
}

void
arguments_misused(const struct arguments *arguments, const char *format, ...)
{
	va_list list;
	char text[512];

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	say_die(EXIT_USAGE, "%s (`stranded %s --help` says more)", text,
	    arguments->command->name);
}

/* Ends the program: getopt_long() has returned '?' or ':'. */
static _Noreturn void
refuse_option(const struct arguments *arguments, int id)
{
	const char *word = arguments->argv[optind - 1];
	char letter[] = { '-', (char) optopt, '\0' };

	/* Of letters that stand together, the word before is still the last. */
	if (strncmp(word, "--", 2) != 0 && optopt > ' ' && optopt < 127) {
		word = letter;
	}
	arguments_misused(arguments,
	    id == ':' ? "%s needs an argument" : "unknown option %s", word);
}

int
arguments_next(struct arguments *arguments, const char **value)
{
	int id = getopt_long(arguments->argc, arguments->argv,
	    arguments->letters, arguments->list, NULL);

	*value = optarg;
	switch (id) {
	case -1:
		arguments->next = optind;
		return 0;
	case 'h':
		command_print_help(stdout, arguments->command);
		exit(say_flush());
	case '?':
	case ':':
		refuse_option(arguments, id);
	default:
		return id;
	}
}

const char *
arguments_operand(struct arguments *arguments)
{
	if (arguments->next >= arguments->argc) {
		return NULL;
	}
	return arguments->argv[arguments->next++];
}

void
arguments_end(struct arguments *arguments)
{
	const char *word = arguments_operand(arguments);

	if (word != NULL) {
		arguments_misused(
		    arguments, "unexpected argument \"%s\"", word);
	}
}

char **
arguments_rest(struct arguments *arguments)
{
	return arguments->argv + arguments->next;
}

int
arguments_choice(const struct arguments *arguments, const char *option,
    const char *value, const char *const *words)
{
	char list[128] = "";

	for (int i = 0; words[i] != NULL; i++) {
		size_t used = strlen(list);

		if (strcmp(words[i], value) == 0) {
			return i;
		}
		snprintf(list + used, sizeof(list) - used, "%s%s",
		    i > 0 ? ", " : "", words[i]);
	}
	arguments_misused(
	    arguments, "--%s=%s: choose one of %s", option, value, list);
}

enum format
arguments_format(const struct arguments *arguments, const char *value)
{
	static const char *const formats[] = {
		[FORMAT_TEXT] = "text",
		[FORMAT_JSON] = "json",
		NULL,
	};

	return (enum format) arguments_choice(
	    arguments, "format", value, formats);
}

long
arguments_number(const struct arguments *arguments, const char *option,
    const char *value, long least, long most)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || number < least ||
	    number > most) {
		arguments_misused(arguments,
		    "--%s=%s: choose a number from %ld to %ld", option, value,
		    least, most);
	}
	return number;
}
