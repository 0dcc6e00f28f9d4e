/* run.c: `stranded run`. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "cmd/arguments.h"
#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/preload.h"
#include "cmd/say.h"
#include "common/signals.h"

/* How often, and how far apart, a new process is looked for. */
#define REACH_TRIES    20
#define REACH_PAUSE_MS 50

enum option_id { OPTION_DUMP_TO = 256, OPTION_TRACK_HEAP, OPTION_CONNECT };

static const struct command_option option_table[] = {
	{ 's', "signal", "NAME",
	    "Let the signal NAME ask for a dump, instead of QUIT; none lets "
	    "no signal do so. A handler that COMMAND has for it runs as "
	    "well." },
	{ OPTION_DUMP_TO, "dump-to", "FILE",
	    "Append the dumps that the signal asks for to FILE, instead of "
	    "printing them on the standard error of COMMAND." },
	{ OPTION_CONNECT, "connect", NULL,
	    "Take the connections that COMMAND makes to others for sessions "
	    "as well, of the kind \"connect\"." },
	{ OPTION_TRACK_HEAP, "track-heap", NULL,
	    "Note where each block of the heap lies, so that \"stranded "
	    "leaks\" can follow references through it whatever allocator "
	    "COMMAND has. With that of glibc this is not needed." },
	{ 0 },
};

/* ---- Options ----------------------------------------------------------- */

static void
set_signal(const struct arguments *arguments, const char *name)
{
	if (signals_number(name) < 0) {
		arguments_misused(arguments,
		    "--signal=%s: that is no signal that can ask for a dump",
		    name);
	}
	setenv("STRANDED_SIGNAL", name, 1);
}

/* Found out now, not when a dump is wanted. */
static void
check_dump(const char *path)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    0666);

	/* A FIFO that nobody reads yet is one that may be read then. */
	if (fd < 0 && errno != ENXIO) {
		say_die(EXIT_FAILED, "cannot write dumps to %s: %s", path,
		    strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
}

/* COMMAND may change its directory: the path shall mean what it means now. */
static void
set_dump(const char *path)
{
	char here[PATH_MAX];
	char *full;

	if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL) {
		setenv("STRANDED_DUMP", path, 1);
		return;
	}
	full = memory_print("%s/%s", here, path);
	setenv("STRANDED_DUMP", full, 1);
	free(full);
}

/* What was chosen goes into the environment, where the probe reads it. */
static char **
parse(struct arguments *arguments, bool *track_heap)
{
	const char *value;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		if (id == OPTION_DUMP_TO) {
			check_dump(value);
			set_dump(value);
		} else if (id == OPTION_CONNECT) {
			setenv("STRANDED_CONNECT", "1", 1);
		} else if (id == OPTION_TRACK_HEAP) {
			*track_heap = true;
		} else {
			set_signal(arguments, value);
		}
	}
	if (arguments_rest(arguments)[0] == NULL) {
		arguments_misused(arguments, "COMMAND is missing");
	}
	return arguments_rest(arguments);
}

/* ---- The command ------------------------------------------------------- */

/* The command runs without the probe: that is not what was asked for. */
static int
refuse(struct child *child, const char *command)
{
	bool ended = child->ended;

	child_terminate(child);
	preload_missed(command, ended);
	return EXIT_NO_TARGET;
}

/*
 * The command runs under the probe; will it be found there? It is looked for
 * until it is, for a second: it may be about to execute another program.
 */
static void
check_reach(struct child *child, const char *command)
{
	struct failure failure;

	for (int i = 0; i < REACH_TRIES; i++) {
		if (client_reach(child->pid, &failure) == 0 ||
		    !child_pause(child, REACH_PAUSE_MS)) {
			return;
		}
	}
	say_warn("%s runs, but the other commands will not find it: %s",
	    command, failure.text);
}

static int
run_run(struct arguments *arguments)
{
	bool track_heap = false;
	char **argv = parse(arguments, &track_heap);
	struct failure failure;
	struct child child;

	preload_prepare(argv[0], track_heap);
	if (child_start(&child, argv, false, &failure) != 0) {
		say_failure(&failure);
	}
	if (!child_await_probe(&child)) {
		return refuse(&child, argv[0]);
	}
	check_reach(&child, argv[0]);
	return child_wait(&child);
}

const struct command command_run = {
	.name = "run",
	.operands = "[--] COMMAND [ARG]...",
	.summary = "start a program under the probe",
	.text = "Starts COMMAND under the probe, waits for its end, and ends "
		"with its exit status. Signals that are sent to this command "
		"are passed on. It refuses to start what the probe cannot "
		"work in: static or setuid programs, and those of another "
		"architecture or C library.",
	.options = option_table,
	.wraps = true,
	.run = run_run,
};
