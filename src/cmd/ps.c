/* ps.c: `stranded ps`. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/family.h"
#include "client/memory.h"
#include "client/process.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/say.h"
#include "common/states.h"
#include "render/words.h"

#define INDENT 2 /* columns, of a child's name */

static const struct command_option option_table[] = {
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default) or JSON (json)." },
	{ 0 },
};

/* What is said of one process. */
struct row {
	struct target target;
	pid_t parent;           /* if that is listed too, or 0 */
	unsigned int depth;     /* how many of its ancestors are */
	struct failure failure; /* why it does not answer; status 0: it does */
	struct wire_counts counts; /* if it does */
	int64_t uptime_ms;         /* since the probe was loaded, if it does */
};

static int64_t
uptime_ms(const struct client *client)
{
	uint64_t start = client_hello(client)->start_ns;
	struct timespec now;
	uint64_t now_ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
	return now_ns > start ? (int64_t) ((now_ns - start) / 1000000) : 0;
}

/*
 * Asks the process for what is to be said of it. False if it has ended since it
 * was listed: then nothing is.
 */
static bool
ask(struct row *row)
{
	struct client *client = client_open(row->target.pid, &row->failure);

	if (client != NULL) {
		row->uptime_ms = uptime_ms(client);
		client_counts(client, &row->counts, &row->failure);
		client_close(client);
	}
	return row->failure.status == 0 || !client_has_ended(row->target.pid);
}

/* Puts the rows in the order of their families. */
static void
sort_rows(struct row *rows, size_t count)
{
	struct family_member *members = memory_new(count + 1, sizeof(*members));
	struct row *sorted = memory_new(count + 1, sizeof(*sorted));
	struct process process;

	for (size_t i = 0; i < count; i++) {
		process_read(rows[i].target.pid, &process);
		members[i] = (struct family_member) {
			.pid = rows[i].target.pid,
			.parent = process.parent,
			.index = i,
		};
	}
	family_sort(members, count);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = rows[members[i].index];
		sorted[i].parent = members[i].parent;
		sorted[i].depth = members[i].depth;
	}
	memcpy(rows, sorted, count * sizeof(*rows));
	free(sorted);
	free(members);
}

static uint32_t
blocked(const struct wire_counts *counts)
{
	uint32_t running = counts->by_state[STRANDED_RUNNING];

	return counts->tasks > running ? counts->tasks - running : 0;
}

/* ---- Text -------------------------------------------------------------- */

static void
print_header(void)
{
	printf("%8s%8s%8s%9s%10s  %s\n", "PID", "UP", "TASKS", "BLOCKED",
	    "SESSIONS", "PROGRAM");
}

static void
print_row(const struct row *row)
{
	char uptime[WORDS_MAX];

	printf("%8d", row->target.pid);
	if (row->failure.status != 0) {
		printf("%8s%8s%9s%10s", "-", "-", "-", "-");
	} else {
		words_age(uptime, row->uptime_ms * 1000000);
		printf("%8s%8u%9u%10u", uptime, row->counts.tasks,
		    blocked(&row->counts), row->counts.sessions);
	}
	printf("  %*s%s\n", INDENT * (int) row->depth, "", row->target.name);
}

/* ---- JSON -------------------------------------------------------------- */

static json_t *
states_object(const struct wire_counts *counts)
{
	json_t *states = json_object();

	for (uint32_t i = 0; i < STRANDED_STATE_COUNT; i++) {
		if (counts->by_state[i] != 0) {
			json_object_set_new(states, state_name(i),
			    json_integer(counts->by_state[i]));
		}
	}
	return states;
}

static json_t *
row_object(const struct row *row)
{
	const struct wire_counts *counts = &row->counts;

	json_t *parent =
	    row->parent != 0 ? json_integer(row->parent) : json_null();

	if (row->failure.status != 0) {
		return json_pack("{s:i, s:o, s:s, s:s, s:s}", "pid",
		    row->target.pid, "parent", parent, "name", row->target.name,
		    "comm", row->target.comm, "error", row->failure.text);
	}
	return json_pack(
	    "{s:i, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
	    "pid", row->target.pid, "parent", parent, "name", row->target.name,
	    "comm", row->target.comm, "uptime_ms", (json_int_t) row->uptime_ms,
	    "tasks", (json_int_t) counts->tasks, "blocked",
	    (json_int_t) blocked(counts), "sessions",
	    (json_int_t) counts->sessions, "sessions_opened",
	    (json_int_t) counts->sessions_opened, "sessions_closed",
	    (json_int_t) counts->sessions_closed, "connects",
	    (json_int_t) counts->connects, "states", states_object(counts));
}

static void
print_json(const struct row *rows, size_t count)
{
	json_t *processes = json_array();
	json_t *document;

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(processes, row_object(&rows[i]));
	}
	document =
	    json_pack("{s:i, s:o}", "version", 1, "processes", processes);
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(document);
}

static void
print_text(const struct row *rows, size_t count)
{
	print_header();
	for (size_t i = 0; i < count; i++) {
		print_row(&rows[i]);
	}
}

/* ---- The command ------------------------------------------------------- */

/*
 * Asks all of them, and leaves in `count` how many rows there are. Returns the
 * exit status: that of the last that does not answer, if there is one.
 */
static int
ask_all(const struct target *targets, size_t *count, struct row *rows)
{
	int status = EXIT_DONE;
	size_t listed = *count;

	*count = 0;
	for (size_t i = 0; i < listed; i++) {
		struct row *row = &rows[*count];

		*row = (struct row) { .target = targets[i] };
		if (!ask(row)) {
			continue;
		}
		*count += 1;
		if (row->failure.status != 0) {
			say_warn("%s", row->failure.text);
			status = row->failure.status;
		}
	}
	return status;
}

/* That there is no process is no error; if none could be found, it is one. */
static int
explain_none(const struct failure *failure)
{
	if (failure->status == 0) {
		say_warn("no process is under the probe: start one with "
			 "`stranded run`");
		return EXIT_DONE;
	}
	say_warn("%s", failure->text);
	return failure->status == EXIT_NO_TARGET ? EXIT_DONE : EXIT_FAILED;
}

static int
ps_run(struct arguments *arguments)
{
	enum format format = FORMAT_TEXT;
	struct target *targets;
	struct row *rows;
	struct failure failure;
	const char *value;
	size_t count;
	int status;
	int flushed;

	while (arguments_next(arguments, &value) != 0) {
		format = arguments_format(arguments, value);
	}
	arguments_end(arguments);
	targets = client_list(&count, &failure);
	rows = memory_new(count + 1, sizeof(*rows));
	status = ask_all(targets, &count, rows);
	if (count == 0) {
		status = explain_none(&failure);
	}
	sort_rows(rows, count);
	(format == FORMAT_JSON ? print_json : print_text)(rows, count);
	free(rows);
	free(targets);
	flushed = say_flush();
	return flushed != EXIT_DONE ? flushed : status;
}

const struct command command_ps = {
	.name = "ps",
	.operands = "",
	.summary = "list the processes under the probe, with their counts",
	.text = "Lists the processes under the probe that the caller may look "
		"at: for how long the probe has been there, how many tasks "
		"there are, how many of them are blocked, and how many "
		"sessions are open. Children follow their parent, indented.",
	.options = option_table,
	.run = ps_run,
};
