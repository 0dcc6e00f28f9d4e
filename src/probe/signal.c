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

#define LAST   64
#define BIT(n) (UINT64_C(1) << ((n) -1))

/*
 * Signals whose handlers break off no wait of the application's: those that a
 * thread brings upon itself, and the two that libc hides from everybody.
 */
#define HARMLESS                                                               \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) |              \
	    BIT(SIGTRAP) | BIT(32) | BIT(33))

static int number; /* ours, or 0 */

/*
 * What the application has asked for: the entry that `current` says. A change
 * is written to the other entry first, so a handler that comes in between reads
 * a whole one.
 */
static struct sigaction wanted[2];
static unsigned int current;

static void on_signal(int signal, siginfo_t *info, void *context);

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

/* ---- What the kernel knows --------------------------------------------- */

typedef void kernel_handler(int, siginfo_t *, void *);

/* The kernel's word, not ours: a call past the wrapper may have changed it. */
static kernel_handler *
standing_handler(int signal)
{
	struct {
		kernel_handler *handler;
		unsigned long rest[4]; /* more than any machine has */
	} action = { NULL, { 0 } };

	sys(SYS_rt_sigaction, signal, NULL, &action, sizeof(uint64_t));
	return action.handler;
}

/* Does the application's own code run when that signal comes? */
static bool
is_handled(int signal)
{
	kernel_handler *handler = standing_handler(signal);
	const struct sigaction seen = { .sa_sigaction = handler };

	return has_handler(&seen) && handler != on_signal;
}

bool
signal_is_only_ours(void)
{
	static int last; /* that was found to be handled: mostly it still is */
	int known = load_relaxed(&last);

	if (number == 0 || init_is_confined() ||
	    has_handler(&wanted[load_acquire(&current)]) ||
	    (known != 0 && is_handled(known))) {
		return false;
	}
	for (int signal = 1; signal <= LAST; signal++) {
		if (!(HARMLESS & BIT(signal)) && is_handled(signal)) {
			store_relaxed(&last, signal);
			return false;
		}
	}
	return true;
}

/*
 * Will a handler of the application run on this thread as soon as ours is done?
 * All signals are blocked in ours, so one that has come together with it waits.
 */
static bool
another_follows(const ucontext_t *context)
{
	uint64_t pending = 0;
	uint64_t blocked;

	if (init_is_confined()) {
		return false;
	}
	__builtin_memcpy(&blocked, &context->uc_sigmask, sizeof(blocked));
	sys(SYS_rt_sigpending, &pending, sizeof(pending));
	for (pending &= ~blocked; pending != 0; pending &= pending - 1) {
		if (is_handled(__builtin_ctzll(pending) + 1)) {
			return true;
		}
	}
	return false;
}

/* ---- The handler ------------------------------------------------------- */

/*
 * If the kernel has broken off a call for this signal, and will not restart it
 * itself, the wrapper shall; unless the application's own handlers are about to
 * run as well, who may want the call to end. `top` is only believed if it
 * stands where the interrupted call's wrapper must be.
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
	if (another_follows(context)) {
		store_relaxed(&task->interrupted, 0);
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

	sigfillset(&ours.sa_mask);
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

/* ---- What is said of it, and what the application asks for ------------- */

void
signal_tell(struct wire_signal *answer)
{
	uint32_t flags = 0;

	if (number != 0 && standing_handler(number) == on_signal) {
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
