/* sessions.c: see sessions.h. */
#include "render/sessions.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/memory.h"
#include "render/output.h"
#include "render/stack.h"
#include "render/words.h"

#define SESSIONS_MAX 20 /* sessions that are listed */

/* What is written, where, and how. */
struct list {
	FILE *out;
	const struct snapshot *snapshot;
	const struct render_options *options;
};

static void
put_color(const struct list *list, const char *color)
{
	output_color(list->out, list->options, color);
}

/* One whose peer has closed, or that is closed itself, should be no more. */
static int
rank(const struct session *session)
{
	static const int ranks[] = {
		[SESSION_PEER_CLOSED] = 0,
		[SESSION_CLOSED] = 1,
		[SESSION_OPEN] = 2,
	};

	return ranks[session->state];
}

/* By rank, then the oldest first. */
static int
compare_sessions(const void *left, const void *right)
{
	const struct session *a = *(const struct session *const *) left;
	const struct session *b = *(const struct session *const *) right;

	if (rank(a) != rank(b)) {
		return rank(a) - rank(b);
	}
	if (a->opened_ns != b->opened_ns) {
		return a->opened_ns > b->opened_ns ? -1 : 1;
	}
	return (a->id > b->id) - (a->id < b->id);
}

/* "socket fd 9 and 2 more, received from process 812, " */
static void
put_session_kind(FILE *out, const struct session *session)
{
	fprintf(out, " %s", words_session_kind(session->kind));
	if (session->fd >= 0) {
		fprintf(out, " fd %d", session->fd);
	}
	if (session->fds > 1) {
		fprintf(out, " and %" PRIu32 " more", session->fds - 1);
	}
	if (session->kind == WIRE_SESSION_INHERITED) {
		fputs(", inherited", out);
	}
	if (session->from != 0) {
		fprintf(out, ", received from process %" PRIu32, session->from);
	}
}

/* "peer closed 12 minutes ago" */
static void
put_session_state(FILE *out, const struct session *session)
{
	char since[WORDS_MAX];

	fputs(words_session_state(session->state), out);
	if (session->state == SESSION_PEER_CLOSED &&
	    session->peer_closed_ns >= 0) {
		fprintf(out, " %s ago",
		    words_duration(since, session->peer_closed_ns));
	}
}

static void
put_session(const struct list *list, const struct session *session)
{
	bool alarm = session->state != SESSION_OPEN && session->task_count > 0;
	char opened[WORDS_MAX], used[WORDS_MAX];
	FILE *out = list->out;

	fprintf(out, "session %" PRIu64, session->id);
	output_name(out, session->name != NULL ? session->name : "");
	put_session_kind(out, session);
	fprintf(out, ", opened %s ago, used %s ago, %zu task%s, ",
	    words_duration(opened, session->opened_ns),
	    words_duration(used, session->used_ns), session->task_count,
	    words_plural(session->task_count));
	put_color(list, alarm ? OUTPUT_RED : "");
	put_session_state(out, session);
	put_color(list, alarm ? OUTPUT_PLAIN : "");
	fputc('\n', out);
}

/* "last used by task 7 "reader", which has ended" */
static void
put_last_user(const struct list *list, const struct session *session)
{
	const struct task *task = snapshot_task(list->snapshot, session->user);

	if (session->user != 0) {
		fprintf(list->out, "last used by task %" PRIu64, session->user);
		output_name(list->out, task != NULL ? task->name : "");
		fputs(task != NULL ? "\n" : ", which has ended\n", list->out);
	}
}

void
sessions_put(FILE *out, const struct snapshot *snapshot,
    const struct render_options *options)
{
	const struct list list = { out, snapshot, options };
	size_t count = snapshot->session_count;
	const struct session **sorted = memory_new(count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++) {
		sorted[i] = &snapshot->sessions[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_sessions);
	if (count > 0) {
		put_color(&list, OUTPUT_BOLD);
		fprintf(out, "\n%zu session%s:", count, words_plural(count));
		put_color(&list, OUTPUT_PLAIN);
		fputc('\n', out);
	}
	for (size_t i = 0; i < count && i < SESSIONS_MAX; i++) {
		put_session(&list, sorted[i]);
	}
	if (count > SESSIONS_MAX) {
		fprintf(out, "and %zu more (--format=json lists all)\n",
		    count - SESSIONS_MAX);
	}
	free(sorted);
}

void
sessions_put_suspects(FILE *out, const struct snapshot *snapshot,
    const struct render_options *options)
{
	const struct list list = { out, snapshot, options };

	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		if (session->verdict == VERDICT_OK) {
			continue;
		}
		fputc('\n', out);
		put_session(&list, session);
		stack_put_maker(out, "opened by", &session->opened_by);
		put_last_user(&list, session);
		fprintf(out, "%s: %s\n", words_verdict(session->verdict),
		    session->why);
	}
}
