/* leaks.c: `stranded leaks`. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analyze.h"
#include "analyze/suspects.h"
#include "client/memory.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/earlier.h"
#include "cmd/say.h"
#include "cmd/sink.h"
#include "proof/proof.h"
#include "record/recording.h"
#include "render/leaks.h"
#include "render/render.h"

enum option_id {
	OPTION_MAX_STOP = 256,
	OPTION_GRAPH_ONLY,
	OPTION_AGE,
	OPTION_PEER,
	OPTION_IDLE,
	OPTION_LOOKS,
	OPTION_SINCE,
	OPTION_REPLAY,
	OPTION_MOMENT
};

#define LOOKS_MIN 3 /* fewer tell nothing of growth */
#define LOOKS_MAX 1000

/* A number that a macro stands for, as text. */
#define TEXT(number)    TEXT_OF(number)
#define TEXT_OF(number) #number

struct leaks_options {
	bool all;
	bool graph_only;
	int64_t max_stop_ns;
	struct suspects limits;
	const char *since; /* a file with an earlier dump, or NULL */
	long looks;        /* how often to look, a second apart */
	enum format format;
	struct sink sink;
	const char *target; /* NULL: the only one there is */
	const char *replay; /* a recording in place of a process, or NULL */
	size_t moment;      /* of it, from 1; 0: the last */
};

static const struct command_option option_table[] = {
	{ OPTION_AGE, "age", "SECONDS",
	    "A task is suspect if it has been at a send, a lock, a wait group, "
	    "a barrier, a write or a connect for SECONDS (0: never). The "
	    "default is " TEXT(SUSPECTS_AGE) "." },
	{ 'a', "all", NULL,
	    "Print every task by itself, also those that are alike." },
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default), or JSON (json)." },
	{ OPTION_GRAPH_ONLY, "graph-only", NULL,
	    "Stop nobody: only prove what follows from who waits for whom." },
	{ OPTION_LOOKS, "looks", "N",
	    "Look N times, a second apart: groups that have more tasks at each "
	    "look are suspect. At least 3; the default is 1, which tells "
	    "nothing of growth." },
	{ OPTION_MAX_STOP, "max-stop", "MS",
	    "Let TARGET go on after MS milliseconds at the latest, without a "
	    "proof if it comes to that. The default is " TEXT(
		PROOF_MAX_STOP_MS) "." },
	{ 'o', "output", "FILE",
	    "Write to FILE instead of standard output. A file that is there "
	    "already is replaced when the report is complete, and not "
	    "before." },
	{ OPTION_REPLAY, "replay", "FILE",
	    "Judge a moment of a recording that `stranded top --record` has "
	    "made, and no process, by who waits for whom." },
	{ OPTION_MOMENT, "moment", "N",
	    "The moment of the recording, counted from 1; the last if it is "
	    "left out." },
	{ OPTION_PEER, "peer-gone", "SECONDS",
	    "A session, and a task in it, is suspect if its peer has been gone "
	    "for SECONDS (0: never); a session of a registry, too, if the task "
	    "that used it last has ended. The default is " TEXT(
		SUSPECTS_PEER) "." },
	{ OPTION_IDLE, "session-idle", "SECONDS",
	    "A session is suspect if nobody has used it for SECONDS (0: "
	    "never). The default is " TEXT(SUSPECTS_IDLE) "." },
	{ OPTION_SINCE, "since", "FILE",
	    "A task is suspect if it was in the very same wait, at one of "
	    "those that --age names, in FILE: an earlier dump as JSON." },
	{ 0 },
};

/* A whole number from `least` to `most`. */
static long
parse_number(struct arguments *arguments, const char *option, const char *value,
    const long limits[2])
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < limits[0] ||
	    number > limits[1]) {
		arguments_misused(arguments,
		    "--%s wants a number from %ld to %ld, not \"%s\"", option,
		    limits[0], limits[1], value);
	}
	return number;
}

/* A number of seconds, in nanoseconds. */
static int64_t
parse_seconds(
    struct arguments *arguments, const char *option, const char *value)
{
	static const long limits[2] = { 0, 10L * 365 * 24 * 3600 };

	return parse_number(arguments, option, value, limits) * SUSPECTS_SECOND;
}

/* The options that have a number. */
static void
take_number(struct leaks_options *options, struct arguments *arguments, int id,
    const char *value)
{
	static const long ms[2] = { 1, 3600L * 1000 };
	static const long looks[2] = { LOOKS_MIN, LOOKS_MAX };

	switch (id) {
	case OPTION_MAX_STOP:
		options->max_stop_ns =
		    parse_number(arguments, "max-stop", value, ms) *
		    INT64_C(1000000);
		break;
	case OPTION_LOOKS:
		options->looks = parse_number(arguments, "looks", value, looks);
		break;
	case OPTION_AGE:
		options->limits.age_ns = parse_seconds(arguments, "age", value);
		break;
	case OPTION_PEER:
		options->limits.peer_ns =
		    parse_seconds(arguments, "peer-gone", value);
		break;
	case OPTION_IDLE:
		options->limits.idle_ns =
		    parse_seconds(arguments, "session-idle", value);
		break;
	case OPTION_MOMENT:
		options->moment = (size_t) arguments_number(
		    arguments, "moment", value, 1, LONG_MAX);
		break;
	}
}

static struct leaks_options
parse(struct arguments *arguments)
{
	struct leaks_options options = {
		.max_stop_ns = PROOF_MAX_STOP_NS,
		.limits = SUSPECTS_DEFAULT,
		.looks = 1,
	};
	const char *value;
	int id;

	while ((id = arguments_next(arguments, &value)) != 0) {
		switch (id) {
		case 'a':
			options.all = true;
			break;
		case 'f':
			options.format = arguments_format(arguments, value);
			break;
		case OPTION_GRAPH_ONLY:
			options.graph_only = true;
			break;
		case OPTION_SINCE:
			options.since = value;
			break;
		case 'o':
			options.sink.path = value;
			break;
		case OPTION_REPLAY:
			options.replay = value;
			break;
		default:
			take_number(&options, arguments, id, value);
			break;
		}
	}
	options.target = arguments_operand(arguments);
	arguments_end(arguments);
	if (options.replay != NULL && options.target != NULL) {
		arguments_misused(arguments,
		    "--replay judges a recording: it goes with no TARGET");
	}
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

/* ---- Looking ----------------------------------------------------------- */

/* What is needed for one report. */
struct report {
	const struct leaks_options *options;
	struct client *client;
	struct symbolizer *symbolizer;
	struct growth *growth;
	struct snapshot **looks; /* all of them; the last is judged */
	long count;              /* of looks so far */
};

/* Another look: a snapshot with its stacks named. */
static int
look(struct report *report, struct failure *failure)
{
	struct snapshot *snapshot = client_snapshot(
	    report->client, WIRE_WITH_STACKS | WIRE_WITH_CREATION, failure);

	if (snapshot == NULL) {
		return -1;
	}
	report->looks[report->count++] = snapshot;
	if (snapshot->task_count == 0) {
		return failure_set(failure, EXIT_FAILED,
		    "no task was seen in process %d, so nothing is said of "
		    "leaks",
		    client_pid(report->client));
	}
	analyze_stacks(snapshot, report->symbolizer);
	growth_look(report->growth, snapshot);
	return 0;
}

/* Reads the earlier dump, and says who is where he was. */
static void
suspect(const struct report *report, struct snapshot *snapshot)
{
	struct suspects limits = report->options->limits;
	struct json_reader *reader = json_reader_new();
	struct snapshot *before = NULL;

	if (report->options->since != NULL) {
		before = earlier_read(reader, report->options->since);
	}
	limits.before = before;
	analyze_suspects(snapshot, &limits);
	growth_judge(report->growth, snapshot);
	analyze_cures(snapshot);
	snapshot_free(before);
	json_reader_free(reader);
}

/* Returns the exit status, or -1 and `failure`. */
static int
judge(struct report *report, struct failure *failure)
{
	const struct leaks_options *options = report->options;
	struct snapshot *snapshot = report->looks[report->count - 1];
	struct proof proof;

	if (proof_judge(report->client, snapshot,
		options->graph_only ? 0 : options->max_stop_ns, &proof,
		failure) != 0) {
		return -1;
	}
	suspect(report, snapshot);
	if (print(options, snapshot, &proof, failure) != 0) {
		return -1;
	}
	return render_leaks_count(snapshot) > 0 ? EXIT_FOUND : EXIT_DONE;
}

static int
look_and_judge(struct report *report, struct failure *failure)
{
	for (long i = 0; i < report->options->looks; i++) {
		if (i > 0) {
			sleep(1);
		}
		if (look(report, failure) != 0) {
			return -1;
		}
	}
	return judge(report, failure);
}

static int
leaks(struct client *client, const struct leaks_options *options,
    struct failure *failure)
{
	struct report report = {
		.options = options,
		.client = client,
		.symbolizer =
		    symbolizer_new(client_pid(client), client, failure),
	};
	int result;

	if (report.symbolizer == NULL) {
		return -1;
	}
	report.growth = growth_new();
	report.looks =
	    memory_new((size_t) options->looks, sizeof(struct snapshot *));
	result = look_and_judge(&report, failure);
	for (long i = 0; i < report.count; i++) {
		snapshot_free(report.looks[i]);
	}
	free(report.looks);
	growth_free(report.growth);
	symbolizer_free(report.symbolizer);
	return result;
}

static int
leaks_process(const struct leaks_options *options, struct failure *failure)
{
	pid_t pid = client_find(options->target, failure);
	struct client *client = pid < 0 ? NULL : client_open(pid, failure);
	int result = -1;

	if (client != NULL) {
		result = leaks(client, options, failure);
		client_close(client);
	}
	return result;
}

/* There is nobody to stop: what follows from who waits for whom. */
static int
leaks_recording(const struct leaks_options *options, struct failure *failure)
{
	const struct proof proof = { .why_not = "this is a recording" };
	const struct report report = {
		.options = options,
		.growth = growth_new(),
	};
	struct recording *recording;
	struct snapshot *snapshot = recording_snapshot(
	    options->replay, options->moment, &recording, failure);
	int result = -1;

	if (snapshot != NULL) {
		analyze_verdicts(snapshot);
		suspect(&report, snapshot);
		if (print(options, snapshot, &proof, failure) == 0) {
			result = render_leaks_count(snapshot) > 0 ? EXIT_FOUND :
								    EXIT_DONE;
		}
		snapshot_free(snapshot);
		recording_close(recording);
	}
	growth_free(report.growth);
	return result;
}

static int
leaks_run(struct arguments *arguments)
{
	struct leaks_options options = parse(arguments);
	struct failure failure = { 0 };
	int result = options.replay != NULL ?
	    leaks_recording(&options, &failure) :
	    leaks_process(&options, &failure);

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
