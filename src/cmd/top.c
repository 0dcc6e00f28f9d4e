/* top.c: `stranded top`; the viewer itself is in src/top. */
#include "top/top.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"

#define INTERVAL_DEFAULT 1000
#define INTERVAL_MIN     50
#define INTERVAL_MAX     3600000

enum option_id { OPTION_ASCII = 256 };

static const struct command_option option_table[] = {
	{ 'i', "interval", "MS",
	    "Look at the process every MS milliseconds (1000)." },
	{ OPTION_ASCII, "ascii", NULL,
	    "Draw with ASCII characters only. This is so anyway where the "
	    "locale is not UTF-8." },
	{ 0 },
};

static int
parse_interval(const struct arguments *arguments, const char *value)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (end == value || *end != '\0' || number < INTERVAL_MIN ||
	    number > INTERVAL_MAX) {
		arguments_misused(arguments,
		    "--interval=%s: choose from %d to %d", value, INTERVAL_MIN,
		    INTERVAL_MAX);
	}
	return (int) number;
}

static int
top_command_run(struct arguments *arguments)
{
	struct top_options options = {
		.interval_ms = INTERVAL_DEFAULT,
		.color = say_color(STDOUT_FILENO),
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	struct failure failure;
	const char *value;
	const char *target;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		if (id == OPTION_ASCII) {
			options.ascii = true;
		} else {
			options.interval_ms = parse_interval(arguments, value);
		}
	}
	target = arguments_operand(arguments);
	arguments_end(arguments);
	options.pid = client_find(target, &failure);
	if (options.pid < 0) {
		say_failure(&failure);
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say_die(EXIT_FAILED,
		    "top needs a terminal: `stranded dump` "
		    "prints the same as text");
	}
	if (top_run(&options, &failure) != 0) {
		say_failure(&failure);
	}
	return EXIT_DONE;
}

const struct command command_top = {
	.name = "top",
	.operands = "[TARGET]",
	.summary = "watch a process: its tasks and sessions, live",
	.text = "Shows the tasks and sessions of TARGET in the terminal, and "
		"keeps looking. TARGET is the pid or the name of a process "
		"under the probe. It may be left out if there is only one. "
		"The key ? lists all keys, q ends.",
	.options = option_table,
	.run = top_command_run,
};
