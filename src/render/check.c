/* check.c: see check.h. */
#include "render/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "client/text.h"
#include "common/states.h"
#include "render/json.h"
#include "render/output.h"
#include "render/stack.h"
#include "render/words.h"

/* Is it leaked, and, unless that is NULL, under the label? */
static bool
is_leaked(
    const struct check_point *point, const struct task *task, const char *label)
{
	return check_fate(point, task) == CHECK_LEAKED &&
	    (label == NULL || strcmp(task->label, label) == 0);
}

/* ---- Text -------------------------------------------------------------- */

/* How many of the group have that fate; the first of them, too. */
static size_t
count_fate(const struct check_point *point, const struct group *group,
    enum check_fate fate, const struct task **first)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		if (check_fate(point, group->tasks[i]) == fate) {
			*first = count++ == 0 ? group->tasks[i] : *first;
		}
	}
	return count;
}

static int
compare_labels(const void *left, const void *right)
{
	return strcmp(
	    *(const char *const *) left, *(const char *const *) right);
}

/* The labels of those that are leaked, each once, by the alphabet. */
static void
put_labels(
    FILE *out, const struct check_point *point, const struct group *group)
{
	const char **labels = memory_new(group->count, sizeof(*labels));
	const char *last = "";
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		if (is_leaked(point, group->tasks[i], NULL)) {
			labels[count++] = group->tasks[i]->label;
		}
	}
	qsort(labels, count, sizeof(*labels), compare_labels);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(labels[i], last) != 0) {
			fputs(last[0] == '\0' ? "in " : ", ", out);
			output_quoted(out, labels[i]);
			last = labels[i];
		}
	}
	if (last[0] != '\0') {
		fputc('\n', out);
	}
	free(labels);
}

static void
put_group(FILE *out, const struct check_point *point, const struct group *group)
{
	const struct task *first = NULL;
	size_t count = count_fate(point, group, CHECK_LEAKED, &first);
	char text[WORDS_MAX];

	if (count == 0) {
		return;
	}
	fprintf(out, "\n%zu task%s leaked [%s, %s]", count,
	    count == 1 ? " is" : "s are", state_name(first->state),
	    words_duration(text, first->since_ns));
	if (first->name[0] != '\0') {
		fputc(' ', out);
		output_quoted(out, first->name);
	}
	fputs(":\n", out);
	stack_put(out, first);
	stack_put_creator(out, first);
	put_labels(out, point, group);
	if (first->why != NULL) {
		output_clean(out, first->why);
		fputc('\n', out);
	}
}

/* One line for each group that is blocked, and not proved leaked. */
static void
put_notes(FILE *out, const struct check_point *point)
{
	for (size_t i = 0; i < point->groups->count; i++) {
		const struct group *group = &point->groups->list[i];
		const struct task *first = NULL;
		size_t count = count_fate(point, group, CHECK_BLOCKED, &first);
		char place[256];

		if (count > 0) {
			words_place(place, sizeof(place),
			    analyze_own_frame(&first->stack, first->state));
			fprintf(out, "note: %zu task%s still blocked [%s]",
			    count, count == 1 ? " is" : "s are",
			    state_name(first->state));
			fputs(place[0] != '\0' ? " in " : "", out);
			output_clean(out, place);
			fputs(", not proved leaked\n", out);
		}
	}
}

static void
put_rest(FILE *out, const struct check_point *point)
{
	if (point->count[CHECK_SUPPRESSED] > 0) {
		fprintf(out, "%zu task%s suppressed\n",
		    point->count[CHECK_SUPPRESSED],
		    point->count[CHECK_SUPPRESSED] == 1 ? " is" : "s are");
	}
	if (point->count[CHECK_KNOWN] > 0) {
		fprintf(out, "%zu task%s known already\n",
		    point->count[CHECK_KNOWN],
		    point->count[CHECK_KNOWN] == 1 ? " is" : "s are");
	}
}

void
render_check_text(FILE *out, const struct check_point *point)
{
	size_t tasks = point->snapshot->task_count;

	fputs("stranded: at ", out);
	output_quoted(out, point->name);
	fprintf(out, ", %zu task%s looked at: %zu leaked\n", tasks,
	    words_plural(tasks), point->count[CHECK_LEAKED]);
	for (size_t i = 0; i < point->groups->count; i++) {
		put_group(out, point, &point->groups->list[i]);
	}
	if (point->count[CHECK_LEAKED] > 0) {
		fputc('\n', out);
	}
	put_notes(out, point);
	put_rest(out, point);
	if (point->why_not[0] != '\0') {
		fprintf(out,
		    "note: proved only by who waits for whom, not by what can "
		    "be reached: %s\n",
		    point->why_not);
	}
}

void
render_check_unused(FILE *out, const struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		if (suppressions->list[i].used == 0) {
			fputs("stranded: the suppression ", out);
			output_quoted(out, suppressions->list[i].line);
			fputs(" suppresses nothing\n", out);
		}
	}
}

/* ---- JSON -------------------------------------------------------------- */

static json_t *
encode_task(const struct task *task)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:o, s:I, s:o, s:o, s:o}", "id",
	    (json_int_t) task->id, "name", json_string_or_null(task->name),
	    "label",
	    json_string_or_null(task->label[0] != '\0' ? task->label : NULL),
	    "state", state_name(task->state), "wait_id",
	    json_sprintf("%" PRIu64 ".%" PRIu64, task->id, task->wait_seq),
	    "since_ms", (json_int_t) (task->since_ns / 1000000), "why",
	    json_string_or_null(task->why), "stack", json_frames(&task->stack),
	    "created_by", json_frames(&task->created_by));
}

/* The point's tasks that have that fate. */
static json_t *
encode_tasks(const struct check_point *point, enum check_fate fate)
{
	json_t *array = json_array();

	for (size_t i = 0; i < point->snapshot->task_count; i++) {
		const struct task *task = &point->snapshot->tasks[i];

		if (check_fate(point, task) == fate) {
			json_array_append_new(array, encode_task(task));
		}
	}
	return array;
}

json_t *
render_check_json(const struct check_point *point)
{
	static const char *const kinds[] = {
		[WIRE_CHECK_POINT] = "point",
		[WIRE_CHECK_BASELINE] = "baseline",
		[WIRE_CHECK_EXIT] = "exit",
	};

	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "name",
	    json_string_or_null(point->name), "kind", kinds[point->kind],
	    "tasks", (json_int_t) point->snapshot->task_count, "suppressed",
	    (json_int_t) point->count[CHECK_SUPPRESSED], "known",
	    (json_int_t) point->count[CHECK_KNOWN], "leaked",
	    encode_tasks(point, CHECK_LEAKED), "blocked",
	    encode_tasks(point, CHECK_BLOCKED), "why_not",
	    json_string_or_null(
		point->why_not[0] != '\0' ? point->why_not : NULL));
}

/* ---- JUnit ------------------------------------------------------------- */

/* What is leaked under the label, as text; NULL if nothing is. */
static char *
failure_text(const struct check_point *point, const char *label)
{
	char *text = NULL;
	size_t size;
	size_t count = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out != NULL && i < point->snapshot->task_count;
	     i++) {
		const struct task *task = &point->snapshot->tasks[i];

		if (is_leaked(point, task, label)) {
			fprintf(out, "task %" PRIu64 " [%s]:\n", task->id,
			    state_name(task->state));
			stack_put(out, task);
			stack_put_creator(out, task);
			count++;
		}
	}
	if (out == NULL || fclose(out) != 0 || count == 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Has an earlier task of the point the same label? */
static bool
is_repeated(const struct check_point *point, size_t index)
{
	const struct task *tasks = point->snapshot->tasks;

	for (size_t i = 0; i < index; i++) {
		if (is_leaked(point, &tasks[i], tasks[index].label)) {
			return true;
		}
	}
	return false;
}

void
render_check_cases(json_t *cases, const struct check_point *point)
{
	for (size_t i = 0; i < point->snapshot->task_count; i++) {
		const struct task *task = &point->snapshot->tasks[i];
		char *text;

		if (!is_leaked(point, task, NULL) || is_repeated(point, i)) {
			continue;
		}
		text = failure_text(point, task->label);
		json_array_append_new(cases,
		    json_pack("{s:o, s:o}", "name",
			json_string_or_null(
			    task->label[0] != '\0' ? task->label : point->name),
			"failure", json_string_or_null(text)));
		free(text);
	}
	if (point->count[CHECK_LEAKED] == 0) {
		json_array_append_new(cases,
		    json_pack(
			"{s:o}", "name", json_string_or_null(point->name)));
	}
}

static void
put_xml(FILE *out, const char *text)
{
	static const char *const entities[128] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;",
	};
	char *clean = memory_print("%s", text);

	for (char *line = clean; line != NULL;) {
		char *end = strchr(line, '\n');

		if (end != NULL) {
			*end = '\0';
		}
		text_clean(line);
		for (const char *at = line; *at != '\0'; at++) {
			const char *entity =
			    *at > 0 ? entities[(int) *at] : NULL;

			if (entity != NULL) {
				fputs(entity, out);
			} else {
				fputc(*at, out);
			}
		}
		if (end != NULL) {
			fputc('\n', out);
		}
		line = end != NULL ? end + 1 : NULL;
	}
	free(clean);
}

static void
put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, value != NULL ? value : "");
	fputc('"', out);
}

static void
put_case(FILE *out, const json_t *one, const char *suite)
{
	const char *failure =
	    json_string_value(json_object_get(one, "failure"));

	fputs("    <testcase", out);
	put_attribute(out, "classname", suite);
	put_attribute(
	    out, "name", json_string_value(json_object_get(one, "name")));
	if (failure == NULL) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <failure message=\"tasks are leaked\">", out);
	put_xml(out, failure);
	fputs("</failure>\n    </testcase>\n", out);
}

int
render_check_junit(FILE *out, const json_t *cases, const char *suite)
{
	size_t failures = 0;

	for (size_t i = 0; i < json_array_size(cases); i++) {
		failures += json_object_get(
				json_array_get(cases, i), "failure") != NULL;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<testsuites>\n  <testsuite",
	    out);
	put_attribute(out, "name", suite);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\">\n",
	    json_array_size(cases), failures);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		put_case(out, json_array_get(cases, i), suite);
	}
	fputs("  </testsuite>\n</testsuites>\n", out);
	return output_end(out);
}
