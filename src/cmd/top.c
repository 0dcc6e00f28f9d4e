/* top.c: `stranded top`; the viewer itself is in src/top. */
#include "top/top.h"

#include <limits.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"
#include "top/settings.h"

enum option_id {
	OPTION_ASCII = 256,
	OPTION_NO_MOUSE,
	OPTION_ONCE,
	OPTION_FOLLOW,
	OPTION_SCREEN,
	OPTION_RECORD,
	OPTION_REPLAY,
	OPTION_MOMENT
};

static const struct command_option option_table[] = {
	{ 'i', "interval", "MS",
	    "Look at the process every MS milliseconds (1000)." },
	{ OPTION_SCREEN, "screen", "NAME",
	    "Begin with the screen NAME: groups, tasks, sessions, channels, or "
	    "verdicts." },
	{ OPTION_ONCE, "once", NULL,
	    "Print one screen as text, and end. This needs no terminal; the "
	    "size is that of the terminal, or what LINES and COLUMNS say." },
	{ OPTION_FOLLOW, "follow", NULL,
	    "When the process has ended, wait for another of the same name, "
	    "and go on with that." },
	{ OPTION_RECORD, "record", "FILE",
	    "Record all that is seen to FILE, which must not be there yet." },
	{ OPTION_REPLAY, "replay", "FILE",
	    "Show the recording FILE in place of a process; its last moment "
	    "first. The keys [ and ] go back and on in it." },
	{ OPTION_MOMENT, "moment", "N",
	    "Begin at moment N of the recording, counted from 1." },
	{ OPTION_ASCII, "ascii", NULL,
	    "Draw with ASCII characters only. This is so anyway where the "
	    "locale is not UTF-8." },
	{ OPTION_NO_MOUSE, "no-mouse", NULL,
	    "Leave the mouse to the terminal, to select text with." },
	{ 0 },
};

static const char *
parse_screen(const struct arguments *arguments, const char *value)
{
	if (!top_has_screen(value)) {
		arguments_misused(arguments,
		    "--screen=%s: choose from groups, tasks, sessions, "
		    "channels, verdicts",
		    value);
	}
	return value;
}

static void
parse(struct arguments *arguments, struct top_options *options)
{
	const char *value;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		switch (id) {
		case 'i':
			options->interval_ms =
			    (int) arguments_number(arguments, "interval", value,
				SETTINGS_INTERVAL_MIN, SETTINGS_INTERVAL_MAX);
			break;
		case OPTION_SCREEN:
			options->screen = parse_screen(arguments, value);
			break;
		case OPTION_ONCE:
			options->once = true;
			break;
		case OPTION_FOLLOW:
			options->follow = true;
			break;
		case OPTION_RECORD:
			options->record = value;
			break;
		case OPTION_REPLAY:
			options->replay = value;
			break;
		case OPTION_MOMENT:
			options->moment = (size_t) arguments_number(
			    arguments, "moment", value, 1, LONG_MAX);
			break;
		case OPTION_ASCII:
			options->ascii = true;
			break;
		case OPTION_NO_MOUSE:
			options->no_mouse = true;
			break;
		}
	}
}

static int
top_command_run(struct arguments *arguments)
{
	struct top_options options = { .color = say_color(STDOUT_FILENO) };
	struct failure failure;
	const char *target;

	parse(arguments, &options);
	target = arguments_operand(arguments);
	arguments_end(arguments);
	if (options.moment > 0 && options.replay == NULL) {
		arguments_misused(arguments,
		    "--moment is one of a recording: it goes with --replay");
	}
	if (options.replay == NULL) {
		options.pid = client_find(target, &failure);
		if (options.pid < 0) {
			say_failure(&failure);
		}
	} else if (target != NULL || options.record || options.follow) {
		arguments_misused(arguments,
		    "--replay shows a recording and no process: it goes with "
		    "no TARGET, --record or --follow");
	}
	if (top_run(&options, &failure) != 0) {
		say_failure(&failure);
	}
	return options.once ? say_flush() : EXIT_DONE;
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
