/*
 * agent.c: see agent.h.
 *
 * The agent must leave no mark, and a thread made by pthread_create() leaves
 * many. It would be counted: a process whose last thread ends, its main thread
 * having ended before, would not end. It would make libc take its locks in
 * earnest in a program of one thread. It would hold the application's
 * descriptors open, or lose its own to a closefrom(), and then talk to whatever
 * connection has got the number. So the agent is made with clone() behind
 * libc's back:
 *
 * - libc does not know it. The price is that the agent can call nothing that
 *   uses thread-local storage, errno included: it makes its system calls
 *   directly. (It has a control block and room around it all the same, so that
 *   a stray access hits nothing.)
 * - It has a descriptor table of its own, which begins empty. The application
 *   never sees the agent's descriptors, nor the agent the application's.
 * - All signals are blocked in it, for good.
 * - libc cannot change its user id when the application drops privileges
 *   (setuid() is made to concern all threads by libc, not by the kernel). It
 *   looks at the main thread's capabilities at every tick, and follows.
 *
 * It wakes every TICK_NS, and for its socket. It never waits for anything else:
 * clients are served without blocking (serve.c).
 */
#include "probe/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>

#include "probe/aging.h"
#include "probe/arch.h"
#include "probe/config.h"
#include "probe/dump.h"
#include "probe/init.h"
#include "probe/listener.h"
#include "probe/probe.h"
#include "probe/serve.h"
#include "probe/sys.h"
#include "probe/task.h"
#include "probe/text.h"

#define STACK_SIZE (64u << 10)
#define TLS_SIZE   (64u << 10) /* on either side of the control block */
#define PATIENCE_MS 50

int agent_tid;

static uint8_t *area; /* stack, then thread-local storage */
static uint32_t dump_asked;
static bool leaving;
static uint32_t has_looked; /* a futex: 1 once the first tick is over */

void
agent_ask_for_dump(void)
{
	store_release(&dump_asked, 1);
}

/* ---- Descriptors ---------------------------------------------------------- */

/* Gives up the application's descriptors, without a moment of holding them. */
static void
leave_descriptors(void)
{
	if (sys(SYS_close_range, 0, ~0u, CLOSE_RANGE_UNSHARE) == 0) {
		return;
	}
	/* Before Linux 5.9. */
	if (sys(SYS_unshare, CLONE_FILES) == 0) {
		for (int fd = 0; fd < (1 << 16); fd++) {
			sys(SYS_close, fd);
		}
	}
}

/* ---- Privileges ------------------------------------------------------------- */

static bool
get_capabilities(int tid, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = tid,
	};

	return sys(SYS_capget, &header, data) == 0;
}

/* The three numbers that follow `label` in /proc/PID/status. */
static bool
read_ids(const char *status, const char *label, uint32_t ids[3])
{
	const char *next;

	for (; (next = text_after(status, label)) == NULL; status++) {
		if (*status == '\0') {
			return false;
		}
	}
	for (int i = 0; i < 3; i++) {
		ids[i] = 0;
		for (; *next == ' ' || *next == '\t'; next++) {
		}
		for (; *next >= '0' && *next <= '9'; next++) {
			ids[i] = ids[i] * 10 + (uint32_t) (*next - '0');
		}
	}
	return true;
}

static void
follow_ids(void)
{
	char status[4096];
	uint32_t uids[3], gids[3];
	long fd = sys(SYS_openat, AT_FDCWD, "/proc/self/status",
	    O_RDONLY | O_CLOEXEC);
	long size;

	if (fd < 0) {
		return;
	}
	size = sys(SYS_read, fd, status, sizeof(status) - 1);
	sys(SYS_close, fd);
	if (size <= 0) {
		return;
	}
	status[size] = '\0';
	if (!read_ids(status, "\nUid:", uids) ||
	    !read_ids(status, "\nGid:", gids)) {
		return;
	}
	if (uids[1] != 0) {
		sys(SYS_setgroups, 0, NULL);
	}
	sys(SYS_setresgid, gids[0], gids[1], gids[2]);
	sys(SYS_setresuid, uids[0], uids[1], uids[2]);
}

/*
 * Has the application dropped privileges? Then the agent does. A user id that
 * goes from root to another takes capabilities with it, so they are all that
 * has to be looked at.
 */
static void
follow_privileges(void)
{
	struct __user_cap_data_struct theirs[2], own[2];
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	if (!get_capabilities(init_pid, theirs) || !get_capabilities(0, own) ||
	    __builtin_memcmp(theirs, own, sizeof(own)) == 0) {
		return;
	}
	follow_ids();
	sys(SYS_capset, &header, theirs);
}

/* ---- The loop ------------------------------------------------------------------ */

static void
tick(int64_t now)
{
	store_relaxed(&task_clock, now);
	follow_privileges();
	aging_look(now);
	listener_keep(now);
	if (__atomic_exchange_n(&dump_asked, 0, __ATOMIC_ACQUIRE)) {
		dump_begin();
	}
	serve_tick(now);
	dump_tick(now);
}

static void
say_ready(void)
{
	if (!has_looked) {
		store_release(&has_looked, 1);
		sys(SYS_futex, &has_looked, FUTEX_WAKE_PRIVATE, INT_MAX);
	}
}

void
agent_await(void)
{
	struct timespec limit = { 1, 0 };

	sys(SYS_futex, &has_looked, FUTEX_WAIT_PRIVATE, 0, &limit);
}

static void
wait_for_work(struct pollfd *fds, unsigned int count, int64_t until)
{
	int64_t left = until - sys_now();
	struct timespec timeout = { 0, left > 0 ? left : 0 };

	sys(SYS_ppoll, fds, count, &timeout, NULL, 0);
}

static int
agent_main(void *argument)
{
	bool patient = argument != NULL;
	int64_t next_tick;

	leave_descriptors();
	sys(SYS_prctl, PR_SET_NAME, "stranded-agent", 0, 0, 0);
	store_release(&agent_tid, (int) sys(SYS_gettid));
	if (patient) {
		wait_for_work(NULL, 0, sys_now() + PATIENCE_MS * NS_PER_MS);
	}
	next_tick = sys_now();
	while (!load_relaxed(&leaving)) {
		struct pollfd fds[SERVE_FDS];
		unsigned int count;
		int64_t now = sys_now();

		if (now >= next_tick) {
			tick(now);
			next_tick = now + TICK_NS;
			say_ready();
		}
		count = serve_poll(fds);
		wait_for_work(fds, count, next_tick);
		serve_ready(fds, count);
	}
	listener_remove();
	return 0;
}

/* ---- Beginning and end ---------------------------------------------------- */

static void
set_all_signals(uint64_t mask, uint64_t *old)
{
	sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof(mask));
}

void
agent_start(bool patient)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS;
	uint64_t old;
	uint8_t *tcb;

	if (area == NULL) {
		area = sys_map(STACK_SIZE + 2 * TLS_SIZE);
	}
	if (area == NULL) {
		return;
	}
	agent_tid = 0;
	dump_asked = 0;
	has_looked = 0;
	leaving = false;
	listener_reset();
	serve_reset();
	dump_reset();
	tcb = area + STACK_SIZE + TLS_SIZE;
	arch_fill_tcb(tcb);
	/* Also the two that libc hides from sigprocmask(). */
	set_all_signals(~UINT64_C(0), &old);
	sys_clone(agent_main, area + STACK_SIZE, flags, patient ? area : NULL,
	    NULL, tcb, NULL);
	set_all_signals(old, NULL);
}

void
agent_leave(void)
{
	store_release(&leaving, true);
	listener_remove();
}
