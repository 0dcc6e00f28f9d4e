/* leaks.c: see leaks.h. */
#include "render/leaks.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "analyze/analyze.h"
#include "proof/proof.h"
#include "render/output.h"
#include "render/words.h"

struct counts {
	size_t leaked;
	size_t suspect;
};

static struct counts
count_tasks(const struct snapshot *snapshot)
{
	struct counts counts = { 0 };

	for (size_t i = 0; i < snapshot->task_count; i++) {
		enum verdict verdict = snapshot->tasks[i].verdict;

		counts.leaked += verdict == VERDICT_LEAKED;
		counts.suspect += verdict == VERDICT_SUSPECT;
	}
	return counts;
}

size_t
render_leaks_count(const struct snapshot *snapshot)
{
	return count_tasks(snapshot).leaked;
}

/* ---- Text -------------------------------------------------------------- */

/* What was done to find out. */
static void
put_proof(FILE *out, const struct proof *proof)
{
	if (proof->why_not[0] != '\0') {
		fputs("proved only by who waits for whom, not by what can be "
		      "reached: ",
		    out);
		output_clean(out, proof->why_not);
		fputc('\n', out);
	} else if (proof->threads == 0) {
		fputs("stopped nobody: no task waits for what only the program "
		      "could end\n",
		    out);
	} else {
		fprintf(out,
		    "looked through %.1f MiB of memory and %zu blocks of heap, "
		    "in %.0f ms\n",
		    (double) proof->copied / (1 << 20), proof->chunks,
		    (double) proof->working_ns / 1e6);
	}
	if (proof->stopped_ns > 0) {
		fprintf(out, "stopped %zu thread%s for %.1f ms\n",
		    proof->threads, words_plural(proof->threads),
		    (double) proof->stopped_ns / 1e6);
	}
}

static void
put_head(FILE *out, const struct snapshot *snapshot, const struct proof *proof)
{
	struct counts tasks = count_tasks(snapshot);

	fprintf(out, "process %d ", (int) snapshot->pid);
	output_clean(out, snapshot->exe);
	fprintf(out,
	    "\nlooked at %zu task%s and %zu session%s: %zu task%s leaked, %zu "
	    "suspect\n",
	    snapshot->task_count, words_plural(snapshot->task_count),
	    snapshot->session_count, words_plural(snapshot->session_count),
	    tasks.leaked, words_plural(tasks.leaked), tasks.suspect);
	put_proof(out, proof);
}

int
render_leaks_text(FILE *out, const struct snapshot *snapshot,
    const struct proof *proof, const struct render_options *options)
{
	struct groups *groups = analyze_groups(snapshot);
	int result;

	put_head(out, snapshot, proof);
	result = render_text_verdicts(out, snapshot, groups, options);
	analyze_groups_free(groups);
	return result;
}

/* ---- JSON -------------------------------------------------------------- */

static json_t *
milliseconds(int64_t ns)
{
	return json_real((double) ns / 1e6);
}

static json_t *
encode_proof(const struct snapshot *snapshot, const struct proof *proof)
{
	struct counts tasks = count_tasks(snapshot);
	json_t *record = json_object();

	json_object_set_new(record, "leaked", json_integer(tasks.leaked));
	json_object_set_new(record, "suspect", json_integer(tasks.suspect));
	json_object_set_new(
	    record, "complete", json_boolean(proof->why_not[0] == '\0'));
	json_object_set_new(record, "why_not",
	    proof->why_not[0] != '\0' ? json_string(proof->why_not) :
					json_null());
	json_object_set_new(record, "threads", json_integer(proof->threads));
	json_object_set_new(
	    record, "candidates", json_integer(proof->candidates));
	json_object_set_new(record, "bytes", json_integer(proof->copied));
	json_object_set_new(record, "heap_blocks", json_integer(proof->chunks));
	json_object_set_new(
	    record, "stopped_ms", milliseconds(proof->stopped_ns));
	json_object_set_new(
	    record, "working_ms", milliseconds(proof->working_ns));
	return record;
}

int
render_leaks_json(
    FILE *out, const struct snapshot *snapshot, const struct proof *proof)
{
	json_t *more = json_object();
	int result;

	json_object_set_new(more, "proof", encode_proof(snapshot, proof));
	result = render_json_with(out, snapshot, more);
	json_decref(more);
	return result;
}
