/* dump.c: `stranded dump`. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analyze.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/sink.h"
#include "cmd/say.h"
#include "record/recording.h"
#include "render/render.h"

enum option_id { OPTION_APPEND = 256, OPTION_REPLAY, OPTION_MOMENT };

static const char *const formats[] = {
	[FORMAT_TEXT] = "text",
	[FORMAT_JSON] = "json",
	[FORMAT_GO] = "go",
	NULL,
};

struct dump_options {
	bool all;
	enum format format;
	struct sink sink;
	const char *target; /* NULL: the only one there is */
	const char *replay; /* a recording in place of a process, or NULL */
	size_t moment;      /* of it, from 1; 0: the last */
};

static const struct command_option option_table[] = {
	{ 'a', "all", NULL,
	    "Print every task by itself, also those that are alike." },
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default), JSON (json), or the "
	    "traceback of a Go program (go), for the tools that read it." },
	{ 'o', "output", "FILE",
	    "Write to FILE instead of standard output. A file that is there "
	    "already is replaced when the dump is complete, and not before." },
	{ OPTION_APPEND, "append", NULL,
	    "Add to the file that --output names instead of replacing it." },
	{ OPTION_REPLAY, "replay", "FILE",
	    "Print a moment of a recording that `stranded top --record` has "
	    "made, and no process: the last, or what --moment says." },
	{ OPTION_MOMENT, "moment", "N",
	    "The moment of the recording, counted from 1." },
	{ 0 },
};

static struct dump_options
parse(struct arguments *arguments)
{
	struct dump_options options = { 0 };
	const char *value;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		switch (id) {
		case 'a':
			options.all = true;
			break;
		case 'f':
			options.format = (enum format) arguments_choice(
			    arguments, "format", value, formats);
			break;
		case 'o':
			options.sink.path = value;
			break;
		case OPTION_APPEND:
			options.sink.append = true;
			break;
		case OPTION_REPLAY:
			options.replay = value;
			break;
		case OPTION_MOMENT:
			options.moment = (size_t) arguments_number(
			    arguments, "moment", value, 1, LONG_MAX);
			break;
		}
	}
	options.target = arguments_operand(arguments);
	arguments_end(arguments);
	if (options.sink.append && options.sink.path == NULL) {
		arguments_misused(arguments, "--append needs --output");
	}
	if (options.replay != NULL && options.target != NULL) {
		arguments_misused(arguments,
		    "--replay prints a recording: it goes with no TARGET");
	}
	if (options.moment != 0 && options.replay == NULL) {
		arguments_misused(arguments, "--moment needs --replay");
	}
	return options;
}

static int
render_groups(FILE *out, const struct dump_options *options,
    const struct snapshot *snapshot)
{
	const struct render_options render_options = {
		.all = options->all,
		.color = options->sink.path == NULL && say_color(STDOUT_FILENO),
	};
	struct groups *groups = analyze_groups(snapshot);
	int result = render_text(out, snapshot, groups, &render_options);

	analyze_groups_free(groups);
	return result;
}

static int
render(FILE *out, const struct dump_options *options,
    const struct snapshot *snapshot)
{
	switch (options->format) {
	case FORMAT_JSON:
		return render_json(out, snapshot);
	case FORMAT_GO:
		return render_go(out, snapshot);
	default:
		return render_groups(out, options, snapshot);
	}
}

/* All of it first in memory, then where it belongs. */
static int
print(const struct dump_options *options, const struct snapshot *snapshot,
    struct failure *failure)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int result = -1;

	if (memory == NULL || render(memory, options, snapshot) != 0) {
		failure_set(failure, EXIT_FAILED, "cannot write the dump: %s",
		    strerror(errno));
	} else {
		result = 0;
	}
	if (memory != NULL && fclose(memory) != 0) {
		result = failure_set(failure, EXIT_FAILED,
		    "cannot write the dump: %s", strerror(errno));
	}
	if (result == 0) {
		result = sink_write(&options->sink, text, size, failure);
	}
	free(text);
	return result;
}

/* Names the snapshot's stacks, and prints it. */
static int
explain(struct client *client, struct snapshot *snapshot,
    const struct dump_options *options, struct failure *failure)
{
	struct symbolizer *symbolizer =
	    symbolizer_new(client_pid(client), client, failure);
	int result;

	if (symbolizer == NULL) {
		return -1;
	}
	analyze_stacks(snapshot, symbolizer);
	analyze_verdicts(snapshot);
	result = print(options, snapshot, failure);
	symbolizer_free(symbolizer);
	return result;
}

static int
dump(struct client *client, const struct dump_options *options,
    struct failure *failure)
{
	struct snapshot *snapshot = client_snapshot(
	    client, WIRE_WITH_STACKS | WIRE_WITH_CREATION, failure);
	int result;

	if (snapshot == NULL) {
		return -1;
	}
	result = explain(client, snapshot, options, failure);
	snapshot_free(snapshot);
	return result;
}

static int
dump_process(const struct dump_options *options, struct failure *failure)
{
	pid_t pid = client_find(options->target, failure);
	struct client *client;
	int result;

	if (pid < 0) {
		return -1;
	}
	client = client_open(pid, failure);
	if (client == NULL) {
		return -1;
	}
	result = dump(client, options, failure);
	client_close(client);
	return result;
}

static int
dump_recording(const struct dump_options *options, struct failure *failure)
{
	struct recording *recording;
	struct snapshot *snapshot = recording_snapshot(
	    options->replay, options->moment, &recording, failure);
	int result;

	if (snapshot == NULL) {
		return -1;
	}
	analyze_verdicts(snapshot);
	result = print(options, snapshot, failure);
	snapshot_free(snapshot);
	recording_close(recording);
	return result;
}

static int
dump_run(struct arguments *arguments)
{
	struct dump_options options = parse(arguments);
	struct failure failure;
	int result = options.replay != NULL ?
	    dump_recording(&options, &failure) :
	    dump_process(&options, &failure);

	if (result != 0 && failure.text[0] != '\0') {
		say_failure(&failure);
	}
	return result == 0 ? EXIT_DONE : failure.status;
}

const struct command command_dump = {
	.name = "dump",
	.operands = "[TARGET]",
	.summary = "print every task: what it does, since when, and where",
	.text = "Prints what every task of TARGET is doing: its state, for how "
		"long, its session and its stack. TARGET is the pid or the "
		"name of a process under the probe. It may be left out if "
		"there is only one. Nobody is stopped for it.",
	.options = option_table,
	.run = dump_run,
};
