/* known.c: see known.h. Both sides are sorted by id, so one walk does it. */
#include "top/known.h"

#include <stdlib.h>

#include "client/memory.h"

void
known_fini(struct known *known)
{
	free(known->waits.stacks);
	free(known->creations.stacks);
	free(known->sessions.stacks);
	*known = (struct known) { 0 };
}

/* The stack of `id`; `at` goes on from where the last one was found. */
static const struct known_stack *
find(const struct known_list *list, size_t *at, uint64_t id)
{
	while (*at < list->count && list->stacks[*at].id < id) {
		++*at;
	}
	return *at < list->count && list->stacks[*at].id == id ?
	    &list->stacks[*at] :
	    NULL;
}

/* Fills in `stack` if it was left out; false if it is not known. */
static bool
fill(const struct known_list *list, size_t *at, uint64_t id, uint64_t seq,
    struct stack *stack)
{
	const struct known_stack *known;

	if (!(stack->raw.flags & WIRE_STACK_KNOWN)) {
		return true;
	}
	known = find(list, at, id);
	if (known == NULL || known->seq != seq) {
		return false;
	}
	*stack = known->stack;
	return true;
}

bool
known_fill(const struct known *known, struct snapshot *snapshot)
{
	size_t wait = 0;
	size_t creation = 0;
	size_t session = 0;
	bool all = true;

	for (size_t i = 0; i < snapshot->task_count; i++) {
		struct task *task = &snapshot->tasks[i];

		all &= fill(&known->waits, &wait, task->id, task->wait_seq,
		    &task->stack);
		all &= fill(&known->creations, &creation, task->id, 0,
		    &task->created_by);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		struct session *each = &snapshot->sessions[i];

		all &= fill(
		    &known->sessions, &session, each->id, 0, &each->opened_by);
	}
	return all;
}

/* A stack that could not be had is kept, too: it will not be sent again. */
static void
keep(struct known_list *list, uint64_t id, uint64_t seq,
    const struct stack *stack)
{
	if (stack->raw.flags & WIRE_STACK_KNOWN) {
		return;
	}
	list->stacks = memory_grow(
	    list->stacks, list->count, &list->room, sizeof(*list->stacks));
	list->stacks[list->count++] = (struct known_stack) { id, seq, *stack };
}

void
known_keep(struct known *known, const struct snapshot *snapshot)
{
	known->waits.count = known->creations.count = 0;
	known->sessions.count = 0;
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		keep(&known->waits, task->id, task->wait_seq, &task->stack);
		keep(&known->creations, task->id, 0, &task->created_by);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		keep(&known->sessions, session->id, 0, &session->opened_by);
	}
}
