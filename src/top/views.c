/* views.c: what views have in common. */
#include "top/views.h"

#include <inttypes.h>
#include <stdio.h>

#include "render/words.h"

const struct view_ops *const views[VIEW_COUNT] = {
	&view_groups,
	&view_tasks,
	&view_sessions,
	&view_channels,
	&view_verdicts,
};

void
views_object(char *text, size_t size, const struct task *task)
{
	if (task->flags & WIRE_TASK_FD) {
		snprintf(text, size, "fd %" PRIu64 "%s%s", task->object,
		    task->fd_name != NULL ? " " : "",
		    task->fd_name != NULL ? task->fd_name : "");
	} else if (task->object != 0) {
		snprintf(text, size, "0x%" PRIx64, task->object);
	} else {
		text[0] = '\0';
	}
}

bool
views_match_task(const struct model *model, const struct filter *filter,
    const struct task *task)
{
	const struct session *session = task->session != 0 ?
	    snapshot_session(model->snapshot, task->session) :
	    NULL;
	char id[32];
	char object[VIEWS_OBJECT_MAX];
	const struct filter_subject subject = {
		.words = { task->name, id, object, task->why },
		.state = words_state(task),
		.session = task->session,
		.session_name = session != NULL ? session->name : NULL,
		.age_ns = task->state != STRANDED_RUNNING ? task->since_ns : -1,
		.verdict = task->verdict,
		.stacks = { &task->stack, &task->created_by },
	};

	snprintf(id, sizeof(id), "task %" PRIu64, task->id);
	views_object(object, sizeof(object), task);
	return filter_passes(filter, &subject);
}

bool
views_match_session(const struct model *model, const struct filter *filter,
    const struct session_row *row)
{
	const struct session *session = row->session;
	const struct filter_subject subject = {
		.words = { words_session_kind(session->kind) },
		.state = words_session_state(session->state),
		.session = session->id,
		.session_name = session->name,
		.age_ns = session->opened_ns,
		.verdict =
		    session->verdict == VERDICT_OK && model_is_abandoned(row) ?
		    VERDICT_SUSPECT :
		    session->verdict,
		.stacks = { &session->opened_by },
	};

	return filter_passes(filter, &subject);
}

void
views_where(
    struct grid_cell *cell, const struct stack *stack, const struct frame *own)
{
	if (own == NULL && stack->frame_count > 0) {
		own = stack->frames[0];
		cell->style = STYLE_FAINT;
	}
	words_place(cell->text, sizeof(cell->text), own);
}

enum style
views_style(enum verdict verdict)
{
	static const enum style styles[] = {
		[VERDICT_OK] = STYLE_PLAIN,
		[VERDICT_SUSPECT] = STYLE_WARNING,
		[VERDICT_LEAKED] = STYLE_ALARM,
	};

	return styles[verdict];
}

struct page_link
views_object_link(const struct model *model, const struct task *task)
{
	const struct channel_row *channel;

	if (task->object == 0 || task->flags & WIRE_TASK_FD) {
		return (struct page_link) { PAGE_NONE, 0 };
	}
	channel = model_channel_at(model, task->object);
	if (channel != NULL) {
		return (struct page_link) { PAGE_CHANNEL, channel->key };
	}
	return (struct page_link) { PAGE_OBJECT, task->object };
}
