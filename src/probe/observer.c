/* observer.c: see observer.h. */
#include "probe/observer.h"

#include <link.h>

#include "probe/channel.h"
#include "probe/check.h"
#include "probe/label.h"
#include "probe/probe.h"
#include "probe/session.h"
#include "probe/task.h"
#include "probe/text.h"

/* ---- What runtimes report ---------------------------------------------- */

static uint64_t
on_task_create(const char *name, const struct stranded_place *by)
{
	struct task *task = task_create(name, TASK_RUNTIME, by);

	return task != NULL ? task_handle(task) : 0;
}

static void
on_task_end(uint64_t handle)
{
	struct task *task = table_find(&task_table, handle);

	if (task == NULL) {
		return;
	}
	if (task == task_self) {
		task_run(0);
	}
	task_end(task);
}

/* A thread that runs a runtime's tasks is none itself. */
static uint64_t
on_current_task(void)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();

	return task != NULL && !(task->flags & TASK_CARRIER) ?
	    task_handle(task) :
	    0;
}

static void
on_wait_begin(struct stranded_wait *wait)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();

	wait->call = 0;
	if (task != NULL) {
		task_push(task, wait);
	}
}

/* It may have begun before there was a probe to tell. */
static void
on_wait_end(struct stranded_wait *wait)
{
	if (task_self != NULL && task_self->top == wait) {
		task_pop(task_self, wait);
	}
}

static void
on_session_used(uint64_t handle)
{
	struct session *session = table_find(&session_table, handle);

	if (session != NULL) {
		store_relaxed(&session->uses, load_relaxed(&session->uses) + 1);
		if (task_self != NULL) {
			store_relaxed(&session->user, task_self->id);
		}
	}
}

static void
on_session_enter(uint64_t handle)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();

	if (task == NULL) {
		return;
	}
	task->session = handle;
	if (handle != 0) {
		task->flags |= TASK_ENTERED;
		on_session_used(handle);
	} else {
		task->flags &= ~(uint32_t) TASK_ENTERED;
	}
}

static void
on_check_point(const char *name, int is_baseline)
{
	check_at(name, is_baseline ? WIRE_CHECK_BASELINE : WIRE_CHECK_POINT);
}

static void
on_label(const char *text)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();

	if (task != NULL) {
		task->label = label_new(text);
	}
}

static const struct stranded_observer observer = {
	.version = 1,
	.size = sizeof(observer),
	.task_create = on_task_create,
	.task_run = task_run,
	.task_end = on_task_end,
	.wait_begin = on_wait_begin,
	.wait_end = on_wait_end,
	.channel_create = channel_create,
	.channel_destroy = channel_destroy,
	.session_open = session_open,
	.session_used = on_session_used,
	.session_close = session_close,
	.session_enter = on_session_enter,
	.check_point = on_check_point,
	.label = on_label,
	.current_task = on_current_task,
	.channel_users = channel_users,
};

/* ---- How they find us -------------------------------------------------- */

struct note {
	uint32_t owner_size;
	uint32_t content_size;
	uint32_t type;
	char owner[12];  /* "Stranded" and its NUL, padded */
	int64_t content; /* the distance from here to the pointer */
} __attribute__((packed));

static void
offer(const struct note *note)
{
	const struct stranded_observer **pointer =
	    (void *) ((uintptr_t) &note->content + (uintptr_t) note->content);

	store_release(pointer, &observer);
}

static void
look_at_notes(uintptr_t from, uintptr_t to)
{
	while (to - from >= offsetof(struct note, owner)) {
		const struct note *note = (const struct note *) from;
		uintptr_t size = offsetof(struct note, owner) +
		    ((note->owner_size + 3) & ~3u) +
		    ((note->content_size + 3) & ~3u);

		if (size > to - from) {
			return;
		}
		if (size == sizeof(*note) && note->type == STRANDED_NOTE_TYPE &&
		    note->owner_size == sizeof(STRANDED_NOTE_OWNER) &&
		    text_equal(note->owner, STRANDED_NOTE_OWNER)) {
			offer(note);
		}
		from += size;
	}
}

static bool
is_loaded(const struct dl_phdr_info *object, const ElfW(Phdr) * note)
{
	for (unsigned int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *load = &object->dlpi_phdr[i];

		if (load->p_type == PT_LOAD && note->p_vaddr >= load->p_vaddr &&
		    note->p_vaddr - load->p_vaddr + note->p_memsz <=
			load->p_memsz) {
			return true;
		}
	}
	return false;
}

static int
look_at_object(struct dl_phdr_info *object, size_t size, void *unused)
{
	for (unsigned int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];

		if (header->p_type == PT_NOTE && is_loaded(object, header)) {
			uintptr_t from = object->dlpi_addr + header->p_vaddr;

			look_at_notes(from, from + header->p_memsz);
		}
	}
	return 0;
}

void
observer_init(void)
{
	store_release(&stranded_observer_v1, &observer);
	dl_iterate_phdr(look_at_object, NULL);
}
