/*
 * arguments.h: reads a command's options by its table.
 *
 * A wrong option ends the program with a word on what is wrong, --help with
 * what was asked for: the commands see only what they know.
 */
#ifndef CMD_ARGUMENTS_H
#define CMD_ARGUMENTS_H

#include "cmd/command.h"

struct arguments {
	const struct command *command;
	int argc;
	char **argv;         /* argv[0] is the command's name */
	struct option *list; /* the options, for getopt_long() */
	char letters[64];    /* their short forms */
	int next;            /* index of the next operand, after the options */
};

void arguments_init(struct arguments *arguments, const struct command *command,
    int argc, char **argv);
void arguments_free(struct arguments *arguments);

/*
 * The id of the next option, whose argument is in `*value`; 0 after the last.
 */
int arguments_next(struct arguments *arguments, const char **value);

/* The next operand, NULL if there is none. */
const char *arguments_operand(struct arguments *arguments);

/* Ends the program if there are more operands. */
void arguments_end(struct arguments *arguments);

/* All operands that are left, with NULL at the end. */
char **arguments_rest(struct arguments *arguments);

/* Ends the program: the command was not used as it is meant to be. */
_Noreturn void arguments_misused(const struct arguments *arguments,
    const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a command prints. */
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_GO };

/* The value of --format, of a command that knows text and json. */
enum format arguments_format(
    const struct arguments *arguments, const char *value);

/*
 * The index in `words`, which ends with NULL, of an option's value. Ends the
 * program if it is none of them.
 */
int arguments_choice(const struct arguments *arguments, const char *option,
    const char *value, const char *const *words);

/*
 * An option's value as a number. Ends the program if it is none, or not from
 * `least` to `most`.
 */
long arguments_number(const struct arguments *arguments, const char *option,
    const char *value, long least, long most);

#endif
