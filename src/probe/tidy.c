/* tidy.c: see tidy.h. */
#include "probe/tidy.h"

#include <errno.h>
#include <fcntl.h>

#include "probe/channel.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/probe.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/task.h"
#include "probe/text.h"

#define AT_ONCE 64 /* records of a kind that are looked at in one tick */

/* The next number in turn, of a table's; 0 if there is none. */
static uint32_t
next_number(const struct table *table, uint32_t *last)
{
	uint32_t end = table_end(table);

	*last = *last + 1 < end ? *last + 1 : 1;
	return *last < end ? *last : 0;
}

/* ---- Tasks ------------------------------------------------------------- */

static void
look_at_task(uint32_t number)
{
	struct task *task = table_hot(&task_table, number);
	uint64_t id = load_acquire(&task->id);
	uint32_t tid = load_relaxed(&task->tid);

	if (id != 0 && tid != 0 &&
	    sys(SYS_tgkill, init_pid, tid, 0) == -ESRCH) {
		task_end_if(task, id);
	}
}

/* ---- Sessions ---------------------------------------------------------- */

/* "socket:[1234]" */
static bool
is_socket(const char *link, uint64_t inode)
{
	char expected[40];
	struct text text;

	text_begin(&text, expected, sizeof(expected));
	text_add(&text, "socket:[");
	text_add_number(&text, inode);
	text_add(&text, "]");
	return text_equal(link, expected);
}

/* Does the descriptor still lead to the session's socket? */
static void
look_at_descriptor(uint32_t fd, uint64_t handle, long directory)
{
	const struct session *session = table_find(&session_table, handle);
	uint64_t inode = session != NULL ? load_relaxed(&session->inode) : 0;
	char name[12];
	char link[64] = "";
	struct text text;
	long size;

	if (inode == 0) {
		return;
	}
	text_begin(&text, name, sizeof(name));
	text_add_number(&text, fd);
	size = sys(SYS_readlinkat, directory, name, link, sizeof(link) - 1);
	if (size == -ENOENT || (size > 0 && !is_socket(link, inode))) {
		session_fd_has_gone(fd, handle);
	}
}

static void
look_at_descriptors(void)
{
	static uint32_t next;
	long directory;

	if (load_relaxed(&session_opened) == load_relaxed(&session_closed) &&
	    load_relaxed(&session_connects) == 0) {
		return;
	}
	directory = kernel_open_of_thread("/fd", O_PATH | O_DIRECTORY);
	for (int i = 0; i < AT_ONCE && directory >= 0; i++) {
		uint64_t handle = session_next_fd(&next);

		if (handle == 0) {
			next = 0; /* begins anew with the next tick */
			break;
		}
		look_at_descriptor(next++, handle, directory);
	}
	if (directory >= 0) {
		sys(SYS_close, directory);
	}
}

void
tidy_look(void)
{
	static uint32_t last_task;

	table_prepare(&task_table);
	table_prepare(&creation_table);
	table_prepare(&session_table);
	table_prepare(&channel_table);
	for (int i = 0; i < AT_ONCE; i++) {
		uint32_t number = next_number(&task_table, &last_task);

		if (number != 0) {
			look_at_task(number);
		}
	}
	look_at_descriptors();
}
