/*
 * text.c: a dump for people.
 *
 * First what it is a dump of and what is not in it, then the tasks. A leak is
 * many tasks at one line, so tasks that wait alike are told once, with the
 * largest such group first and what runs last. Before them stands who waits for
 * whom. The lines of one task begin as a Go program's traceback does, which
 * many people can read in their sleep; what Go does not tell follows the
 * frames. At the end come the sessions.
 */
#include "render/render.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyze/blame.h"
#include "analyze/table.h"
#include "client/client.h"
#include "client/memory.h"
#include "common/states.h"
#include "render/chains.h"
#include "render/output.h"
#include "render/sessions.h"
#include "render/stack.h"
#include "render/users.h"
#include "render/words.h"

#define INDENT       "        " /* before what is part of the line above */
#define LIST_MAX     10 /* threads that are not covered that are named */
#define MEMBERS_MAX  64 /* members of a group that are */
#define LINE_COLUMNS 80

struct text {
	FILE *out;
	const struct snapshot *snapshot;
	const struct render_options *options;
	struct table channels; /* struct channel by object */
};

static void
put_color(const struct text *text, const char *color)
{
	output_color(text->out, text->options, color);
}

/* ---- The head ---------------------------------------------------------- */

static void
put_time(FILE *out, int64_t unix_ns)
{
	time_t seconds = unix_ns / 1000000000;
	char date[32] = "", zone[8] = "";
	struct tm local;

	if (localtime_r(&seconds, &local)) {
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &local);
		strftime(zone, sizeof(zone), "%z", &local);
	}
	fprintf(out, "%s.%03d%s", date, (int) (unix_ns / 1000000 % 1000), zone);
}

/* How many tasks are in a state, by its name: there are few. */
struct state_count {
	const char *name; /* of words_state(), so that one state has one */
	uint32_t state;
	size_t count;
};

#define COUNTS_MAX (STRANDED_STATE_COUNT + 64) /* some, for system calls */

static struct state_count *
find_count(struct state_count *counts, size_t *used, const struct task *task)
{
	const char *name = words_state(task);

	for (size_t i = 0; i < *used; i++) {
		if (counts[i].name == name) {
			return &counts[i];
		}
	}
	if (*used == COUNTS_MAX) {
		return &counts[COUNTS_MAX - 1];
	}
	counts[*used] = (struct state_count) { name, task->state, 0 };
	return &counts[(*used)++];
}

/* In the order of the states, but what runs is told last. */
static int
compare_counts(const void *left, const void *right)
{
	const struct state_count *a = left;
	const struct state_count *b = right;
	uint32_t x = a->state - 1;
	uint32_t y = b->state - 1;

	return x != y ? (x > y) - (x < y) : strcmp(a->name, b->name);
}

static void
put_states(FILE *out, const struct snapshot *snapshot)
{
	struct state_count counts[COUNTS_MAX] = { { NULL, 0, 0 } };
	size_t used = 0;

	for (size_t i = 0; i < snapshot->task_count; i++) {
		find_count(counts, &used, &snapshot->tasks[i])->count++;
	}
	fprintf(out, "%zu task%s", snapshot->task_count,
	    words_plural(snapshot->task_count));
	qsort(counts, used, sizeof(*counts), compare_counts);
	for (size_t i = 0; i < used; i++) {
		fprintf(out, "%s%zu %s", i == 0 ? ": " : ", ", counts[i].count,
		    counts[i].name);
	}
	fputc('\n', out);
}

static void
put_session_counts(FILE *out, const struct snapshot *snapshot)
{
	size_t registry = 0, connects = 0, gone = 0, clients;

	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		registry += session->kind == WIRE_SESSION_REGISTRY;
		connects += session->kind == WIRE_SESSION_CONNECT;
		gone += session->state == SESSION_PEER_CLOSED;
	}
	clients = snapshot->session_count - connects;
	fprintf(out, "%zu session%s", clients, words_plural(clients));
	if (clients > 0) {
		fprintf(out, ": %zu socket, %zu registry", clients - registry,
		    registry);
	}
	if (connects > 0) {
		fprintf(out, ", %zu connection%s to others", connects,
		    words_plural(connects));
	}
	if (gone > 0) {
		fprintf(out, ", %zu whose peer has closed", gone);
	}
	fprintf(out, " (so far %" PRIu64 " opened, %" PRIu64 " closed)\n",
	    snapshot->counts.sessions_opened, snapshot->counts.sessions_closed);
}

static void
put_uncovered(FILE *out, const struct snapshot *snapshot)
{
	size_t count = snapshot->uncovered_count;

	fputs(count ? "not covered:\n" : "not covered: nothing\n", out);
	for (size_t i = 0; i < count && i < LIST_MAX; i++) {
		const struct uncovered *uncovered = &snapshot->uncovered[i];

		fprintf(out, INDENT "thread %" PRIu32 ": %s\n", uncovered->tid,
		    uncovered->why);
	}
	if (count > LIST_MAX) {
		fprintf(out, INDENT "and %zu more\n", count - LIST_MAX);
	}
}

/* "/usr/bin/sleep", or "redis-server (/usr/bin/redis-check-rdb)". */
static void
put_program(const struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;
	const char *slash = strrchr(snapshot->exe, '/');
	FILE *out = text->out;

	if (snapshot->name[0] == '\0' ||
	    (slash && strcmp(slash + 1, snapshot->name) == 0)) {
		output_clean(out, snapshot->exe);
		return;
	}
	output_clean(out, snapshot->name);
	if (slash) {
		fputs(" (", out);
		output_clean(out, snapshot->exe);
		fputc(')', out);
	}
}

static void
put_head(const struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;
	FILE *out = text->out;

	put_color(text, OUTPUT_BOLD);
	fprintf(out, "dump %016" PRIx64 " of process %d ", snapshot->dump_id,
	    (int) snapshot->pid);
	put_program(text);
	put_color(text, OUTPUT_PLAIN);
	fputs("\nbegan ", out);
	put_time(out, snapshot->began_unix_ns);
	fprintf(out, ", ended %.1f ms later\n",
	    (snapshot->ended_ns - snapshot->began_ns) / 1e6);
	put_states(out, snapshot);
	put_session_counts(out, snapshot);
	put_uncovered(out, snapshot);
}

/* ---- What is waited for ------------------------------------------------ */

static void
put_channel_state(const struct text *text, uint64_t object)
{
	const struct channel *channel = table_find(&text->channels, object);

	if (channel != NULL) {
		fprintf(text->out,
		    " (length %" PRIu64 ", capacity %" PRIu64 "%s)",
		    channel->length, channel->capacity,
		    channel->closed ? ", closed" : "");
	}
}

static void
put_holder(FILE *out, const struct task *task)
{
	bool joins = task->state == STRANDED_JOIN;

	if (task->holder) {
		fprintf(out,
		    joins ? ", which is task %" PRIu64 :
			    ", held by task %" PRIu64,
		    task->holder);
	} else if (task->holder_tid) {
		fprintf(out, ", held by thread %" PRIu32, task->holder_tid);
	}
	if (task->flags & WIRE_TASK_HOLDER_EXITED) {
		fputs(", which has exited", out);
	} else if (task->flags & WIRE_TASK_HOLDER_ELSEWHERE) {
		fputs(" of another process", out);
	}
}

static void
put_cases(const struct text *text, const struct task *task)
{
	for (size_t i = 0; i < task->case_count; i++) {
		const struct task_case *one = &task->cases[i];

		fprintf(text->out, INDENT "%s: ", state_name(one->state));
		if (one->object) {
			fprintf(text->out, "channel 0x%" PRIx64, one->object);
			put_channel_state(text, one->object);
			users_put_case(text->out, text->snapshot,
			    table_find(&text->channels, one->object),
			    one->state);
		} else {
			fputs("no channel", text->out);
		}
		fputc('\n', text->out);
	}
}

/* What the task waits for; `who` is "waits" or "all wait". */
static void
put_object(const struct text *text, const struct task *task, const char *who)
{
	FILE *out = text->out;

	/* Descriptor 0 is something to wait for, address 0 is not. */
	if (task->case_count > 0) {
		fprintf(out, "%s for any of\n", who);
		put_cases(text, task);
	} else if (task->flags & WIRE_TASK_FD) {
		fprintf(out, "%s on fd %" PRIu64, who, task->object);
		if (task->fd_name) {
			fputs(", ", out);
			output_clean(out, task->fd_name);
		}
		fputc('\n', out);
	} else if (task->object) {
		fprintf(out, "%s for %s 0x%" PRIx64, who, words_object(task),
		    task->object);
		put_channel_state(text, task->object);
		put_holder(out, task);
		fputc('\n', out);
		users_put(out, text->snapshot,
		    table_find(&text->channels, task->object), task->state);
	}
}

/* Who made the channel that it waits for, and what usually helps. */
static void
put_cure(const struct text *text, const struct task *task)
{
	const struct channel *channel =
	    table_find(&text->channels, task->object);

	if (task->verdict == VERDICT_LEAKED && channel != NULL) {
		stack_put_maker(
		    text->out, "channel made by", &channel->created_by);
	}
	if (task->cure != NULL) {
		fprintf(text->out, "usual cure: %s\n", task->cure);
	}
}

static void
put_verdict(const struct text *text, const struct task *task)
{
	put_color(text, OUTPUT_RED);
	fputs(words_verdict(task->verdict), text->out);
	put_color(text, OUTPUT_PLAIN);
	if (task->why) {
		fprintf(text->out, ": %s", task->why);
	}
	fputc('\n', text->out);
	put_cure(text, task);
}

/* ---- One task ---------------------------------------------------------- */

static void
put_session(const struct text *text, uint64_t id)
{
	const struct session *session = snapshot_session(text->snapshot, id);

	fprintf(text->out, "%" PRIu64, id);
	output_name(
	    text->out, session && session->name != NULL ? session->name : "");
}

/* What is to be known of a wait beside its state: ", seen by the kernel". */
static void
put_marks(FILE *out, const struct task *task)
{
	if (task->flags & WIRE_TASK_WOKEN) {
		fputs(", woken from cond wait", out);
	}
	if (task->flags & WIRE_TASK_KERNEL) {
		fputs(", seen by the kernel", out);
	}
}

static void
put_task_head(const struct text *text, const struct task *task)
{
	char duration[WORDS_MAX];
	FILE *out = text->out;

	put_color(text, OUTPUT_BOLD);
	fprintf(out, "task %" PRIu64 " [%s", task->id, words_state(task));
	if (task->state != STRANDED_RUNNING) {
		fprintf(out, ", %s", words_duration(duration, task->since_ns));
	}
	put_marks(out, task);
	fputc(']', out);
	if (task->session) {
		fputs(" session ", out);
		put_session(text, task->session);
	}
	if (task->tid) {
		fprintf(out, " thread %" PRIu32, task->tid);
	}
	output_name(out, task->name);
	fputc(':', out);
	put_color(text, OUTPUT_PLAIN);
	fputc('\n', out);
}

static void
put_task(const struct text *text, const struct task *task)
{
	put_task_head(text, task);
	stack_put(text->out, task);
	stack_put_creator(text->out, task);
	put_object(text, task, "waits");
	if (task->verdict != VERDICT_OK) {
		put_verdict(text, task);
	}
}

/* ---- A group ----------------------------------------------------------- */

/* "4s", or "4s .. 12 minutes": the first of a group has waited longest. */
static void
put_span(FILE *out, const struct group *group)
{
	char least[WORDS_MAX], most[WORDS_MAX];

	words_duration(most, group->tasks[0]->since_ns);
	words_duration(least, group->tasks[group->count - 1]->since_ns);
	if (strcmp(least, most) != 0) {
		fprintf(out, "%s .. ", least);
	}
	fputs(most, out);
}

static bool
same_name(const struct group *group)
{
	for (size_t i = 1; i < group->count; i++) {
		if (strcmp(group->tasks[i]->name, group->tasks[0]->name) != 0) {
			return false;
		}
	}
	return true;
}

static void
put_group_head(const struct text *text, const struct group *group)
{
	const struct task *first = group->tasks[0];
	FILE *out = text->out;

	put_color(text, OUTPUT_BOLD);
	fprintf(out, "%zu tasks [%s", group->count, words_state(first));
	if (first->state != STRANDED_RUNNING) {
		fputs(", ", out);
		put_span(out, group);
	}
	put_marks(out, first);
	fputc(']', out);
	output_name(out, same_name(group) ? first->name : "");
	fputc(':', out);
	put_color(text, OUTPUT_PLAIN);
	fputc('\n', out);
}

static int
compare_ids(const void *left, const void *right)
{
	const uint64_t *a = left;
	const uint64_t *b = right;

	return (*a > *b) - (*a < *b);
}

/* Sorts the numbers and leaves out 0 and repetitions; returns how many stay. */
static size_t
distinct(uint64_t *ids, size_t count)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (ids[i] != 0 && (kept == 0 || ids[i] != ids[kept - 1])) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

static int
compare_tasks(const void *left, const void *right)
{
	const struct task *const *a = left;
	const struct task *const *b = right;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

/* "7 (session 41 "127.0.0.1:53920")" */
static char *
member_text(const struct text *text, const struct task *task)
{
	struct text to = *text;
	char *member;
	size_t size;

	to.out = open_memstream(&member, &size);
	if (!to.out) {
		err(EXIT_FAILED, "no memory");
	}
	fprintf(to.out, "%" PRIu64, task->id);
	if (task->session) {
		fputs(" (session ", to.out);
		put_session(&to, task->session);
		fputc(')', to.out);
	}
	fclose(to.out);
	return member;
}

/* Who they are and which sessions they are in: those of the lowest ids. */
static void
put_members(const struct text *text, const struct group *group)
{
	size_t size = group->count * sizeof(struct task *);
	struct task **tasks = memory_new(group->count, sizeof(struct task *));
	size_t column = strlen("tasks");

	memcpy(tasks, group->tasks, size);
	qsort(tasks, group->count, sizeof(struct task *), compare_tasks);
	fputs("tasks", text->out);
	for (size_t i = 0; i < group->count && i < MEMBERS_MAX; i++) {
		bool last = i + 1 == group->count;
		char *member = member_text(text, tasks[i]);

		if (column + strlen(member) + 2 > LINE_COLUMNS) {
			fputs("\n       ", text->out);
			column = strlen(INDENT) - 1;
		}
		column += (size_t) fprintf(
		    text->out, " %s%s", member, last ? "" : ",");
		free(member);
	}
	if (group->count > MEMBERS_MAX) {
		fprintf(text->out, "\n" INDENT "and %zu more",
		    group->count - MEMBERS_MAX);
	}
	fputc('\n', text->out);
	free(tasks);
}

/* The thing that all wait for, or how many there are. */
static void
put_group_objects(
    const struct text *text, const struct group *group, uint64_t *ids)
{
	const struct task *first = group->tasks[0];
	size_t count;

	for (size_t i = 0; i < group->count; i++) {
		ids[i] = group->tasks[i]->object;
	}
	count = distinct(ids, group->count);
	if (count == 1) {
		put_object(text, first, "all wait");
	} else if (count > 1) {
		const char *noun = words_object(first);

		fprintf(text->out, "wait for %zu different %s%s\n", count, noun,
		    noun[strlen(noun) - 1] == 'x' ? "es" : "s");
		users_put_group(
		    text->out, text->snapshot, group, &text->channels);
	}
}

/* One with a deadline may be among them that is fine. */
static void
put_group_verdict(const struct text *text, const struct group *group)
{
	const struct task *example = NULL;
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		if (group->tasks[i]->verdict != VERDICT_OK) {
			example = group->tasks[i];
			count++;
		}
	}
	if (count > 0 && count < group->count) {
		fprintf(text->out, "%zu of them ", count);
	}
	if (count > 0) {
		put_verdict(text, example);
	}
}

static void
put_group(const struct text *text, const struct group *group)
{
	uint64_t *ids = memory_new(group->count, sizeof(*ids));

	put_group_head(text, group);
	stack_put(text->out, group->tasks[0]);
	stack_put_creator(text->out, group->tasks[0]);
	put_group_objects(text, group, ids);
	put_members(text, group);
	put_group_verdict(text, group);
	free(ids);
}

static void
put_one_group(const struct text *text, const struct group *group)
{
	if (group->count > 1 && !text->options->all) {
		fputc('\n', text->out);
		put_group(text, group);
		return;
	}
	for (size_t i = 0; i < group->count; i++) {
		fputc('\n', text->out);
		put_task(text, group->tasks[i]);
	}
}

static void
put_groups(const struct text *text, const struct groups *groups, bool running)
{
	for (size_t i = 0; i < groups->count && !ferror(text->out); i++) {
		const struct group *group = &groups->list[i];

		if ((group->tasks[0]->state == STRANDED_RUNNING) == running) {
			put_one_group(text, group);
		}
	}
}

/* The highest of its tasks. */
static enum verdict
group_verdict(const struct group *group)
{
	enum verdict verdict = VERDICT_OK;

	for (size_t i = 0; i < group->count; i++) {
		if (group->tasks[i]->verdict > verdict) {
			verdict = group->tasks[i]->verdict;
		}
	}
	return verdict;
}

/* First those who are to blame, or who only stand behind others. */
static void
put_groups_of(const struct text *text, const struct groups *groups,
    enum verdict verdict, bool behind)
{
	for (size_t i = 0; i < groups->count && !ferror(text->out); i++) {
		const struct group *group = &groups->list[i];

		if (group_verdict(group) == verdict &&
		    (group->tasks[0]->rule == RULE_BEHIND) == behind) {
			put_one_group(text, group);
		}
	}
}

/* ---- All -------------------------------------------------------------- */

static void
text_begin(struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;

	for (size_t i = 0; i < snapshot->channel_count; i++) {
		struct channel *channel = &snapshot->channels[i];

		table_add(&text->channels, channel->object, channel);
	}
}

static int
text_end(struct text *text)
{
	table_clear(&text->channels, NULL);
	return output_end(text->out);
}

/* The first to look at: who keeps others waiting. */
static void
put_blame(const struct text *text)
{
	struct blame *blame = blame_new(text->snapshot);

	if (blame->root_count > 0) {
		put_color(text, OUTPUT_BOLD);
		fputs("\nwho waits for whom:\n", text->out);
		put_color(text, OUTPUT_PLAIN);
		chains_put(text->out, blame);
	}
	blame_free(blame);
}

int
render_text(FILE *out, const struct snapshot *snapshot,
    const struct groups *groups, const struct render_options *options)
{
	struct text text = {
		.out = out,
		.snapshot = snapshot,
		.options = options,
	};

	text_begin(&text);
	put_head(&text);
	put_blame(&text);
	put_groups(&text, groups, false);
	put_groups(&text, groups, true);
	sessions_put(out, snapshot, options);
	return text_end(&text);
}

int
render_text_verdicts(FILE *out, const struct snapshot *snapshot,
    const struct groups *groups, const struct render_options *options)
{
	struct text text = {
		.out = out,
		.snapshot = snapshot,
		.options = options,
	};

	text_begin(&text);
	put_groups_of(&text, groups, VERDICT_LEAKED, false);
	put_groups_of(&text, groups, VERDICT_LEAKED, true);
	put_groups_of(&text, groups, VERDICT_SUSPECT, false);
	sessions_put_suspects(out, snapshot, options);
	return text_end(&text);
}
