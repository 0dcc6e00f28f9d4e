/* stacks.c: all stacks of a snapshot. See analyze.h. */
#include "analyze/symbolizer.h"

#include <stdlib.h>

/* What is done to one snapshot. */
struct filling {
	struct symbolizer *symbolizer;
	bool refreshed; /* the map has been looked at for it */
};

static void
refresh(struct filling *filling)
{
	if (!filling->refreshed) {
		symbolizer_refresh(filling->symbolizer);
		filling->refreshed = true;
	}
}

/*
 * Bytes are in every stack that is to be unwound. What has frames already was
 * copied from an earlier snapshot, by whoever asked for new stacks only: if
 * that goes for all, the target's map, which ten thousand threads make long, is
 * not asked for.
 */
static void
fill(struct filling *filling, struct stack *stack)
{
	if (!stack->frames && !(stack->raw.flags & WIRE_STACK_KNOWN)) {
		if (stack->raw.pc != 0) {
			refresh(filling);
		}
		symbolizer_fill(filling->symbolizer, stack);
	}
	stack->bytes = NULL;
}

/*
 * They come with each snapshot, as old as they may be: so the map is looked at
 * only for an address that is new.
 */
static void
fill_user(struct filling *filling, struct channel_user *user)
{
	struct stack *place = &user->place;

	if (place->raw.pc == 0 || place->frames) {
		return;
	}
	if (!symbolizer_has_code(filling->symbolizer, place->raw.pc - 1)) {
		refresh(filling);
	}
	symbolizer_fill_place(filling->symbolizer, place);
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
		struct channel *channel = &snapshot->channels[i];

		fill(&filling, &channel->created_by);
		fill_user(&filling, &channel->sender);
		fill_user(&filling, &channel->receiver);
	}
	release_bytes(snapshot);
}
