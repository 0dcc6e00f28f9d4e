/*
 * child.c: see child.h.
 *
 * All signals that can be passed on are blocked here and read from a signalfd.
 * The kernel's word on who sent one decides: what a process sent to us with
 * kill() is meant for the child and is sent on; what the terminal sent (^C, ^\,
 * hangup) went to the whole process group, so the child has it already. What
 * stops (^Z) stops us too, whoever sent it, so that the shell that waits for us
 * sees a stopped job. Signals of a fault of our own are not held up by this.
 */
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/stream.h"

/* The probe speaks up as soon as it is loaded; a busy machine takes a while. */
#define HANDSHAKE_MS 10000

/* How long SIGTERM has before SIGKILL follows. */
#define TERMINATE_MS 2000

/* What of the process's state a child must have as it was. */
struct inherited {
	sigset_t mask;
	struct sigaction child_action; /* for SIGCHLD */
};

static void
close_both(const int pipe[2])
{
	close(pipe[0]);
	close(pipe[1]);
}

/* Blocks them all, SIGCHLD too, which must not be ignored. */
static int
take_signals(struct inherited *inherited)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigfillset(&set);
	sigaction(SIGCHLD, &action, &inherited->child_action);
	sigprocmask(SIG_BLOCK, &set, &inherited->mask);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the child. Returns only if the command cannot be executed. */
static void
execute(const struct child *child, char **argv, int handshake,
    const struct inherited *inherited)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", handshake);
	setenv("STRANDED_HANDSHAKE", number, 1);
	if (child->judged) {
		snprintf(number, sizeof(number), "%d", getpid());
		setenv("STRANDED_CHECK", number, 1);
	}
	fcntl(handshake, F_SETFD, 0);
	sigaction(SIGCHLD, &inherited->child_action, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
	execvp(argv[0], argv);
}

/*
 * Forks. `errors` is a pipe that closes when the child executes the command, or
 * brings the error number if it cannot.
 */
static int
fork_child(struct child *child, char **argv, const int handshake[2],
    const int errors[2])
{
	struct inherited inherited;
	int error = 0;

	child->signals = take_signals(&inherited);
	child->pid = child->signals >= 0 ? fork() : -1;
	if (child->pid < 0) {
		error = errno;
		close_both(errors);
		return error;
	}
	if (child->pid == 0) {
		execute(child, argv, handshake[1], &inherited);
		error = errno;
		/* If the parent has gone, there is nobody to tell. */
		(void) !write(errors[1], &error, sizeof(error));
		_exit(EXIT_FAILED);
	}
	close(errors[1]);
	while (read(errors[0], &error, sizeof(error)) < 0 && errno == EINTR) {
	}
	close(errors[0]);
	return error;
}

static int
start(struct child *child, char **argv)
{
	int handshake[2];
	int errors[2];
	int error;

	if (pipe2(handshake, O_CLOEXEC) != 0) {
		return errno;
	}
	if (pipe2(errors, O_CLOEXEC) != 0) {
		error = errno;
		close_both(handshake);
		return error;
	}
	error = fork_child(child, argv, handshake, errors);
	close(handshake[1]);
	child->handshake = handshake[0];
	return error;
}

int
child_start(
    struct child *child, char **argv, bool judged, struct failure *failure)
{
	int error;

	memset(child, 0, sizeof(*child));
	child->judged = judged;
	error = start(child, argv);
	if (error == 0) {
		return 0;
	}
	return failure_set(failure, EXIT_FAILED, "cannot run \"%.200s\": %s",
	    argv[0], strerror(error));
}

/*
 * Sends a signal on if a process sent it to us, other than the child itself or
 * we (for a pipe that nobody reads any more).
 */
static void
pass_on(const struct child *child, const struct signalfd_siginfo *info)
{
	union sigval value = { .sival_ptr = (void *) info->ssi_ptr };
	int number = (int) info->ssi_signo;

	if (info->ssi_code > 0 || (pid_t) info->ssi_pid == child->pid ||
	    (pid_t) info->ssi_pid == getpid()) {
		return;
	}
	if (info->ssi_code == SI_QUEUE) {
		sigqueue(child->pid, number, value);
	} else {
		kill(child->pid, number);
	}
}

/* Does to us what a signal that stops would have done, were it not blocked. */
static void
stop_too(int number)
{
	sigset_t set;

	if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU) {
		return;
	}
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Reads the signals that have come, and learns of the child's end. */
static void
read_signals(struct child *child)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			pass_on(child, &info);
			stop_too((int) info.ssi_signo);
		} else if (waitpid(child->pid, &child->status, WNOHANG) ==
		    child->pid) {
			child->ended = true;
		}
	}
}

/*
 * Waits until something has happened, or until `deadline` (of stream_now(); -1:
 * never). Returns false at the deadline.
 */
static bool
watch(struct child *child, int64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = child->signals, .events = POLLIN },
		{ .fd = child->handshake, .events = POLLIN },
	};
	int64_t left = deadline < 0 ? -1 : deadline - stream_now();

	if (deadline >= 0 && left <= 0) {
		return false;
	}
	poll(fds, 2, (int) left);
	read_signals(child);
	return true;
}

/* Has the probe spoken? Closes the pipe as soon as that is settled. */
static bool
hear_probe(struct child *child)
{
	char byte;
	ssize_t got;

	if (child->handshake < 0) {
		return false;
	}
	got = read(child->handshake, &byte, 1);
	if (got >= 0) {
		close(child->handshake);
		child->handshake = -1;
	}
	return got == 1;
}

bool
child_await_probe(struct child *child)
{
	int64_t deadline = stream_now() + HANDSHAKE_MS;
	bool in_time = true;

	fcntl(child->handshake, F_SETFL, O_NONBLOCK);
	while (!hear_probe(child)) {
		if (child->ended || child->handshake < 0 || !in_time) {
			return false;
		}
		in_time = watch(child, deadline);
	}
	return true;
}

bool
child_pause(struct child *child, int ms)
{
	int64_t deadline = stream_now() + ms;

	while (!child->ended && watch(child, deadline)) {
	}
	return !child->ended;
}

int
child_wait(struct child *child)
{
	while (!child->ended) {
		watch(child, -1);
	}
	return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) :
					    WEXITSTATUS(child->status);
}

void
child_terminate(struct child *child)
{
	if (child->ended) {
		return;
	}
	kill(child->pid, SIGTERM);
	if (child_pause(child, TERMINATE_MS)) {
		kill(child->pid, SIGKILL);
		child_wait(child);
	}
}
