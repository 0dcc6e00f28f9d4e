/* stacks.c: all stacks of a snapshot. See analyze.h. */
#include "analyze/symbolizer.h"

#include <stdlib.h>

/* What is done to one snapshot. */
struct filling {
	struct symbolizer *symbolizer;
	bool refreshed; /* the map has been looked at for it */
};

/*
 * Bytes are in every stack that is to be unwound. What has frames already was
 * copied from an earlier snapshot, by whoever asked for new stacks only: if that
 * goes for all, the target's map, which ten thousand threads make long, is not
 * asked for.
 */
static void
fill(struct filling *filling, struct stack *stack)
{
	if (!stack->frames && !(stack->raw.flags & WIRE_STACK_KNOWN)) {
		if (stack->raw.pc != 0 && !filling->refreshed) {
			symbolizer_refresh(filling->symbolizer);
			filling->refreshed = true;
		}
		symbolizer_fill(filling->symbolizer, stack);
	}
	stack->bytes = NULL;
}

static void
release_bytes(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->block_count; i++) {
		free(snapshot->blocks[i]);
	}
	free(snapshot->blocks);
	snapshot->blocks = NULL;
	snapshot->block_count = 0;
}

void
analyze_stacks(struct snapshot *snapshot, struct symbolizer *symbolizer)
{
	struct filling filling = { .symbolizer = symbolizer };

	for (size_t i = 0; i < snapshot->task_count; i++) {
		fill(&filling, &snapshot->tasks[i].stack);
		fill(&filling, &snapshot->tasks[i].created_by);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		fill(&filling, &snapshot->sessions[i].opened_by);
	}
	for (size_t i = 0; i < snapshot->channel_count; i++) {
		fill(&filling, &snapshot->channels[i].created_by);
	}
	release_bytes(snapshot);
}
