/* help.c: `stranded help` and `stranded version`. */
#include <stdio.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"

enum option_id { OPTION_MAN = 256, OPTION_WORDS };

static const struct command_option help_options[] = {
	{ OPTION_MAN, "man", NULL,
	    "Print what the man page has under COMMANDS or OPTIONS, in mdoc." },
	{ OPTION_WORDS, "words", NULL,
	    "Print the commands or options, one a line, for the completions "
	    "of shells." },
	{ 0 },
};

static const struct command_option no_options[] = { { 0 } };

static void
print_commands(FILE *out)
{
	fputs("Usage: stranded COMMAND [OPTIONS] [ARG]...\n\n"
	      "Finds the tasks and sessions that a running server has lost."
	      "\n\nCommands:\n",
	    out);
	for (size_t i = 0; command_table[i] != NULL; i++) {
		fprintf(out, "  %-8s  %s\n", command_table[i]->name,
		    command_table[i]->summary);
	}
	fputs("\n`stranded COMMAND --help` says more on each.\n", out);
}

static void
print_commands_man(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct command *command = command_table[i];

		fprintf(out, ".It Cm %s Oo Ar OPTIONS Oc%s%s\n%s\n",
		    command->name, command->operands[0] != '\0' ? " " : "",
		    command->operands, command->summary);
	}
	fputs(".El\n", out);
}

static void
print_commands_words(FILE *out)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		fprintf(out, "%s\n", command_table[i]->name);
	}
}

/* The forms in which all commands are shown, or one is. */
struct form {
	void (*print_all)(FILE *out);
	void (*print_one)(FILE *out, const struct command *command);
};

static const struct form plain = { print_commands, command_print_help };
static const struct form man = { print_commands_man, command_print_man };
static const struct form words = { print_commands_words, command_print_words };

static int
help_run(struct arguments *arguments)
{
	const struct form *form = &plain;
	const struct command *command = NULL;
	const char *value;
	const char *word;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		form = id == OPTION_MAN ? &man : &words;
	}
	word = arguments_operand(arguments);
	arguments_end(arguments);
	if (word != NULL) {
		command = command_find(word);
		if (command == NULL) {
			arguments_misused(
			    arguments, "there is no command \"%s\"", word);
		}
		form->print_one(stdout, command);
	} else {
		form->print_all(stdout);
	}
	return say_flush();
}

const struct command command_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "list the commands, or explain one",
	.text = "Lists the commands, or says what one does and which options "
		"it has.",
	.options = help_options,
	.run = help_run,
};

static int
version_run(struct arguments *arguments)
{
	const char *value;

	arguments_next(arguments, &value);
	arguments_end(arguments);
	printf("stranded %s (protocol %u)\n", STRANDED_VERSION, WIRE_VERSION);
	return say_flush();
}

const struct command command_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.text = "Prints the version of the program, and of the protocol that "
		"it and the probe must have in common.",
	.options = no_options,
	.run = version_run,
};
