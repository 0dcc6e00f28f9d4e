/*
 * main.c: the command `stranded`. The first word names a command; everything
 * else is in the file that bears its name.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"

/* `stranded --help` and `stranded --version` are commands, too. */
static const char *
command_name(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		return "help";
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		return "version";
	}
	return word;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	struct arguments arguments;
	int status;

	setlocale(LC_ALL, "");
	/* Debug information is looked for on this machine, and nowhere else. */
	unsetenv("DEBUGINFOD_URLS");
	if (argc < 2) {
		say_warn("a command is missing (`stranded help` lists them)");
		return EXIT_USAGE;
	}
	command = command_find(command_name(argv[1]));
	if (command == NULL) {
		say_warn("there is no command \"%s\" (`stranded help` lists "
			 "them)",
		    argv[1]);
		return EXIT_USAGE;
	}
	arguments_init(&arguments, command, argc - 1, argv + 1);
	status = command->run(&arguments);
	arguments_free(&arguments);
	return status;
}
