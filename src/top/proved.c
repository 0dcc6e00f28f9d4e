/* proved.c: see proved.h. */
#include "top/proved.h"

#include <stdlib.h>

#include "analyze/analyze.h"
#include "analyze/suspects.h"
#include "client/memory.h"

void
proved_fini(struct proved *proved)
{
	for (size_t i = 0; i < proved->count; i++) {
		free(proved->list[i].why);
	}
	free(proved->list);
	*proved = (struct proved) { 0 };
}

void
proved_keep(struct proved *proved, const struct snapshot *snapshot)
{
	proved_fini(proved);
	proved->list = memory_new(snapshot->task_count, sizeof(*proved->list));
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if (task->verdict == VERDICT_LEAKED) {
			proved->list[proved->count++] = (struct proved_task) {
				.id = task->id,
				.wait_seq = task->wait_seq,
				.rule = task->rule,
				.why = task->why != NULL ?
				    memory_print("%s", task->why) :
				    NULL,
			};
		}
	}
}

void
proved_apply(const struct proved *proved, struct snapshot *snapshot)
{
	for (size_t i = 0; i < proved->count; i++) {
		const struct proved_task *known = &proved->list[i];
		struct task *task = snapshot_task(snapshot, known->id);

		if (task != NULL && task->wait_seq == known->wait_seq &&
		    task->verdict != VERDICT_LEAKED) {
			analyze_prove(task, known->rule,
			    known->why != NULL ?
				snapshot_keep(
				    snapshot, memory_print("%s", known->why)) :
				NULL);
		}
	}
	analyze_spread(snapshot);
}

void
proved_suspect(struct snapshot *snapshot)
{
	const struct suspects limits = SUSPECTS_DEFAULT;

	analyze_suspects(snapshot, &limits);
	analyze_cures(snapshot);
}
