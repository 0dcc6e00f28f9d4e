/* diff.c: see diff.h. */
#include "render/diff.h"

#include <inttypes.h>
#include <string.h>

#include "common/states.h"
#include "render/json.h"
#include "render/output.h"
#include "render/stack.h"
#include "render/words.h"

#define SESSIONS_MAX 10 /* of a list that are named */

static const char *const changes[] = {
	[DIFF_NEW] = "new",
	[DIFF_GROWN] = "grown",
	[DIFF_SAME] = "same",
	[DIFF_FEWER] = "fewer",
	[DIFF_GONE] = "gone",
};

/* From one to the other, in nanoseconds; negative: they are the wrong way. */
static int64_t
elapsed(const struct diff *diff)
{
	return (int64_t) (diff->after->began_ns - diff->before->began_ns);
}

/* The group as it is now, or as it was. */
static const struct group *
group_of(const struct diff_group *change)
{
	return change->after ? change->after : change->before;
}

static size_t
count_of(const struct group *group)
{
	return group ? group->count : 0;
}

/* ---- Text -------------------------------------------------------------- */

static void
put_snapshot(FILE *out, const char *which, const struct snapshot *snapshot)
{
	fprintf(out, "%s: dump %016" PRIx64 " of process %d ", which,
	    snapshot->dump_id, (int) snapshot->pid);
	output_clean(out, snapshot->exe);
	fprintf(out, ", %zu task%s, %zu session%s\n", snapshot->task_count,
	    words_plural(snapshot->task_count), snapshot->session_count,
	    words_plural(snapshot->session_count));
}

static void
put_head(FILE *out, const struct diff *diff)
{
	char text[WORDS_MAX];
	int64_t passed = elapsed(diff);

	put_snapshot(out, "before", diff->before);
	put_snapshot(out, "after", diff->after);
	if (!diff->same_process) {
		fputs("two different processes: which waits and sessions are "
		      "the same cannot be said\n",
		    out);
	} else if (passed < 0) {
		fprintf(out, "the first is the later one, by %s\n",
		    words_duration(text, -passed));
	} else {
		fprintf(out, "%s passed\n", words_duration(text, passed));
	}
}

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

/* "grown: 40 -> 52 tasks [chan send, 0s .. 60s] "reader"" */
static void
put_group_head(FILE *out, const struct diff_group *change)
{
	const struct group *group = group_of(change);
	const struct task *first = group->tasks[0];
	size_t before = count_of(change->before);
	size_t after = count_of(change->after);

	fprintf(out, "\n%s: ", changes[diff_change(change)]);
	if (before > 0 && after > 0 && before != after) {
		fprintf(out, "%zu -> ", before);
	}
	fprintf(out, "%zu task%s [%s, ", group->count,
	    words_plural(group->count), words_state(first));
	put_span(out, group);
	fputc(']', out);
	if (first->name[0] != '\0') {
		fputc(' ', out);
		output_quoted(out, first->name);
	}
	if (change->stuck > 0) {
		fprintf(
		    out, ", %zu still in the very same wait", change->stuck);
	}
	fputs(":\n", out);
}

static void
put_group(FILE *out, const struct diff_group *change)
{
	const struct task *first = group_of(change)->tasks[0];

	put_group_head(out, change);
	stack_put(out, first);
	stack_put_creator(out, first);
}

/* A group that is as large as before only matters if it does not move. */
static bool
is_shown(const struct diff_group *change)
{
	return diff_change(change) != DIFF_SAME || change->stuck > 0;
}

static void
put_sessions(
    FILE *out, const char *which, const struct session **list, size_t count)
{
	if (count == 0) {
		return;
	}
	fprintf(
	    out, "\n%s: %zu session%s: ", which, count, words_plural(count));
	for (size_t i = 0; i < count && i < SESSIONS_MAX; i++) {
		fprintf(out, "%s%" PRIu64 " ", i > 0 ? ", " : "", list[i]->id);
		output_quoted(out, list[i]->name);
	}
	if (count > SESSIONS_MAX) {
		fprintf(out, " and %zu more", count - SESSIONS_MAX);
	}
	fputc('\n', out);
}

int
render_diff_text(FILE *out, const struct diff *diff)
{
	put_head(out, diff);
	for (size_t i = 0; i < diff->change_count && !ferror(out); i++) {
		if (is_shown(&diff->changes[i])) {
			put_group(out, &diff->changes[i]);
		}
	}
	put_sessions(out, "new", diff->opened, diff->opened_count);
	put_sessions(out, "gone", diff->closed, diff->closed_count);
	if (!diff_has_grown(diff)) {
		fputs("\nnothing is new, and nothing has grown\n", out);
	}
	return output_end(out);
}

/* ---- JSON -------------------------------------------------------------- */

static json_t *
encode_snapshot(const struct snapshot *snapshot)
{
	return json_pack("{s:o, s:i, s:o, s:o, s:I, s:I}", "dump_id",
	    json_sprintf("%016" PRIx64, snapshot->dump_id), "pid",
	    (int) snapshot->pid, "exe", json_string_or_null(snapshot->exe),
	    "name", json_string_or_null(snapshot->name), "tasks",
	    (json_int_t) snapshot->task_count, "sessions",
	    (json_int_t) snapshot->session_count);
}

static json_t *
encode_ids(const struct group *group)
{
	json_t *array = json_array();

	for (size_t i = 0; group && i < group->count; i++) {
		json_array_append_new(
		    array, json_integer((json_int_t) group->tasks[i]->id));
	}
	return array;
}

static json_t *
encode_group(const struct diff_group *change)
{
	const struct task *first = group_of(change)->tasks[0];

	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:o}",
	    "change", changes[diff_change(change)], "state", words_state(first),
	    "name", json_string_or_null(first->name), "before",
	    (json_int_t) count_of(change->before), "after",
	    (json_int_t) count_of(change->after), "stuck",
	    (json_int_t) change->stuck, "tasks", encode_ids(change->after),
	    "stack", json_frames(&first->stack), "created_by",
	    json_frames(&first->created_by));
}

static json_t *
encode_sessions(const struct session **list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(array,
		    json_pack("{s:I, s:s, s:o}", "id", (json_int_t) list[i]->id,
			"kind", words_session_kind(list[i]->kind), "name",
			json_string_or_null(list[i]->name)));
	}
	return array;
}

int
render_diff_json(FILE *out, const struct diff *diff)
{
	json_t *groups = json_array();
	json_t *root = json_pack("{s:i, s:b, s:I, s:o, s:o, s:o, s:o, s:o}",
	    "version", 1, "same_process", (int) diff->same_process,
	    "elapsed_ms", (json_int_t) (elapsed(diff) / 1000000), "before",
	    encode_snapshot(diff->before), "after",
	    encode_snapshot(diff->after), "groups", groups, "sessions_new",
	    encode_sessions(diff->opened, diff->opened_count), "sessions_gone",
	    encode_sessions(diff->closed, diff->closed_count));

	for (size_t i = 0; i < diff->change_count; i++) {
		json_array_append_new(groups, encode_group(&diff->changes[i]));
	}
	json_dumpf(root, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(root);
	return output_end(out);
}
