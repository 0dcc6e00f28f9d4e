/*
 * verdicts.c: which waits end never. See analyze.h.
 *
 * Some waits prove by themselves that nothing can end them: there is no channel
 * that somebody could use, or no case that could become ready. With a deadline
 * they are only an unusual way to sleep.
 */
#include "analyze/analyze.h"

static const char *const proofs[STRANDED_STATE_COUNT] = {
	[STRANDED_CHAN_SEND_NIL] =
	    "It sends on no channel at all, and waits for no deadline: "
	    "nothing can end that.",
	[STRANDED_CHAN_RECV_NIL] =
	    "It receives from no channel at all, and waits for no deadline: "
	    "nothing can end that.",
	[STRANDED_SELECT_NO_CASES] =
	    "It selects among no cases, and waits for no deadline: "
	    "nothing can end that.",
};

void
analyze_verdicts(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		struct task *task = &snapshot->tasks[i];
		const char *why = NULL;

		if (task->state < STRANDED_STATE_COUNT &&
		    !(task->flags & WIRE_TASK_TIMED)) {
			why = proofs[task->state];
		}
		task->verdict = why ? VERDICT_LEAKED : VERDICT_OK;
		task->why = why;
	}
}
