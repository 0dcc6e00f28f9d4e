/* interrupts.c: see interrupts.h. */
#include "top/interrupts.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int fatal_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

/* A signal that the caller ignores, as under nohup, stays ignored. */
static void
add_fatal_signals(sigset_t *set)
{
	for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(int); i++) {
		struct sigaction action;

		sigaction(fatal_signals[i], NULL, &action);
		if (action.sa_handler != SIG_IGN) {
			sigaddset(set, fatal_signals[i]);
		}
	}
}

int
interrupts_open(struct interrupts *interrupts)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	add_fatal_signals(&set);
	interrupts->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (interrupts->fd < 0) {
		return -1;
	}
	sigprocmask(SIG_BLOCK, &set, &interrupts->before);
	return 0;
}

void
interrupts_close(struct interrupts *interrupts)
{
	if (interrupts->fd >= 0) {
		close(interrupts->fd);
		sigprocmask(SIG_SETMASK, &interrupts->before, NULL);
	}
	interrupts->fd = -1;
}

int
interrupts_next(struct interrupts *interrupts)
{
	struct signalfd_siginfo info;

	return read(interrupts->fd, &info, sizeof(info)) == sizeof(info) ?
	    (int) info.ssi_signo :
	    0;
}

void
interrupts_obey(int signal_number)
{
	sigset_t set;
	sigset_t before;

	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
