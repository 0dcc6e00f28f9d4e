/*
 * view_detail.c: everything about one group, or one session: whole stacks, who
 * created the tasks or opened the session, and who belongs to whom.
 */
#include <inttypes.h>
#include <stdio.h>

#include "client/memory.h"
#include "top/viewer.h"
#include "render/words.h"

#define INDENT 4

/* ---- Stacks ------------------------------------------------------------ */

static const char *
why_no_frames(const struct stack *stack)
{
	if (stack->raw.flags & WIRE_STACK_MOVED) {
		return "it went on while it was looked at: no stack";
	}
	if (stack->raw.flags & WIRE_STACK_UNREADABLE) {
		return "the memory of the stack could not be read";
	}
	return "no stack";
}

static void
add_title(struct page *page, char *text)
{
	page_add(page, 0, STYLE_STRONG, text, NULL);
}

static void
add_remark(struct page *page, const char *text)
{
	page_add(page, INDENT, STYLE_FAINT, memory_print("%s", text), NULL);
}

/* One line a frame; the user's own code stands out. */
static void
add_frame(struct page *page, const struct frame *frame, bool own)
{
	char location[512];
	enum style style = own        ? STYLE_STRONG :
	    analyze_is_foreign(frame) ? STYLE_FAINT :
					STYLE_PLAIN;

	words_location(location, sizeof(location), frame);
	page_add(page, INDENT, style, memory_print("%s", words_function(frame)),
	    memory_print("%s", location));
}

static void
add_stack(struct page *page, const struct stack *stack, uint32_t state)
{
	const struct frame *own = analyze_own_frame(stack, state);
	bool none = true;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct frame *frame = stack->frames[i];

		if (!frame->probe) {
			add_frame(page, frame, frame == own);
			none = false;
		}
	}
	if (none) {
		add_remark(page, why_no_frames(stack));
	} else if (stack->cut || stack->raw.flags & WIRE_STACK_TRUNCATED) {
		add_remark(page, "(more could not be read)");
	}
}

/* ---- Tasks ------------------------------------------------------------- */

/* "task 7 [chan send, 12m] session 41 \"127.0.0.1:53920\"". */
static void
add_task(struct page *page, int indent, const struct snapshot *snapshot,
    const struct task *task, bool with_session)
{
	const struct session *session =
	    snapshot_session(snapshot, task->session);
	char session_text[WIRE_TEXT_MAX + 32] = "";
	char since[40] = "";
	char name[WIRE_NAME_MAX + 4] = "";
	char age[32];

	if (task->state != STRANDED_RUNNING) {
		words_age(age, task->since_ns);
		snprintf(since, sizeof(since), ", %s", age);
	}
	if (task->name[0] != '\0') {
		snprintf(name, sizeof(name), " \"%s\"", task->name);
	}
	if (with_session && session != NULL) {
		snprintf(session_text, sizeof(session_text),
		    "  session %" PRIu64 " \"%s\"", session->id, session->name);
	}
	page_add(page, indent, STYLE_PLAIN,
	    memory_print("task %" PRIu64 "%s [%s%s]%s", task->id, name,
		words_state(task), since, session_text),
	    NULL);
}

/* "12 in chan send, +2 since the watching began, the oldest for 4m10s". */
static void
add_group(struct page *page, const struct group_row *row)
{
	const struct task *first = row->group->tasks[0];
	char oldest[64] = "";
	char age[32];

	if (first->state != STRANDED_RUNNING) {
		words_age(age, first->since_ns);
		snprintf(oldest, sizeof(oldest), ", the oldest for %s", age);
	}
	add_title(page,
	    memory_print("%zu in %s, %+ld since the watching began%s",
		row->group->count, words_state(first), row->change,
		oldest));
}

static bool
fill_group(struct page *page, const struct model *model, uint64_t key)
{
	const struct group_row *row = model_group(model, key);
	const struct task *first;

	if (row == NULL) {
		return false;
	}
	first = row->group->tasks[0];
	add_group(page, row);
	add_stack(page, &first->stack, first->state);
	add_title(page, memory_print("created by"));
	if (first->flags & WIRE_TASK_MAIN) {
		add_remark(page, "the process's first thread");
	} else {
		add_stack(page, &first->created_by, STRANDED_RUNNING);
	}
	add_title(page, memory_print("tasks"));
	for (size_t i = 0; i < row->group->count; i++) {
		add_task(
		    page, INDENT, model->snapshot, row->group->tasks[i], true);
	}
	return true;
}

/* ---- Sessions ---------------------------------------------------------- */

static void
add_session(struct page *page, const struct session *session)
{
	char age[32];
	char idle[32];

	words_age(age, session->opened_ns);
	words_age(idle, session->used_ns);
	add_title(page,
	    memory_print("session %" PRIu64 " \"%s\" %s, %s", session->id,
		session->name, words_session_kind(session->kind),
		words_session_state(session->state)));
	page_add(page, INDENT, STYLE_PLAIN,
	    memory_print("opened %s ago, last used %s ago", age, idle), NULL);
	if (session->fd >= 0) {
		page_add(page, INDENT, STYLE_PLAIN,
		    memory_print("file descriptor %d", session->fd), NULL);
	}
}

static bool
fill_session(struct page *page, const struct model *model, uint64_t key)
{
	const struct session_row *row = model_session(model, key);

	if (row == NULL) {
		return false;
	}
	add_session(page, row->session);
	add_title(page, memory_print("opened by"));
	add_stack(page, &row->session->opened_by, STRANDED_RUNNING);
	add_title(page,
	    memory_print("tasks: %zu, blocked: %zu", row->session->task_count,
		row->blocked));
	for (size_t i = 0; i < row->session->task_count; i++) {
		const struct task *task =
		    snapshot_task(model->snapshot, row->session->tasks[i]);

		if (task != NULL) {
			add_task(page, 0, model->snapshot, task, false);
			add_stack(page, &task->stack, task->state);
		}
	}
	return true;
}

/* ---- The two views ----------------------------------------------------- */

const struct view_ops view_group_detail = {
	.title = "Stack",
	.place = KEY_ON_PAGE,
	.fill = fill_group,
};

const struct view_ops view_session_detail = {
	.title = "Session",
	.place = KEY_ON_PAGE,
	.fill = fill_session,
};
