/*
 * render_chains_test.c: who waits for whom, and what only the kernel sees, in
 * the dump for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "render/render.h"

#define TASKS 1000

static struct task tasks[TASKS];

/* Task `id` wants a mutex that task `holder` has. */
static void
holds(uint64_t id, uint64_t holder)
{
	tasks[id - 1].state = STRANDED_MUTEX;
	tasks[id - 1].object = 0x1000 + holder;
	tasks[id - 1].holder = holder;
}

static int
forget(void **state)
{
	memset(tasks, 0, sizeof(tasks));
	return 0;
}

/* The dump of the first `count` tasks. The caller frees it. */
static char *
render(size_t count)
{
	struct render_options options = { .all = true };
	struct snapshot snapshot = {
		.exe = (char *) "/x",
		.tasks = tasks,
		.task_count = count,
	};
	struct groups *groups;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count; i++) {
		tasks[i].id = i + 1;
	}
	groups = analyze_groups(&snapshot);
	assert_int_equal(render_text(out, &snapshot, groups, &options), 0);
	fclose(out);
	analyze_groups_free(groups);
	return text;
}

static void
assert_has(const char *text, const char *part)
{
	if (!strstr(text, part)) {
		fail_msg("no\n%sin\n%s", part, text);
	}
}

static void
the_one_to_blame_first(void **state)
{
	char *text;

	for (uint64_t id = 2; id <= 11; id++) {
		holds(id, 1);
	}
	holds(12, 11);
	tasks[0].state = STRANDED_IO_READ;
	tasks[0].flags = WIRE_TASK_FD;
	tasks[0].object = 9;
	tasks[0].fd_name = "tcp 127.0.0.1:5432 (ESTABLISHED)";
	tasks[12].state = STRANDED_MUTEX;
	tasks[12].object = 0xbad;
	tasks[12].holder_tid = 8123;
	tasks[12].flags = WIRE_TASK_HOLDER_EXITED;
	text = render(13);
	assert_has(text,
	    "who waits for whom:\n"
	    "11 tasks wait for task 1, which is in IO read on fd 9, "
	    "tcp 127.0.0.1:5432 (ESTABLISHED)\n"
	    "    mutex lock, mutex 0x1001: tasks 2, 3, 4, 5, 6, 7, 8, 9 and 1 "
	    "more\n"
	    "    task 11, mutex lock, mutex 0x1001: 1 task waits for it\n"
	    "        mutex lock, mutex 0x100b: task 12\n"
	    "1 task waits for thread 8123, which has exited\n"
	    "    mutex lock, mutex 0xbad: task 13\n"
	    "\n");
	assert_has(text, "held by thread 8123, which has exited\n");
	assert_has(text, "waits on fd 9, tcp 127.0.0.1:5432 (ESTABLISHED)\n");
	free(text);
}

static void
circles(void **state)
{
	char *text;

	holds(1, 2);
	holds(2, 3);
	holds(3, 1);
	holds(4, 2);
	holds(5, 5);
	holds(6, 5);
	text = render(6);
	assert_has(text,
	    "who waits for whom:\n"
	    "4 tasks wait for each other, or for one that does:\n"
	    "    task 1, mutex lock, mutex 0x1002: 3 tasks wait for it\n"
	    "        task 3, mutex lock, mutex 0x1001\n"
	    "            task 2, mutex lock, mutex 0x1003: 1 task waits "
	    "for it\n"
	    "                mutex lock, mutex 0x1002: task 4\n"
	    "task 5 waits for itself, in mutex lock, mutex 0x1005\n"
	    "1 task waits for task 5, which is in mutex lock\n"
	    "    mutex lock, mutex 0x1005: task 6\n"
	    "\n");
	free(text);
}

/* Neither wide nor long. */
static void
long_chain(void **state)
{
	const char *line;
	char *text, *end;
	size_t lines = 0;

	for (uint64_t id = 2; id <= TASKS; id++) {
		holds(id, id - 1);
	}
	text = render(TASKS);
	line = strstr(text, "999 tasks wait for task 1, which runs\n");
	assert_non_null(line);
	end = strstr(line, "\n\n");
	assert_non_null(end);
	*end = '\0';
	for (; line; line = strchr(line + 1, '\n')) {
		lines++;
		assert_true(strcspn(line + 1, "\n") < 100);
	}
	assert_true(lines > 20 && lines < 60);
	assert_has(text, "\n    ...");
	free(text);
}

static void
seen_by_the_kernel(void **state)
{
	char *text;

	tasks[0].state = tasks[1].state = STRANDED_UNKNOWN;
	tasks[0].call = SYS_ioctl + 1;
	tasks[1].call = UINT32_MAX;
	tasks[2].state = STRANDED_MUTEX;
	tasks[2].flags = WIRE_TASK_WOKEN;
	tasks[0].flags = tasks[1].flags = tasks[3].flags = WIRE_TASK_KERNEL;
	text = render(4);
	assert_has(
	    text, "4 tasks: 1 mutex lock, 1 ioctl, 1 unknown, 1 running\n");
	assert_has(text, "task 1 [ioctl, 0s, seen by the kernel]:\n");
	assert_has(text, "task 2 [unknown, 0s, seen by the kernel]:\n");
	assert_has(text, "task 3 [mutex lock, 0s, woken from cond wait]:\n");
	assert_has(text, "task 4 [running, seen by the kernel]:\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests_[] = {
		cmocka_unit_test_setup(the_one_to_blame_first, forget),
		cmocka_unit_test_setup(circles, forget),
		cmocka_unit_test_setup(long_chain, forget),
		cmocka_unit_test_setup(seen_by_the_kernel, forget),
	};

	return cmocka_run_group_tests(tests_, NULL, NULL);
}
