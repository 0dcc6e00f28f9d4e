/*
 * view_detail.c: everything about one thing: whole stacks, with lines of their
 * source; who created it, who waits for it, who holds it. What is named and has
 * a page of its own is a link.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/memory.h"
#include "render/words.h"
#include "top/views.h"

#define INDENT    2
#define AROUND    2   /* lines of source before and after a frame's */
#define TASKS_MAX 200 /* that are listed; there may be thousands */

/* A page that is being written. */
struct writer {
	struct page *page;
	const struct page_context *context;
	const struct model *model;
};

static struct writer
writer_for(struct page *page, const struct page_context *context)
{
	return (struct writer) { page, context, context->model };
}

static void
add_title(const struct writer *writer, char *text)
{
	page_add(writer->page, 0, STYLE_STRONG, text, NULL);
}

static void
add_remark(const struct writer *writer, const char *text)
{
	page_add(
	    writer->page, INDENT, STYLE_FAINT, memory_print("%s", text), NULL);
}

static void
add_fact(const struct writer *writer, char *text)
{
	page_add(writer->page, INDENT, STYLE_PLAIN, text, NULL);
}

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

/* The lines around the frame's, if the file is there. */
static void
add_source(const struct writer *writer, const struct frame *frame)
{
	for (int by = -AROUND; by <= AROUND; by++) {
		char *line =
		    snippets_line(writer->context->snippets, frame, by);

		if (line == NULL) {
			continue;
		}
		page_add(writer->page, INDENT + 2,
		    by == 0 ? STYLE_SOURCE : STYLE_FAINT,
		    memory_print("%c%5ld  %s", by == 0 ? '>' : ' ',
			(long) frame->line + by, line),
		    NULL);
		free(line);
	}
}

/* One line a frame; the user's own code stands out. */
static void
add_frame(const struct writer *writer, const struct frame *frame, bool own)
{
	bool foreign = analyze_is_foreign(frame);
	char location[512];
	enum style style = own ? STYLE_STRONG :
	    foreign            ? STYLE_FAINT :
				 STYLE_PLAIN;

	words_location(location, sizeof(location), frame);
	page_add(writer->page, INDENT, style,
	    memory_print("%s", words_function(frame)),
	    memory_print("%s", location));
	if (!foreign && writer->context->snippets != NULL) {
		add_source(writer, frame);
	}
}

static void
add_stack(
    const struct writer *writer, const struct stack *stack, uint32_t state)
{
	const struct frame *own = analyze_own_frame(stack, state);
	bool none = true;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct frame *frame = stack->frames[i];

		if (!frame->probe) {
			add_frame(writer, frame, frame == own);
			none = false;
		}
	}
	if (none) {
		add_remark(writer, why_no_frames(stack));
	} else if (stack->cut || stack->raw.flags & WIRE_STACK_TRUNCATED) {
		add_remark(writer, "(more could not be read)");
	}
}

/* ---- Tasks in other things' pages ---------------------------------------- */

/* "task 7 \"reader\" [chan send, 12m]". */
static char *
task_text(const struct task *task)
{
	char since[40] = "";
	char name[WIRE_NAME_MAX + 4] = "";
	char age[WORDS_MAX];

	if (task->state != STRANDED_RUNNING) {
		snprintf(since, sizeof(since), ", %s",
		    words_age(age, task->since_ns));
	}
	if (task->name[0] != '\0') {
		snprintf(name, sizeof(name), " \"%s\"", task->name);
	}
	return memory_print("task %" PRIu64 "%s [%s%s]", task->id, name,
	    words_state(task), since);
}

/* A line about a task, a link to its page; with `word` before it. */
static void
add_task(const struct writer *writer, const char *word, const struct task *task)
{
	const struct session *session = task->session != 0 ?
	    snapshot_session(writer->model->snapshot, task->session) :
	    NULL;
	char *text = task_text(task);

	page_add(writer->page, INDENT, STYLE_PLAIN,
	    memory_print("%s%s", word, text),
	    session != NULL ? memory_print("session %" PRIu64 " \"%s\"",
				  session->id, session->name) :
			      NULL);
	page_link(writer->page, PAGE_TASK, task->id);
	free(text);
}

static void
add_rest(const struct writer *writer, size_t count)
{
	if (count > TASKS_MAX) {
		add_fact(writer,
		    memory_print("... and %zu more", count - TASKS_MAX));
	}
}

/* The tasks with these ids, under a title. */
static void
add_tasks(const struct writer *writer, const char *title, const uint64_t *ids,
    size_t count)
{
	add_title(writer, memory_print("%s: %zu", title, count));
	for (size_t i = 0; i < count && i < TASKS_MAX; i++) {
		const struct task *task =
		    snapshot_task(writer->model->snapshot, ids[i]);

		if (task != NULL) {
			add_task(writer, "", task);
		}
	}
	add_rest(writer, count);
}

static void
add_verdict(const struct writer *writer, enum verdict verdict, const char *why)
{
	if (verdict != VERDICT_OK) {
		page_add(writer->page, 0, views_style(verdict),
		    memory_print("%s%s%s", words_verdict(verdict),
			why != NULL ? ": " : "", why != NULL ? why : ""),
		    NULL);
	}
}

/* What a task's verdict is, what it goes by, and what usually mends it. */
static void
add_task_verdict(const struct writer *writer, const struct task *task)
{
	add_verdict(writer, task->verdict, task->why);
	if (task->verdict != VERDICT_OK && task->cure != NULL) {
		add_fact(writer, memory_print("%s", task->cure));
	}
}

static void
add_creation(const struct writer *writer, const struct task *task)
{
	const struct task *creator = task->created_by_id != 0 ?
	    snapshot_task(writer->model->snapshot, task->created_by_id) :
	    NULL;

	add_title(writer, memory_print("created by"));
	if (task->flags & WIRE_TASK_MAIN) {
		add_remark(writer, "the process's first thread");
		return;
	}
	if (creator != NULL) {
		add_task(writer, "", creator);
	} else if (task->created_by_id != 0) {
		add_remark(writer, "a task that has ended");
	}
	add_stack(writer, &task->created_by, STRANDED_RUNNING);
}

/* ---- A group ----------------------------------------------------------- */

/* "12 in chan send, +2 since the watching began, the oldest for 4m10s". */
static void
add_group(const struct writer *writer, const struct group_row *row)
{
	const struct task *first = row->group->tasks[0];
	char oldest[64] = "";
	char rate[40] = "";
	char age[WORDS_MAX];

	if (first->state != STRANDED_RUNNING) {
		snprintf(oldest, sizeof(oldest), ", the oldest for %s",
		    words_age(age, first->since_ns));
	}
	if (row->rated) {
		snprintf(rate, sizeof(rate), " (%+.1f/min)", row->rate);
	}
	add_title(writer,
	    memory_print("%zu in %s, %+ld since the watching began%s%s",
		row->group->count, words_state(first), row->change, rate,
		oldest));
}

/* The first of those with the group's verdict. */
static const struct task *
worst_of(const struct group_row *row)
{
	size_t i = 0;

	while (row->group->tasks[i]->verdict != row->verdict) {
		i++;
	}
	return row->group->tasks[i];
}

static bool
fill_group(struct page *page, const struct page_context *context, uint64_t key)
{
	const struct writer writer = writer_for(page, context);
	const struct group_row *row = model_group(context->model, key);
	const struct task *first;

	if (row == NULL) {
		return false;
	}
	first = row->group->tasks[0];
	add_group(&writer, row);
	add_task_verdict(&writer, worst_of(row));
	add_stack(&writer, &first->stack, first->state);
	add_creation(&writer, first);
	add_title(&writer, memory_print("tasks"));
	for (size_t i = 0; i < row->group->count && i < TASKS_MAX; i++) {
		add_task(&writer, "", row->group->tasks[i]);
	}
	add_rest(&writer, row->group->count);
	return true;
}

/* ---- A task ------------------------------------------------------------ */

/* "waits for 0x55e0, fd 9": what it is, and where more is known of it. */
static void
add_object(const struct writer *writer, const struct task *task)
{
	struct page_link link = views_object_link(writer->model, task);
	char object[VIEWS_OBJECT_MAX];

	views_object(object, sizeof(object), task);
	if (object[0] == '\0') {
		return;
	}
	add_fact(writer,
	    memory_print("waits for %s%s",
		link.kind == PAGE_CHANNEL ? "channel " : "", object));
	page_link(writer->page, link.kind, link.key);
}

static void
add_cases(const struct writer *writer, const struct task *task)
{
	for (size_t i = 0; i < task->case_count; i++) {
		const struct task_case *one = &task->cases[i];
		const struct channel_row *channel =
		    model_channel_at(writer->model, one->object);

		add_fact(writer,
		    memory_print("case %zu: %s channel 0x%" PRIx64, i,
			state_name(one->state), one->object));
		if (channel != NULL) {
			page_link(writer->page, PAGE_CHANNEL, channel->key);
		}
	}
}

/* A thread that is no task: "thread 123, which has exited". */
static void
add_thread(const struct writer *writer, const char *word,
    const struct task_row *thread)
{
	const struct blame_node *node = thread->node;

	add_fact(writer,
	    memory_print("%sthread %" PRIu32 "%s", word, node->tid,
		node->exited        ? ", which has exited" :
		    node->elsewhere ? ", of another process" :
				      ", which is not known"));
	page_link(writer->page, PAGE_TASK, thread->key);
}

static void
add_row(
    const struct writer *writer, const char *word, const struct task_row *row)
{
	if (row != NULL && row->task != NULL) {
		add_task(writer, word, row->task);
	} else if (row != NULL) {
		add_thread(writer, word, row);
	}
}

/* Whom it waits for, and who is to blame in the end. */
static void
add_holder(const struct writer *writer, const struct task_row *row)
{
	const struct model *model = writer->model;
	const struct blame_node *node = row->node;

	if (row->holder == 0) {
		return;
	}
	add_row(writer, "held by ", model_task(model, row->holder));
	if (node->cycle) {
		page_add(writer->page, INDENT, STYLE_ALARM,
		    memory_print("they wait for each other, in a circle"),
		    NULL);
	} else if (node->depth > 1) {
		add_row(writer, "to blame: ", &model->task_rows[node->root]);
	}
}

/* Those that wait for it directly. */
static void
add_waiters(const struct writer *writer, const struct task_row *row)
{
	const struct blame_node *nodes = writer->model->blame->nodes;
	size_t shown = 0;

	if (row->node->waiters == 0) {
		return;
	}
	add_title(
	    writer, memory_print("waited for by %zu", row->node->waiters));
	for (size_t i = row->node->first; i != BLAME_NONE && shown < TASKS_MAX;
	     i = nodes[i].next) {
		add_row(writer, "", &writer->model->task_rows[i]);
		shown++;
	}
}

static void
add_session_link(const struct writer *writer, const struct session *session)
{
	if (session != NULL) {
		add_fact(writer,
		    memory_print("session %" PRIu64 " \"%s\", %s", session->id,
			session->name, words_session_state(session->state)));
		page_link(writer->page, PAGE_SESSION, session->id);
	}
}

static void
add_task_facts(const struct writer *writer, const struct task_row *row)
{
	const struct task *task = row->task;
	const struct group_row *group = model_group_of(writer->model, task);
	char age[WORDS_MAX];

	add_fact(writer,
	    memory_print("thread %" PRIu32 ", created %s ago", task->tid,
		words_age(age, task->created_ns)));
	add_session_link(writer, row->session);
	add_object(writer, task);
	add_cases(writer, task);
	add_holder(writer, row);
	if (group != NULL && group->group->count > 1) {
		add_fact(writer,
		    memory_print(
			"one of %zu that wait like this", group->group->count));
		page_link(writer->page, PAGE_GROUP, group->key);
	}
}

static bool
fill_task(struct page *page, const struct page_context *context, uint64_t key)
{
	const struct writer writer = writer_for(page, context);
	const struct task_row *row = model_task(context->model, key);

	if (row == NULL) {
		return false;
	}
	if (row->task == NULL) {
		add_thread(&writer, "", row);
		add_waiters(&writer, row);
		return true;
	}
	add_title(&writer, task_text(row->task));
	add_task_verdict(&writer, row->task);
	add_task_facts(&writer, row);
	add_title(&writer, memory_print("stack"));
	add_stack(&writer, &row->task->stack, row->task->state);
	add_waiters(&writer, row);
	add_creation(&writer, row->task);
	return true;
}

/* ---- A session --------------------------------------------------------- */

/* Where it has come from, what leads to it, and since when nobody is there. */
static void
add_connection_facts(const struct writer *writer, const struct session *session)
{
	char since[WORDS_MAX];

	if (session->state == SESSION_PEER_CLOSED &&
	    session->peer_closed_ns >= 0) {
		words_age(since, session->peer_closed_ns);
		add_fact(
		    writer, memory_print("the peer has closed %s ago", since));
	}
	if (session->from != 0) {
		add_fact(writer,
		    memory_print(
			"received from process %" PRIu32, session->from));
	}
	if (session->fds > 1) {
		add_fact(writer,
		    memory_print("file descriptor %d, and %" PRIu32 " more",
			session->fd, session->fds - 1));
	} else if (session->fd >= 0) {
		add_fact(
		    writer, memory_print("file descriptor %d", session->fd));
	}
}

static void
add_session_facts(const struct writer *writer, const struct session *session)
{
	char age[WORDS_MAX];
	char idle[WORDS_MAX];
	const struct task *user = session->user != 0 ?
	    snapshot_task(writer->model->snapshot, session->user) :
	    NULL;

	words_age(age, session->opened_ns);
	words_age(idle, session->used_ns);
	add_fact(
	    writer, memory_print("opened %s ago, last used %s ago", age, idle));
	if (user != NULL) {
		add_task(writer, "last used by ", user);
	} else if (session->user != 0) {
		add_fact(writer,
		    memory_print("last used by task %" PRIu64
				 ", which has ended",
			session->user));
	}
	add_connection_facts(writer, session);
}

static bool
fill_session(
    struct page *page, const struct page_context *context, uint64_t key)
{
	const struct writer writer = writer_for(page, context);
	const struct session_row *row = model_session(context->model, key);
	const struct session *session;

	if (row == NULL) {
		return false;
	}
	session = row->session;
	add_title(&writer,
	    memory_print("session %" PRIu64 " \"%s\" %s, %s", session->id,
		session->name, words_session_kind(session->kind),
		words_session_state(session->state)));
	add_verdict(&writer, session->verdict, session->why);
	add_session_facts(&writer, session);
	add_tasks(&writer, "tasks", session->tasks, session->task_count);
	add_title(&writer, memory_print("opened by"));
	add_stack(&writer, &session->opened_by, STRANDED_RUNNING);
	for (size_t i = 0; i < session->task_count && i < TASKS_MAX; i++) {
		const struct task *task =
		    snapshot_task(context->model->snapshot, session->tasks[i]);

		if (task != NULL) {
			add_title(&writer, task_text(task));
			add_stack(&writer, &task->stack, task->state);
		}
	}
	return true;
}

/* ---- A channel, a lock ------------------------------------------------- */

/* Who used one side last; nothing if its runtime does not say. */
static void
add_user(const struct writer *writer, const char *role,
    const struct channel_user *user)
{
	const struct task *task =
	    snapshot_task(writer->model->snapshot, user->task);

	if (!user->told) {
		return;
	}
	if (user->place.frame_count == 0) {
		add_fact(writer, memory_print("no %s so far", role));
		return;
	}
	add_title(writer, memory_print("last %s", role));
	if (task != NULL) {
		add_task(writer, "", task);
	} else if (user->task != 0) {
		add_fact(writer,
		    memory_print("task %" PRIu64 "%s", user->task,
			user->ended ? ", which has ended" : ""));
	}
	add_stack(writer, &user->place, STRANDED_RUNNING);
}

static bool
fill_channel(
    struct page *page, const struct page_context *context, uint64_t key)
{
	const struct writer writer = writer_for(page, context);
	const struct channel_row *row = model_channel(context->model, key);
	const struct channel *channel;
	char age[WORDS_MAX];

	if (row == NULL) {
		return false;
	}
	channel = row->channel;
	add_title(&writer,
	    memory_print("channel %" PRIu64 " at 0x%" PRIx64 ", %s",
		channel->id, channel->object,
		channel->closed ? "closed" : "open"));
	add_fact(&writer,
	    memory_print("holds %" PRIu64 " of %" PRIu64 ", created %s ago",
		channel->length, channel->capacity,
		words_age(age, channel->created_ns)));
	add_tasks(
	    &writer, "wait to send", channel->senders, channel->sender_count);
	add_tasks(&writer, "wait to receive", channel->receivers,
	    channel->receiver_count);
	add_user(&writer, "sender", &channel->sender);
	add_user(&writer, "receiver", &channel->receiver);
	add_title(&writer, memory_print("created by"));
	add_stack(&writer, &channel->created_by, STRANDED_RUNNING);
	return true;
}

static bool
waits_for(const struct task *task, uint64_t object)
{
	return task->object == object && !(task->flags & WIRE_TASK_FD);
}

static bool
fill_object(struct page *page, const struct page_context *context, uint64_t key)
{
	const struct writer writer = writer_for(page, context);
	const struct model *model = context->model;
	size_t count = 0;

	for (size_t i = 0; i < model->task_count; i++) {
		const struct task_row *row = &model->task_rows[i];

		if (!waits_for(row->task, key)) {
			continue;
		}
		if (count++ == 0) {
			add_title(&writer,
			    memory_print("what 0x%" PRIx64 " is waited for as: "
					 "%s",
				key, words_state(row->task)));
			add_holder(&writer, row);
			add_title(&writer, memory_print("waiting"));
		}
		if (count <= TASKS_MAX) {
			add_task(&writer, "", row->task);
		}
	}
	add_rest(&writer, count);
	return count > 0;
}

/* ---- All kinds --------------------------------------------------------- */

const struct page_ops view_pages[PAGE_KINDS] = {
	[PAGE_GROUP] = { "Group", fill_group },
	[PAGE_TASK] = { "Task", fill_task },
	[PAGE_SESSION] = { "Session", fill_session },
	[PAGE_CHANNEL] = { "Channel", fill_channel },
	[PAGE_OBJECT] = { "Object", fill_object },
	[PAGE_HELP] = { "Help", view_fill_help },
};
