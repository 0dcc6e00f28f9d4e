/*
 * checked.c: a test program for `stranded check`. Its arguments are done one
 * after the other.
 *
 *     leak         a task blocks for ever: on no channel at all
 *     lost         a task waits on a channel that only main's frame has as well
 *     stuck        a task waits for what somebody could still send: a global
 *     brief        a task that ends by itself, a little later
 *     label=TEXT   what follows is part of that test
 *     point=NAME   what is there is judged
 *     baseline     what is there is ignored from now on
 *     fork         a child, which ends at once; it is waited for
 *     exec         the program becomes itself, with the arguments that follow
 *     watchdog=N   a handler that ends the process with N, from 1 ms on
 *     return=N     main returns N; so it does at the end, with 0
 *     exit=N, _exit=N, quick=N, bare=N, kill
 *                  the process ends in that way; "bare" by a bare system call
 */
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "program.h"
#include "strand.h"
#include "stranded_observer.h"

STRANDED_SUPPRESS("function:leak_that_is_known");

static struct strand_chan *volatile anybody_s;

static void
leak(void *unused)
{
	int something = 1;

	strand_chan_send(NULL, &something, STRAND_FOREVER);
}

__attribute__((noinline)) static void
leak_that_is_known(void *unused)
{
	leak(unused);
	__asm__ volatile("");
}

static void
stuck(void *unused)
{
	strand_chan_recv(anybody_s, NULL, STRAND_FOREVER);
}

static void
lost(void *channel)
{
	strand_chan_recv(channel, NULL, STRAND_FOREVER);
}

static void
brief(void *unused)
{
	strand_sleep(strand_now() + 50 * STRAND_MILLISECOND);
}

static void
start(const char *name, strand_fn *fn, void *argument)
{
	program_check(strand_go(name, fn, argument), "task");
}

static void
run_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* The number after "=". */
static int
number(const char *word)
{
	return (int) strtol(strchr(word, '=') + 1, NULL, 10);
}

static bool
is(const char *word, const char *name)
{
	return strncmp(word, name, strlen(name)) == 0;
}

static int bite_status;

static void
bite(int number)
{
	_exit(bite_status);
}

static void
start_watchdog(int status)
{
	const struct itimerval time = { { 0, 1000 }, { 0, 1000 } };

	bite_status = status;
	signal(SIGALRM, bite);
	setitimer(ITIMER_REAL, &time, NULL);
}

/* Those that say how the process ends. */
static void
end(const char *word)
{
	if (is(word, "exit=")) {
		exit(number(word));
	} else if (is(word, "_exit=")) {
		_exit(number(word));
	} else if (is(word, "quick=")) {
		quick_exit(number(word));
	} else if (is(word, "bare=")) {
		syscall(SYS_exit_group, number(word));
	} else if (is(word, "kill")) {
		raise(SIGKILL);
	}
}

static void
act(const char *word)
{
	if (is(word, "leak")) {
		start("leak",
		    is(word, "leak_known") ? leak_that_is_known : leak, NULL);
	} else if (is(word, "stuck")) {
		start("stuck", stuck, NULL);
	} else if (is(word, "brief")) {
		start("brief", brief, NULL);
	} else if (is(word, "label=")) {
		stranded_label(word + 6);
	} else if (is(word, "point=")) {
		stranded_check_point(word + 6);
	} else if (is(word, "baseline")) {
		stranded_check_baseline();
	} else if (is(word, "fork")) {
		run_child();
	} else if (is(word, "watchdog=")) {
		start_watchdog(number(word));
	} else {
		end(word);
	}
}

int
main(int argc, char **argv)
{
	struct strand_chan *volatile own;

	program_begin();
	own = program_need(strand_chan_new(0, 0), "channel");
	anybody_s = program_need(strand_chan_new(sizeof(int), 0), "channel");
	for (int i = 1; i < argc; i++) {
		if (is(argv[i], "return=")) {
			return number(argv[i]);
		}
		if (is(argv[i], "exec")) {
			execv(argv[0], &argv[i]);
		}
		if (is(argv[i], "lost")) {
			start("lost", lost, own);
		}
		act(argv[i]);
	}
	return 0;
}
