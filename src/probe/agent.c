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
 * - libc cannot change its user id when the application drops privileges: it
 *   follows by itself (privileges.c).
 * - Its working directory, root and umask are its own: it still finds its
 *   socket after a chroot().
 * - It must not be there when the kernel demands a process of one thread (for
 *   unshare(CLONE_NEWUSER), for example), nor when all threads are put under a
 *   seccomp filter: it is stopped before (wrap_process.c).
 * - When all threads that libc knows have ended, each by itself, it ends too.
 *
 * It wakes every TICK_NS, and for its socket. It never waits for anything else:
 * clients are served without blocking (serve.c).
 */
#include "probe/agent.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include "common/wire.h"
#include "probe/aging.h"
#include "probe/arch.h"
#include "probe/asleep.h"
#include "probe/config.h"
#include "probe/dump.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/listener.h"
#include "probe/peers.h"
#include "probe/privileges.h"
#include "probe/probe.h"
#include "probe/serve.h"
#include "probe/sys.h"
#include "probe/task.h"
#include "probe/tidy.h"

#define STACK_SIZE  (64u << 10)
#define TLS_SIZE    (4u << 10) /* on either side of the control block */
#define PATIENCE_MS 50
#define WAKE_SIGNAL 33 /* libc's own, for setuid() */

int agent_tid;

static uint8_t *area; /* stack, then thread-local storage */
static uint32_t dump_asked;
static bool leaving;
static uint32_t alive;      /* a futex: the kernel clears it at the end */
static uint32_t has_looked; /* a futex: 1 once the first tick is over */

void
agent_ask_for_dump(void)
{
	store_release(&dump_asked, 1);
}

/* ---- Descriptors ------------------------------------------------------- */

/*
 * Gives up the application's descriptors, without a moment of holding them.
 * False if that is not allowed: then the agent must not go on.
 */
static bool
leave_descriptors(void)
{
	if (sys(SYS_close_range, 0, ~0u, CLOSE_RANGE_UNSHARE) == 0) {
		return true;
	}
	/* Before Linux 5.9. */
	if (sys(SYS_unshare, CLONE_FILES) != 0) {
		return false;
	}
	for (int fd = 0; fd < (1 << 16); fd++) {
		sys(SYS_close, fd);
	}
	return true;
}

/* ---- The loop ---------------------------------------------------------- */

static void
tick(int64_t now)
{
	store_relaxed(&task_clock, now);
	privileges_follow();
	aging_look(now);
	asleep_tick(now);
	listener_keep(now);
	if (__atomic_exchange_n(&dump_asked, 0, __ATOMIC_ACQUIRE)) {
		dump_begin();
	}
	serve_tick(now);
	dump_tick(now);
	tidy_look();
	peers_look(now);
}

static void
say_ready(void)
{
	if (!has_looked) {
		store_release(&has_looked, 1);
		sys(SYS_futex, &has_looked, FUTEX_WAKE, INT_MAX);
	}
}

/*
 * What agent_wake() writes to: a signal that only this thread can get, because
 * libc keeps it for itself and it is blocked here.
 */
static int
open_wake(void)
{
	uint64_t mask = UINT64_C(1) << (WAKE_SIGNAL - 1);

	return (int) sys(
	    SYS_signalfd4, -1, &mask, sizeof(mask), SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
wait_for_work(struct pollfd *fds, unsigned int count, int64_t until)
{
	int64_t left = until - sys_now();
	struct timespec timeout = { 0, left > 0 ? left : 0 };

	/*
	 * More than the process may have descriptors cannot be polled; a
	 * program that wants to be harmless lets itself have none.
	 */
	if (sys(SYS_ppoll, fds, count, &timeout, NULL, 0) == -EINVAL) {
		sys(SYS_nanosleep, &timeout, NULL);
	}
}

static void
leave_if_alone(void)
{
	int status = kernel_status_if_alone();

	if (status >= 0) {
		listener_remove();
		/* Which of the two counts depends on the kernel. */
		sys(SYS_exit,
		    init_exit_status >= 0 ? init_exit_status : status);
	}
}

/*
 * One look, if it is time, and one wait for something to do. If there is nobody
 * left to look at, ends the process as its last thread would have.
 */
static void
turn(int wake, int64_t *next_tick)
{
	struct pollfd fds[SERVE_FDS + 1];
	struct signalfd_siginfo unused;
	unsigned int count;
	int64_t now = sys_now();

	if (now >= *next_tick) {
		leave_if_alone();
		tick(now);
		*next_tick = now + TICK_NS;
		say_ready();
	}
	fds[0] = (struct pollfd) { wake, POLLIN, 0 };
	count = serve_poll(fds + 1);
	wait_for_work(fds, count + 1, *next_tick);
	if (fds[0].revents & POLLIN) {
		sys(SYS_read, wake, &unused, sizeof(unused));
	}
	serve_ready(fds + 1, count);
}

static int
agent_main(void *argument)
{
	bool patient = argument != NULL;
	int64_t next_tick = 0;
	int wake;

	if (!leave_descriptors()) {
		say_ready();
		return 0;
	}
	sys(SYS_umask, 077);
	sys(SYS_prctl, PR_SET_NAME, "stranded-agent", 0, 0, 0);
	store_release(&agent_tid, (int) sys(SYS_gettid));
	wake = open_wake();
	if (patient) {
		wait_for_work(NULL, 0, sys_now() + PATIENCE_MS * NS_PER_MS);
	}
	while (!load_relaxed(&leaving)) {
		turn(wake, &next_tick);
	}
	listener_remove();
	return 0;
}

uint32_t
agent_ranges(struct wire_range *ranges)
{
	uintptr_t start = (uintptr_t) area;

	ranges[0] =
	    (struct wire_range) { start, start + STACK_SIZE + 2 * TLS_SIZE };
	return 1;
}

/* ---- Beginning and end ------------------------------------------------- */

static void
set_all_signals(uint64_t mask, uint64_t *old)
{
	sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof(mask));
}

void
agent_start(bool patient)
{
	const int flags = CLONE_VM | CLONE_FILES | CLONE_SIGHAND |
	    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_CHILD_CLEARTID;
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
	peers_reset();
	dump_reset();
	asleep_reset();
	tcb = area + STACK_SIZE + TLS_SIZE;
	arch_fill_tcb(tcb);
	/* Also the two that libc hides from sigprocmask(). */
	set_all_signals(~UINT64_C(0), &old);
	alive = 1;
	if (arch_clone(agent_main, area + STACK_SIZE, flags,
		patient ? area : NULL, tcb, &alive) < 0) {
		alive = 0;
	}
	set_all_signals(old, NULL);
}

/* Sleeps until the word is no longer `value`, or until `end`. */
static void
await_change(const uint32_t *word, uint32_t value, int64_t end)
{
	struct timespec left;

	while (load_acquire(word) == value) {
		int64_t rest = end - sys_now();

		if (rest <= 0) {
			return;
		}
		left.tv_sec = rest / NS_PER_SECOND;
		left.tv_nsec = rest % NS_PER_SECOND;
		/* Not private: the kernel itself wakes one of the two. */
		sys(SYS_futex, word, FUTEX_WAIT, value, &left);
	}
}

void
agent_await(void)
{
	await_change(&has_looked, 0, sys_now() + NS_PER_SECOND);
}

bool
agent_stop(void)
{
	int64_t end = sys_now() + NS_PER_SECOND;

	if (!load_acquire(&alive)) {
		return false;
	}
	store_release(&leaving, true);
	sys(SYS_tgkill, init_pid, load_acquire(&agent_tid), WAKE_SIGNAL);
	await_change(&alive, 1, end);
	if (load_acquire(&alive)) {
		/* It stays, then; unless it has just made up its mind. */
		store_release(&leaving, false);
		await_change(&alive, 1, sys_now() + TICK_NS);
		return !load_acquire(&alive);
	}
	/* It has left its memory, but is a thread for a moment yet. */
	while (
	    sys(SYS_tgkill, init_pid, agent_tid, 0) == 0 && sys_now() < end) {
		sys(SYS_sched_yield);
	}
	return true;
}

void
agent_leave(void)
{
	store_release(&leaving, true);
	if (!init_is_confined()) {
		listener_remove();
	}
}
