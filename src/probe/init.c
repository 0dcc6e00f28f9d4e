/*
 * init.c: see init.h.
 *
 * All system calls that set the probe up are made in the constructor, before
 * the application can have confined itself; what comes later is the agent's.
 */
#include "probe/init.h"

#include <pthread.h>

#include "probe/agent.h"
#include "probe/arch.h"
#include "probe/channel.h"
#include "probe/check.h"
#include "probe/config.h"
#include "probe/connection.h"
#include "probe/glib.h"
#include "probe/kernel.h"
#include "probe/observer.h"
#include "probe/probe.h"
#include "probe/real.h"
#include "probe/session.h"
#include "probe/signal.h"
#include "probe/sys.h"
#include "probe/task.h"

int init_pid;
int64_t init_time;
static bool confined;
int init_exit_status = -1;

enum progress { NOTHING, UNDER_WAY, DONE };

static uint32_t progress;

bool
init_probe(void)
{
	uint32_t nothing = NOTHING;

	if (likely(load_acquire(&progress) == DONE)) {
		return true;
	}
	if (!__atomic_compare_exchange_n(&progress, &nothing, UNDER_WAY, false,
		__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		return load_acquire(&progress) == DONE;
	}
	init_pid = (int) sys(SYS_getpid);
	init_time = sys_now();
	task_clock = init_time;
	arch_learn_jump();
	real_resolve();
	task_init();
	session_init();
	channel_init();
	store_release(&progress, DONE);
	return true;
}

void
init_confine(void)
{
	store_relaxed(&confined, true);
}

bool
init_is_confined(void)
{
	return load_relaxed(&confined);
}

bool
init_is_vfork_child(void)
{
	return !init_is_confined() && sys(SYS_getpid) != init_pid;
}

/* The agent and all threads but one are gone; the descriptors are not. */
static void
in_child_of_fork(void)
{
	init_pid = (int) sys(SYS_getpid);
	task_reset_after_fork();
	check_reset();
	session_reset_after_fork();
	agent_start(true);
}

/* Tells `stranded run` that the probe is there, and can be spoken to. */
static void
shake_hands(int fd)
{
	if (fd >= 0) {
		agent_await();
		sys(SYS_write, fd, "S", 1);
		sys(SYS_close, fd);
	}
}

__attribute__((constructor)) static void
begin(void)
{
	init_probe();
	real_resolve_libc();
	glib_find();
	config_read();
	kernel_note_stderr(2);
	if (task_self == NULL) {
		task_adopt();
	}
	connection_inherit();
	observer_init();
	pthread_atfork(NULL, NULL, in_child_of_fork);
	signal_init(config.signal);
	agent_start(false);
	shake_hands(config.handshake);
}

__attribute__((destructor)) static void
end(void)
{
	/* A vfork child that exits is not the process. */
	if (!init_is_vfork_child()) {
		check_at("exit", WIRE_CHECK_EXIT);
		agent_leave();
	}
}
