/*
 * command.h: the commands, as data.
 *
 * A command is one file and one line in the table of commands.c. Its entry
 * says what --help prints, what its man page has under OPTIONS, what the shells
 * complete and what is accepted: all from here, so that they cannot differ.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/client.h"

struct arguments;

struct command_option {
	int id;               /* what arguments_next() returns; if it is a
	                         letter, that is the short form */
	const char *name;     /* the long form, without dashes */
	const char *argument; /* what it takes, in capitals; NULL: nothing */
	const char *text;     /* whole sentences */
};

struct command {
	const char *name;
	const char *operands; /* as the synopsis has them */
	const char *summary;  /* a line, no capital and no full stop */
	const char *text;     /* whole sentences */
	const struct command_option *options; /* the last has no name */
	bool wraps; /* what follows the first operand is another
	                         command's */
	int (*run)(struct arguments *arguments); /* returns the exit status */
};

extern const struct command command_run;
extern const struct command command_ps;
extern const struct command command_dump;
extern const struct command command_top;
extern const struct command command_leaks;
extern const struct command command_doctor;
extern const struct command command_check;
extern const struct command command_diff;
extern const struct command command_help;
extern const struct command command_version;

/* All of them, in the order in which they are shown; the last is NULL. */
extern const struct command *const command_table[];

/* NULL if there is none of this name. */
const struct command *command_find(const char *name);

/* What every command understands. */
extern const struct command_option command_option_help;

/* Prints what --help prints. */
void command_print_help(FILE *out, const struct command *command);

/* Prints the man page's list of options, in mdoc. */
void command_print_man(FILE *out, const struct command *command);

/* Prints the options, one a line, for the shells. */
void command_print_words(FILE *out, const struct command *command);

#endif
