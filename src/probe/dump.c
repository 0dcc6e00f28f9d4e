/* dump.c: see dump.h. */
#include "probe/dump.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/states.h"
#include "probe/aging.h"
#include "probe/arch.h"
#include "probe/asleep.h"
#include "probe/config.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/listener.h"
#include "probe/probe.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/syscalls.h"
#include "probe/task.h"
#include "probe/text.h"

#define CHILD_STACK      8192
#define WRITE_TIMEOUT_MS 1000 /* for each part of our own dump */

/* The tool that is making a dump, or was last. */
static struct {
	int alive; /* a pipe that is closed when it ends; -1: it is not there */
	int pid;   /* in the application's pid namespace */
	bool served; /* it has asked for its snapshot */
	bool again;  /* a further dump was asked for meanwhile */
} tool;

/* ---- Starting the tool ------------------------------------------------- */

/*
 * What the two children need. They run in our memory (CLONE_VM), so that they
 * can say here what became of them.
 */
struct start {
	int out;    /* descriptor that becomes its standard output */
	int alive;  /* descriptor that it shall keep */
	long pid;   /* of the tool, or minus an error number */
	long error; /* of its execve(), 0: it went well */
	const char **arguments;
	_Alignas(16) uint8_t stack[CHILD_STACK];
};

/*
 * What a program expects of signals: none blocked, none ignored; but the one
 * that asks for dumps, which may be sent to the whole group.
 */
static void
reset_signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} standard = { 0 };
	uint64_t none = 0;

	for (int number = 1; number <= 64; number++) {
		standard.handler = number == config.signal ? SIG_IGN : SIG_DFL;
		sys(SYS_rt_sigaction, number, &standard, NULL, sizeof(none));
	}
	sys(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

static int
become_tool(void *argument)
{
	struct start *start = argument;
	long null = sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);

	reset_signals();
	/* Out of the way of 0 to 3, which they become. */
	start->out = (int) sys(SYS_fcntl, start->out, F_DUPFD_CLOEXEC, 10);
	start->alive = (int) sys(SYS_fcntl, start->alive, F_DUPFD_CLOEXEC, 10);
	sys(SYS_dup3, null, 0, 0);
	sys(SYS_dup3, start->out, 1, 0);
	sys(SYS_dup3, start->out, 2, 0);
	sys(SYS_dup3, start->alive, 3, 0);
	start->error =
	    sys(SYS_execve, config.tool, start->arguments, config.environment);
	return 127;
}

static int
start_and_end(void *argument)
{
	struct start *start = argument;

	start->pid = arch_clone(become_tool, start->stack + CHILD_STACK / 2,
	    CLONE_VM | CLONE_VFORK, start, NULL, NULL);
	return 0;
}

/*
 * Starts the tool with `out` as its standard output. Returns NULL, or why it
 * could not be started.
 */
static const char *
start_tool(int out)
{
	static struct start start;
	static char pid[16];
	static const char *arguments[6];
	struct text text;
	int ends[2];
	long between;
	int n = 0;

	text_begin(&text, pid, sizeof(pid));
	text_add_number(&text, (uint64_t) init_pid);
	arguments[n++] = config.tool;
	arguments[n++] = "dump";
	if (config.dump[0] != '\0') {
		static char output[CONFIG_PATH_MAX + 16];

		text_begin(&text, output, sizeof(output));
		text_add(&text, "--output=");
		text_add(&text, config.dump);
		arguments[n++] = "--append";
		arguments[n++] = output;
	}
	arguments[n++] = pid;
	arguments[n] = NULL;
	if (sys(SYS_pipe2, ends, O_CLOEXEC) != 0) {
		return "no pipe could be made";
	}
	start = (struct start) {
		.out = out,
		.alive = ends[1],
		.arguments = arguments,
	};
	between = arch_clone(start_and_end, start.stack + CHILD_STACK,
	    CLONE_VM | CLONE_VFORK, &start, NULL, NULL);
	if (between > 0) {
		sys(SYS_wait4, between, NULL, __WCLONE, NULL);
	}
	sys(SYS_close, ends[1]);
	if (between < 0 || start.pid < 0 || start.error != 0) {
		sys(SYS_close, ends[0]);
		return "the stranded command could not be started";
	}
	tool.alive = ends[0];
	tool.pid = (int) start.pid;
	tool.served = false;
	return NULL;
}

/* Would a process that has lost its parent become the application's child? */
static bool
adopts_orphans(void)
{
	int subreaper = 0;

	sys(SYS_prctl, PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
	return subreaper != 0 || init_pid == 1;
}

/* ---- Our own dump ------------------------------------------------------ */

static void
add_session(struct text *text, uint64_t handle)
{
	const struct session *session = table_find(&session_table, handle);
	const struct session_cold *cold;

	if (session == NULL) {
		return;
	}
	cold = table_cold(&session_table, (uint32_t) handle);
	text_add(text, " session ");
	text_add_number(text, session->id);
	if (cold->name_size > 0) {
		text_add(text, " \"");
		text_add(text, cold->name);
		text_add(text, "\"");
	}
}

/* " [IO read, 4s", of what was first seen at `since`. */
static void
add_state(struct text *text, uint32_t state, int64_t since, int64_t now)
{
	text_add(text, " [");
	text_add(text, state_name(state));
	text_add(text, ", ");
	text_add_number(text, (uint64_t) ((now - since) / NS_PER_SECOND));
	text_add(text, "s");
}

static void
add_wait(struct text *text, struct task *task, int64_t now)
{
	struct asleep asleep;
	struct view view;

	aging_read(task, &view);
	if (view.top == NULL && asleep_task(task, now, &asleep)) {
		add_state(
		    text, syscalls_state(&asleep.kernel), asleep.since, now);
		text_add(text, ", seen by the kernel]");
		return;
	}
	if (view.top == NULL) {
		text_add(text, " [running]");
		return;
	}
	add_state(text, view.wait.state, aging_since(task, &view, now), now);
	text_add(text, "]");
	if (view.wait.flags & STRANDED_WAIT_FD) {
		text_add(text, " on fd ");
		text_add_number(text, (uintptr_t) view.wait.object);
	} else if (view.wait.object != NULL) {
		text_add(text, " on ");
		text_add_hex(text, (uintptr_t) view.wait.object);
	}
}

static void
add_task(struct text *text, struct task *task, int64_t now)
{
	text_add(text, "task ");
	text_add_number(text, task->id);
	add_wait(text, task, now);
	add_session(text, task->session);
	if (task->tid != 0) {
		text_add(text, " thread ");
		text_add_number(text, task->tid);
	}
	if (task->name[0] != '\0') {
		text_add(text, " \"");
		text_add(text, task->name);
		text_add(text, "\"");
	}
	text_add(text, "\n");
}

/* One line for each task, and the reason why there is no more. */
static void
write_lines(int out, const char *why)
{
	uint32_t end = table_end(&task_table);
	int64_t now = sys_now();
	char line[512];
	struct text text;

	text_begin(&text, line, sizeof(line));
	text_add(&text, "stranded: tasks of process ");
	text_add_number(&text, (uint64_t) init_pid);
	text_add(&text, ", without stacks: ");
	text_add(&text, why);
	text_add(&text, "\n");
	for (uint32_t number = 1; number < end; number++) {
		struct task *task = table_hot(&task_table, number);

		if (!sys_write_all(out, line, text.length, WRITE_TIMEOUT_MS)) {
			return;
		}
		text_begin(&text, line, sizeof(line));
		if (aging_is_shown(task)) {
			add_task(&text, task, now);
		}
	}
	sys_write_all(out, line, text.length, WRITE_TIMEOUT_MS);
}

/* ---- What is asked for ------------------------------------------------- */

static int
open_output(void)
{
	if (config.dump[0] == '\0') {
		return kernel_borrow_stderr();
	}
	return (int) sys(SYS_openat, AT_FDCWD, config.dump,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void
write_own(const char *why)
{
	int out = open_output();

	if (out >= 0) {
		write_lines(out, why);
		sys(SYS_close, out);
	}
}

static const char *
try_tool(void)
{
	const char *why;
	int out;

	if (config.tool[0] == '\0') {
		return "the stranded command is not beside the probe "
		       "(set STRANDED_TOOL)";
	}
	if (listener_fd < 0) {
		return "the probe has no socket (is there no directory that "
		       "it can use? set STRANDED_DIR)";
	}
	if (adopts_orphans()) {
		return "the stranded command would become a child of this "
		       "process (run: stranded dump)";
	}
	/* Errors go to standard error; so, without a file, does the dump. */
	out = kernel_borrow_stderr();
	if (out < 0) {
		out = (int) sys(
		    SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC);
	}
	why = start_tool(out);
	sys(SYS_close, out);
	return why;
}

void
dump_begin(void)
{
	const char *why;

	if (tool.alive >= 0) {
		tool.again = true;
		return;
	}
	why = try_tool();
	if (why != NULL) {
		write_own(why);
	}
}

void
dump_served(int pid)
{
	if (tool.alive >= 0 && pid == tool.pid) {
		tool.served = true;
	}
}

void
dump_tick(int64_t now)
{
	struct pollfd end = { tool.alive, POLLIN, 0 };
	struct timespec at_once = { 0, 0 };

	if (tool.alive < 0 || sys(SYS_ppoll, &end, 1, &at_once, NULL, 0) <= 0) {
		return;
	}
	sys(SYS_close, tool.alive);
	tool.alive = -1;
	if (!tool.served) {
		write_own("the stranded command ended before it asked");
	}
	if (tool.again) {
		tool.again = false;
		dump_begin();
	}
}

void
dump_reset(void)
{
	tool.alive = -1;
	tool.again = false;
}
