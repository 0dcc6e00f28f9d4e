/*
 * check.c: `stranded check`.
 *
 * The command runs under the probe. At its end, and where it asks for it, one
 * of its threads waits in the probe; we look at what is there until it has
 * settled, judge it, and let the thread go on. The command learns nothing.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analyze.h"
#include "analyze/check.h"
#include "client/memory.h"
#include "client/stream.h"
#include "cmd/arguments.h"
#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/preload.h"
#include "cmd/say.h"
#include "proof/proof.h"
#include "render/check.h"

#define LEAKED_STATUS 23
#define ASK_PAUSE_MS  10   /* between questions whether a point is reached */
#define REACH_TRIES   100  /* questions before the command is given up */
#define SETTLE_MS     1000 /* what is given to tasks that are about to end */

enum option_id {
	OPTION_EXIT_CODE = 256,
	OPTION_JUNIT,
	OPTION_SETTLE,
	OPTION_BASELINE,
	OPTION_SUPPRESSIONS,
	OPTION_TRACK_HEAP
};

static const struct command_option option_table[] = {
	{ 'f', "format", "FORMAT",
	    "Report as text for people (text, the default) or JSON (json)." },
	{ 'o', "output", "FILE", "Report to FILE instead of standard error." },
	{ OPTION_EXIT_CODE, "exit-code", "NUMBER",
	    "End with status NUMBER instead of 23 if something is leaked." },
	{ OPTION_JUNIT, "junit", "FILE",
	    "Write a report in JUnit's XML to FILE as well." },
	{ OPTION_SETTLE, "settle", "MS",
	    "Give tasks that are about to end MS milliseconds (1000 by "
	    "default). As soon as nothing moves any more, the wait is over." },
	{ OPTION_BASELINE, "baseline", "NAME",
	    "Ignore what is there when the program is at its point NAME, and "
	    "what was there before." },
	{ OPTION_SUPPRESSIONS, "suppressions", "FILE",
	    "Do not report what FILE says. Each line has function:, file:, "
	    "module:, state:, name: or label:, and a pattern." },
	{ OPTION_TRACK_HEAP, "track-heap", NULL,
	    "Mark where the heap's blocks lie, as `stranded run` does." },
	{ 0 },
};

struct check_options {
	enum format format;
	const char *output;   /* NULL: standard error */
	const char *junit;    /* NULL: none */
	const char *baseline; /* name of a point, or NULL */
	int exit_code;
	int settle_ms;
	bool track_heap;
	char **command;
};

/* A command that is being checked. */
struct checking {
	const struct check_options *options;
	struct child child;
	struct client *client; /* NULL: not connected */
	struct check check;
	FILE *report;
	FILE *junit;      /* NULL: none was asked for */
	json_t *points;   /* of the report in JSON */
	json_t *cases;    /* of that in XML */
	size_t looked_at; /* tasks, at all points */
	bool has_ended;   /* its end was judged */
	bool has_based;   /* the point that --baseline names was reached */
};

/* ---- Options ----------------------------------------------------------- */

static int
number_of(const struct arguments *arguments, const char *option,
    const char *value, long most)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (*end != '\0' || end == value || number < 0 || number > most) {
		arguments_misused(arguments,
		    "--%s=%s: a number from 0 to %ld is needed", option, value,
		    most);
	}
	return (int) number;
}

static void
take_option(const struct arguments *arguments, int id, const char *value,
    struct checking *checking, struct check_options *options)
{
	struct failure failure;

	switch (id) {
	case 'f':
		options->format = arguments_format(arguments, value);
		break;
	case 'o':
		options->output = value;
		break;
	case OPTION_EXIT_CODE:
		options->exit_code =
		    number_of(arguments, "exit-code", value, 255);
		break;
	case OPTION_JUNIT:
		options->junit = value;
		break;
	case OPTION_SETTLE:
		options->settle_ms =
		    number_of(arguments, "settle", value, 3600000);
		break;
	case OPTION_BASELINE:
		options->baseline = value;
		break;
	case OPTION_SUPPRESSIONS:
		if (suppress_add_file(
			&checking->check.suppressions, value, &failure) != 0) {
			say_failure(&failure);
		}
		break;
	case OPTION_TRACK_HEAP:
		options->track_heap = true;
		break;
	}
}

static void
parse(struct arguments *arguments, struct checking *checking,
    struct check_options *options)
{
	const char *value;
	int id;

	*options = (struct check_options) {
		.exit_code = LEAKED_STATUS,
		.settle_ms = SETTLE_MS,
	};
	while ((id = arguments_next(arguments, &value)) != 0) {
		take_option(arguments, id, value, checking, options);
	}
	options->command = arguments_rest(arguments);
	if (options->command[0] == NULL) {
		arguments_misused(arguments, "COMMAND is missing");
	}
}

/* ---- Settling ---------------------------------------------------------- */

static bool
is_timed(const struct task *task)
{
	return task->state == STRANDED_SLEEP ||
	    (task->flags & WIRE_TASK_TIMED) != 0;
}

/*
 * Is every task that is not at the point in a wait, the same as before, and one
 * that does not end by itself?
 */
static bool
is_still(const struct snapshot *now, const struct snapshot *before,
    const struct wire_check *where)
{
	if (before == NULL || before->task_count != now->task_count) {
		return false;
	}
	for (size_t i = 0; i < now->task_count; i++) {
		const struct task *task = &now->tasks[i];

		if (task->tid != where->tid &&
		    (task->id != before->tasks[i].id || task->wait_seq == 0 ||
			is_timed(task) ||
			task->wait_seq != before->tasks[i].wait_seq)) {
			return false;
		}
	}
	return true;
}

/*
 * Waits until nothing moves any more, looking ever more rarely, or until the
 * time is over.
 */
static void
settle(struct checking *checking, const struct wire_check *where)
{
	int64_t end = stream_now() + checking->options->settle_ms;
	struct snapshot *before = NULL;
	struct failure failure;
	int pause = 1;

	for (;;) {
		struct snapshot *now =
		    client_snapshot(checking->client, 0, &failure);
		bool done = now == NULL || now->task_count <= 1 ||
		    is_still(now, before, where) || stream_now() >= end;

		snapshot_free(before);
		before = now;
		if (done || !child_pause(&checking->child, pause)) {
			break;
		}
		pause = pause < 100 ? 2 * pause : pause;
	}
	snapshot_free(before);
}

/* ---- Judging ----------------------------------------------------------- */

static void
report_point(struct checking *checking, const struct check_point *point)
{
	if (checking->options->format == FORMAT_JSON) {
		json_array_append_new(
		    checking->points, render_check_json(point));
	} else {
		render_check_text(checking->report, point);
		fflush(checking->report);
	}
	render_check_cases(checking->cases, point);
}

/* Names the snapshot's stacks, judges it, and reports. */
static int
explain(struct checking *checking, struct snapshot *snapshot,
    const struct wire_check *where, const struct proof *proof,
    struct failure *failure)
{
	struct symbolizer *symbolizer = symbolizer_new(
	    client_pid(checking->client), checking->client, failure);
	struct check_point *point;

	if (symbolizer == NULL) {
		return -1;
	}
	analyze_stacks(snapshot, symbolizer);
	point = check_judge(&checking->check, snapshot, where);
	point->why_not = proof->why_not;
	report_point(checking, point);
	check_point_free(point);
	symbolizer_free(symbolizer);
	checking->looked_at += snapshot->task_count;
	return 0;
}

/* Finds out what is leaked, and reports. */
static int
judge_snapshot(struct checking *checking, struct snapshot *snapshot,
    const struct wire_check *where, struct failure *failure)
{
	struct proof proof = { 0 };

	if (suppress_add_process(&checking->check.suppressions,
		client_pid(checking->client), failure) != 0 ||
	    proof_judge(checking->client, snapshot, PROOF_MAX_STOP_NS, &proof,
		failure) != 0) {
		return -1;
	}
	return explain(checking, snapshot, where, &proof, failure);
}

static bool
is_baseline(const struct check_options *options, const struct wire_check *where)
{
	return where->kind == WIRE_CHECK_BASELINE ||
	    (options->baseline != NULL &&
		strcmp(options->baseline, where->name) == 0);
}

static int
judge(struct checking *checking, const struct wire_check *where,
    struct failure *failure)
{
	struct snapshot *snapshot;
	int result = 0;

	settle(checking, where);
	snapshot = client_snapshot(
	    checking->client, WIRE_WITH_STACKS | WIRE_WITH_CREATION, failure);
	if (snapshot == NULL) {
		return -1;
	}
	if (is_baseline(checking->options, where)) {
		checking->has_based |= where->kind != WIRE_CHECK_BASELINE;
		check_take_baseline(&checking->check, snapshot);
	} else {
		result = judge_snapshot(checking, snapshot, where, failure);
	}
	snapshot_free(snapshot);
	return result;
}

/* ---- The command ------------------------------------------------------- */

/* It has executed another program, or ended. */
static void
disconnect(struct checking *checking)
{
	client_close(checking->client);
	checking->client = NULL;
}

/*
 * Makes sure that the probe can be spoken to: else the command would wait at
 * its end for nothing. Ends the program if not, and the command with it.
 */
static void
reach(struct checking *checking)
{
	struct failure failure = { 0 };

	for (int i = 0; i < REACH_TRIES; i++) {
		checking->client = client_open(checking->child.pid, &failure);
		if (checking->client != NULL ||
		    !child_pause(&checking->child, ASK_PAUSE_MS)) {
			return;
		}
	}
	child_terminate(&checking->child);
	say_failure(&failure);
}

/*
 * Asks whether a point is reached; judges there, and lets the program go on. A
 * connection that breaks is made again: that is not worth a word unless it
 * happens while we judge.
 */
static void
ask(struct checking *checking)
{
	struct wire_check where;
	struct failure failure;

	if (checking->client == NULL) {
		checking->client = client_open(checking->child.pid, &failure);
	}
	if (checking->client == NULL ||
	    client_check(checking->client, 0, &where, &failure) != 0) {
		disconnect(checking);
		return;
	}
	if (where.number == 0) {
		return;
	}
	if (judge(checking, &where, &failure) != 0) {
		say_warn("cannot judge what is there at \"%s\": %s", where.name,
		    failure.text);
	} else if (where.kind == WIRE_CHECK_EXIT) {
		checking->has_ended = true;
	}
	if (client_check(checking->client, where.number, &where, &failure) !=
	    0) {
		disconnect(checking);
	}
}

static void
write_junit(const struct checking *checking)
{
	int result = render_check_junit(
	    checking->junit, checking->cases, checking->options->command[0]);

	if (fclose(checking->junit) != 0 || result != 0) {
		say_die(EXIT_FAILED, "cannot write %s: %s",
		    checking->options->junit, strerror(errno));
	}
}

static json_t *
unused(const struct suppressions *suppressions)
{
	json_t *array = json_array();

	for (size_t i = 0; i < suppressions->count; i++) {
		if (suppressions->list[i].used == 0) {
			json_array_append_new(
			    array, json_string(suppressions->list[i].line));
		}
	}
	return array;
}

/* What is to be said at the end. `status` is that of the command. */
static void
conclude(struct checking *checking, int status)
{
	const struct check_options *options = checking->options;

	if (options->format == FORMAT_JSON) {
		json_t *root = json_pack("{s:i, s:s, s:i, s:I, s:O, s:o}",
		    "version", 1, "command", options->command[0], "status",
		    status, "leaked", (json_int_t) checking->check.leaked,
		    "points", checking->points, "suppressions_unused",
		    unused(&checking->check.suppressions));

		json_dumpf(root, checking->report, JSON_INDENT(1));
		fputc('\n', checking->report);
		json_decref(root);
	} else {
		render_check_unused(
		    checking->report, &checking->check.suppressions);
	}
	if (options->baseline != NULL && !checking->has_based) {
		say_warn("%s was never at the point \"%s\", which --baseline "
			 "names",
		    options->command[0], options->baseline);
	}
	if (checking->junit != NULL) {
		write_junit(checking);
	}
	if (fflush(checking->report) != 0 || ferror(checking->report)) {
		say_die(EXIT_FAILED, "cannot write the report: %s",
		    strerror(errno));
	}
}

/* The exit status, from that of the command, which has ended. */
static int
status_of(const struct checking *checking, int status)
{
	if (checking->check.leaked > 0) {
		return checking->options->exit_code;
	}
	if (!checking->has_ended) {
		say_warn("%s ended without having been looked at: it was "
			 "killed, executed a program without the probe, or "
			 "ended by a bare system call",
		    checking->options->command[0]);
	} else if (checking->looked_at == 0) {
		say_warn("%s had no task that could be looked at",
		    checking->options->command[0]);
	} else {
		return status;
	}
	return status != 0 ? status : EXIT_FAILED;
}

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		say_die(
		    EXIT_FAILED, "cannot write %s: %s", path, strerror(errno));
	}
	return file;
}

/* Before the command runs: it may run for long, and must not in vain. */
static void
open_reports(struct checking *checking)
{
	const struct check_options *options = checking->options;

	checking->report =
	    options->output != NULL ? open_file(options->output) : stderr;
	if (options->junit != NULL) {
		checking->junit = open_file(options->junit);
	}
	checking->points = json_array();
	checking->cases = json_array();
}

static void
end(struct checking *checking)
{
	disconnect(checking);
	check_free(&checking->check);
	json_decref(checking->points);
	json_decref(checking->cases);
	if (checking->report != stderr) {
		fclose(checking->report);
	}
}

static int
check_run(struct arguments *arguments)
{
	struct check_options options;
	struct checking checking = { .options = &options };
	struct failure failure;
	int status;

	parse(arguments, &checking, &options);
	open_reports(&checking);
	preload_prepare(options.command[0], options.track_heap);
	if (child_start(&checking.child, options.command, true, &failure) !=
	    0) {
		say_failure(&failure);
	}
	if (!child_await_probe(&checking.child)) {
		bool ended = checking.child.ended;

		child_terminate(&checking.child);
		preload_missed(options.command[0], ended);
		return EXIT_NO_TARGET;
	}
	reach(&checking);
	do {
		ask(&checking);
	} while (child_pause(&checking.child, ASK_PAUSE_MS));
	status = child_wait(&checking.child);
	conclude(&checking, status);
	status = status_of(&checking, status);
	end(&checking);
	return status;
}

const struct command command_check = {
	.name = "check",
	.operands = "[--] COMMAND [ARG]...",
	.summary = "run a test program; fail if it leaks tasks",
	.text = "Runs COMMAND under the probe, and judges the tasks that are "
		"left when it ends, or where it asks for that: which of them "
		"nothing can ever wake. Ends with status 23 if there are any, "
		"else with that of COMMAND.",
	.options = option_table,
	.wraps = true,
	.run = check_run,
};
