/* signal.c: see signal.h. */
#include "probe/signal.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "probe/agent.h"
#include "probe/arch.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/real.h"
#include "probe/sys.h"
#include "probe/task.h"

/* A wrapper's wait lies this near above the call that it wraps. */
#define WRAPPER_SPAN (16u << 10)

static int number; /* ours, or 0 */

/*
 * What the application has asked for: the entry that `current` says. A change
 * is written to the other entry first, so a handler that comes in between reads
 * a whole one.
 */
static struct sigaction wanted[2];
static unsigned int current;

static bool
has_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static void
want(const struct sigaction *action)
{
	unsigned int next = !load_relaxed(&current);

	wanted[next] = *action;
	store_release(&current, next);
}

/*
 * If the kernel has broken off a call for this signal, and will not restart it
 * itself, the wrapper shall. `top` is only believed if it stands where the
 * interrupted call's wrapper must be.
 */
static void
note_broken_wait(const ucontext_t *context)
{
	struct task *task = task_self;
	uintptr_t sp = arch_context_sp(context);
	uintptr_t top;

	if (task == NULL || arch_context_result(context) != -EINTR) {
		return;
	}
	top = (uintptr_t) task->top;
	if (top <= sp || top - sp >= WRAPPER_SPAN) {
		return;
	}
	/* Libc has made no errno of it yet; of an earlier one it may have. */
	if (load_relaxed(&task->interrupted) != task->top->seq) {
		store_relaxed(&task->errno_before, errno);
		store_relaxed(&task->interrupted, task->top->seq);
	}
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	struct sigaction action = wanted[load_acquire(&current)];

	agent_ask_for_dump();
	if (!has_handler(&action)) {
		/* Nobody but us wants to break off the thread's wait. */
		note_broken_wait(context);
		return;
	}
	if (action.sa_flags & (int) SA_RESETHAND) {
		want(&(struct sigaction) { .sa_handler = SIG_DFL });
	}
	if (action.sa_flags & SA_SIGINFO) {
		action.sa_sigaction(signal, info, context);
	} else {
		action.sa_handler(signal);
	}
}

/* Our handler, with what the application's needs around it. */
static int
install(const struct sigaction *action)
{
	struct sigaction ours = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART,
	};

	if (has_handler(action)) {
		ours.sa_mask = action->sa_mask;
		ours.sa_flags =
		    SA_SIGINFO | (action->sa_flags & ~(int) SA_RESETHAND);
	}
	return real.sigaction(number, &ours, NULL);
}

void
signal_init(int signal)
{
	struct sigaction found;

	if (signal == 0 || real.sigaction == NULL ||
	    real.sigaction(signal, NULL, &found) != 0) {
		return;
	}
	number = signal;
	want(&found);
	install(&found);
}

/* The kernel's word, not ours: a call past the wrapper may have replaced it. */
static bool
handler_stands(void)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long rest[4]; /* more than any machine has */
	} action = { NULL, { 0 } };

	return sys(SYS_rt_sigaction, number, NULL, &action, sizeof(uint64_t)) ==
	    0 &&
	    action.handler == on_signal;
}

void
signal_tell(struct wire_signal *answer)
{
	uint32_t flags = 0;

	if (number != 0 && handler_stands()) {
		flags = WIRE_SIGNAL_TAKEN;
	}
	if (flags != 0 && has_handler(&wanted[load_acquire(&current)])) {
		flags |= WIRE_SIGNAL_CHAINED;
	}
	*answer = (struct wire_signal) {
		.header = { sizeof(*answer), WIRE_SIGNAL, 0 },
		.number = (uint32_t) number,
		.flags = flags,
	};
}

/*
 * A vfork child, which tidies up its signals before it calls exec, has actions
 * of its own but our memory: it must not change what is noted there.
 */
static bool
is_ours(int signal)
{
	return signal == number && number != 0 && !init_is_vfork_child();
}

PROBE_EXPORT int
sigaction(int signal, const struct sigaction *restrict action,
    struct sigaction *restrict old)
{
	struct sigaction before;

	init_probe();
	if (!is_ours(signal)) {
		return real.sigaction(signal, action, old);
	}
	before = wanted[load_acquire(&current)];
	if (action != NULL) {
		want(action);
		if (install(action) != 0) {
			want(&before);
			return -1;
		}
	}
	if (old != NULL) {
		*old = before;
	}
	return 0;
}

PROBE_EXPORT sighandler_t
signal(int signal, sighandler_t handler)
{
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = SA_RESTART,
	};
	struct sigaction old;

	init_probe();
	if (!is_ours(signal)) {
		return real.signal(signal, handler);
	}
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, signal);
	if (sigaction(signal, &action, &old) != 0) {
		return SIG_ERR;
	}
	return old.sa_handler;
}
