/* stacks.c: all stacks of a snapshot. See analyze.h. */
#include "analyze/symbolizer.h"

#include <stdlib.h>

/*
 * Bytes are in every stack that is to be unwound. What has frames already was
 * copied from an earlier snapshot, by whoever asked for new stacks only.
 */
static void
fill(struct stack *stack, struct symbolizer *symbolizer)
{
	if (!stack->frames && !(stack->raw.flags & WIRE_STACK_KNOWN)) {
		symbolizer_fill(symbolizer, stack);
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
	symbolizer_refresh(symbolizer);
	for (size_t i = 0; i < snapshot->task_count; i++) {
		fill(&snapshot->tasks[i].stack, symbolizer);
		fill(&snapshot->tasks[i].created_by, symbolizer);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		fill(&snapshot->sessions[i].opened_by, symbolizer);
	}
	for (size_t i = 0; i < snapshot->channel_count; i++) {
		fill(&snapshot->channels[i].created_by, symbolizer);
	}
	release_bytes(snapshot);
}
