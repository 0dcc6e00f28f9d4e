/* leaks.c: `stranded leaks`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analyze.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"
#include "cmd/sink.h"
#include "proof/proof.h"
#include "render/leaks.h"
#include "render/render.h"

enum option_id { OPTION_MAX_STOP = 256, OPTION_GRAPH_ONLY };

enum format { FORMAT_TEXT, FORMAT_JSON };

static const char *const formats[] = {
	[FORMAT_TEXT] = "text",
	[FORMAT_JSON] = "json",
	NULL,
};

struct leaks_options {
	bool all;
	bool graph_only;
	int64_t max_stop_ns;
	enum format format;
	struct sink sink;
	const char *target; /* NULL: the only one there is */
};

static const struct command_option option_table[] = {
	{ 'a', "all", NULL,
	    "Print every task by itself, also those that are alike." },
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default), or JSON (json)." },
	{ OPTION_GRAPH_ONLY, "graph-only", NULL,
	    "Stop nobody: only prove what follows from who waits for whom." },
	{ OPTION_MAX_STOP, "max-stop", "MS",
	    "Let TARGET go on after MS milliseconds at the latest, without a "
	    "proof if it comes to that. The default is 1000." },
	{ 'o', "output", "FILE",
	    "Write to FILE instead of standard output. A file that is there "
	    "already is replaced when the report is complete, and not "
	    "before." },
	{ 0 },
};

/* A number of milliseconds, in nanoseconds. */
static int64_t
parse_ms(struct arguments *arguments, const char *value)
{
	char *end;
	long ms;

	errno = 0;
	ms = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || ms <= 0 ||
	    ms > 3600L * 1000) {
		arguments_misused(arguments,
		    "--max-stop wants milliseconds, not \"%s\"", value);
	}
	return ms * INT64_C(1000000);
}

static struct leaks_options
parse(struct arguments *arguments)
{
	struct leaks_options options = { .max_stop_ns = PROOF_MAX_STOP_NS };
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
		case OPTION_GRAPH_ONLY:
			options.graph_only = true;
			break;
		case OPTION_MAX_STOP:
			options.max_stop_ns = parse_ms(arguments, value);
			break;
		case 'o':
			options.sink.path = value;
			break;
		}
	}
	options.target = arguments_operand(arguments);
	arguments_end(arguments);
	return options;
}

/* All of it first in memory, then where it belongs. */
static int
print(const struct leaks_options *options, const struct snapshot *snapshot,
    const struct proof *proof, struct failure *failure)
{
	const struct render_options render_options = {
		.all = options->all,
		.color = options->sink.path == NULL && say_color(STDOUT_FILENO),
	};
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int result = -1;

	if (memory != NULL) {
		result = options->format == FORMAT_JSON ?
		    render_leaks_json(memory, snapshot, proof) :
		    render_leaks_text(memory, snapshot, proof, &render_options);
		result |= fclose(memory);
	}
	if (result != 0) {
		failure_set(failure, EXIT_FAILED, "cannot write the report: %s",
		    strerror(errno));
	} else {
		result = sink_write(&options->sink, text, size, failure);
	}
	free(text);
	return result;
}

/* Returns the exit status, or -1 and `failure`. */
static int
find(struct client *client, struct snapshot *snapshot,
    const struct leaks_options *options, struct failure *failure)
{
	struct symbolizer *symbolizer;
	struct proof proof;
	int result = -1;

	if (proof_judge(client, snapshot,
		options->graph_only ? 0 : options->max_stop_ns, &proof,
		failure) != 0) {
		return -1;
	}
	symbolizer = symbolizer_new(client_pid(client), client, failure);
	if (symbolizer == NULL) {
		return -1;
	}
	analyze_stacks(snapshot, symbolizer);
	if (print(options, snapshot, &proof, failure) == 0) {
		result =
		    render_leaks_count(snapshot) > 0 ? EXIT_FOUND : EXIT_DONE;
	}
	symbolizer_free(symbolizer);
	return result;
}

static int
leaks(struct client *client, const struct leaks_options *options,
    struct failure *failure)
{
	struct snapshot *snapshot = client_snapshot(
	    client, WIRE_WITH_STACKS | WIRE_WITH_CREATION, failure);
	int result;

	if (snapshot == NULL) {
		return -1;
	}
	if (snapshot->task_count == 0) {
		result = failure_set(failure, EXIT_FAILED,
		    "no task was seen in process %d, so nothing is said of "
		    "leaks",
		    client_pid(client));
	} else {
		result = find(client, snapshot, options, failure);
	}
	snapshot_free(snapshot);
	return result;
}

static int
leaks_run(struct arguments *arguments)
{
	struct leaks_options options = parse(arguments);
	struct failure failure = { 0 };
	struct client *client;
	pid_t pid = client_find(options.target, &failure);
	int result;

	if (pid < 0) {
		say_failure(&failure);
	}
	client = client_open(pid, &failure);
	if (client == NULL) {
		say_failure(&failure);
	}
	result = leaks(client, &options, &failure);
	client_close(client);
	if (result < 0 && failure.text[0] != '\0') {
		say_failure(&failure);
	}
	return result < 0 ? failure.status : result;
}

const struct command command_leaks = {
	.name = "leaks",
	.operands = "[TARGET]",
	.summary = "say which tasks nobody can ever wake again, with the proof",
	.text = "Proves of tasks of TARGET that they are leaked: blocked on "
		"what nobody can end any more. TARGET is stopped for some "
		"milliseconds, in which its memory is copied; the report says "
		"for how long. TARGET is the pid or the name of a process "
		"under the probe. It may be left out if there is only one. "
		"The exit status is 1 if something is leaked.",
	.options = option_table,
	.run = leaks_run,
};
