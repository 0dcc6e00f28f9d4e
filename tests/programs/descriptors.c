/*
 * descriptors.c: a server that does with the descriptors of its connections
 * whatever a test tells it to.
 *
 * Prints "ready PORT", then obeys its standard input, a command a line. Each is
 * done by a thread of its own, which is gone when "did RESULT" is printed; -1
 * says that the call failed.
 *
 *     accept              accepts a connection; at the path of --unix=, or at
 *                         --port=, which others may share: then it does not
 *                         wait for one
 *     connect PORT        makes one
 *     work FD             reads a byte
 *     close FD            as a server does
 *     hide FD             the same by a bare system call
 *     dup FD, dup2 FD TO, dup3 FD TO, fcntl FD, cloexec FD
 *     fork, fork FD       a child that closes FD, and waits; the result is its
 *                         pid
 *     receiver            a child that receives descriptors, and keeps them
 *     pass FD             gives it one; the result is its number for it
 *     loop FD             gives one to this process itself
 *     loopm FD            the same, by the calls for many messages
 *     pidfd FD            takes one from this process itself
 *     inetd FD, systemd FD
 *                         a child that becomes another program with FD, as
 *                         these start servers; the result is its pid
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "program.h"

static int listener;
static int lives[2]; /* a pipe: its end ends the children */

#define LIVES "50" /* the number of its first end */
static int to_receiver = -1;

static int
accepts(int fd, int to)
{
	int got = accept(listener, NULL, NULL); /* accepts here */

	return got >= 0 ? got : -1;
}

static int
connects(int port, int to)
{
	struct sockaddr_in address = program_address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *) &address, /* connects here */
		   sizeof address) == 0 ?
	    fd :
	    -1;
}

static int
works(int fd, int to)
{
	char byte;

	return (int) read(fd, &byte, 1); /* works here */
}

static int
closes(int fd, int to)
{
	return close(fd);
}

static int
hides(int fd, int to)
{
	return (int) syscall(SYS_close, fd);
}

static int
dups(int fd, int to)
{
	return dup(fd);
}

static int
dups2(int fd, int to)
{
	return dup2(fd, to);
}

static int
dups3(int fd, int to)
{
	return dup3(fd, to, O_CLOEXEC);
}

static int
dups_by_fcntl(int fd, int to)
{
	return fcntl(fd, F_DUPFD, 100);
}

static int
dups_by_fcntl_cloexec(int fd, int to)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 100);
}

/* Lives as long as the parent does. */
static void
wait_in_child(void)
{
	char byte;

	if (lives[1] > 0) {
		close(lives[1]);
	}
	alarm(PROGRAM_LIFE);
	read(lives[0], &byte, 1);
	_exit(0);
}

static int
forks(int fd, int to)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fd > 0) {
			close(fd);
		}
		wait_in_child();
	}
	return pid;
}

/* ---- Passing ----------------------------------------------------------- */

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static int
gives(int through, int fd)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union control control = { .bytes = "" };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};

	control.header =
	    (struct cmsghdr) { CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	return (int) sendmsg(through, &message, 0);
}

/* Returns the descriptor, or -1. */
static int
takes(int through)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t received;
	int fd;

	received =
	    recvmsg(through, &message, MSG_CMSG_CLOEXEC); /* takes here */
	if (received != 1 || message.msg_controllen == 0) {
		return -1;
	}
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

static int
receives(int fd, int to)
{
	int pair[2];
	pid_t pid;

	program_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? errno : 0,
	    "socketpair");
	pid = fork();
	if (pid == 0) {
		int got;

		close(pair[0]);
		while ((got = takes(pair[1])) != -1) {
			write(pair[1], &got, sizeof got);
		}
		wait_in_child();
	}
	close(pair[1]);
	to_receiver = pair[0];
	return pid;
}

static int
passes(int fd, int to)
{
	int got = -1;

	gives(to_receiver, fd);
	read(to_receiver, &got, sizeof got);
	return got;
}

static int
takes_of_many(int through)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union control control;
	struct mmsghdr message = { .msg_hdr = {
				       .msg_iov = &part,
				       .msg_iovlen = 1,
				       .msg_control = &control,
				       .msg_controllen = sizeof control,
				   } };
	int fd;

	if (recvmmsg(through, &message, 1, MSG_CMSG_CLOEXEC, NULL) != 1) {
		return -1;
	}
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

static int
loops_by(int fd, int (*take)(int through))
{
	int pair[2], got;

	program_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? errno : 0,
	    "socketpair");
	gives(pair[0], fd);
	got = take(pair[1]);
	close(pair[0]);
	close(pair[1]);
	return got;
}

static int
loops(int fd, int to)
{
	return loops_by(fd, takes);
}

static int
loops_of_many(int fd, int to)
{
	return loops_by(fd, takes_of_many);
}

static int
copies(int fd, int to)
{
	int self = (int) syscall(SYS_pidfd_open, getpid(), 0);
	int got = pidfd_getfd(self, fd, 0);

	close(self);
	return got;
}

/* ---- Other programs ---------------------------------------------------- */

static int
becomes_other(void)
{
	execl("/proc/self/exe", "descriptors", "--other", (char *) NULL);
	_exit(127);
}

static int
inetd(int fd, int to)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		close(fd);
		becomes_other();
	}
	return pid;
}

static int
systemd(int fd, int to)
{
	pid_t pid = fork();
	char number[16];

	if (pid == 0) {
		dup2(fd, 3);
		close(fd);
		snprintf(number, sizeof number, "%d", (int) getpid());
		setenv("LISTEN_PID", number, 1);
		setenv("LISTEN_FDS", "1", 1);
		becomes_other();
	}
	return pid;
}

/* ---- Commands ---------------------------------------------------------- */

static const struct command {
	const char *name;
	int (*run)(int fd, int to);
} commands[] = {
	{ "accept", accepts },
	{ "connect", connects },
	{ "work", works },
	{ "close", closes },
	{ "hide", hides },
	{ "dup", dups },
	{ "dup2", dups2 },
	{ "dup3", dups3 },
	{ "fcntl", dups_by_fcntl },
	{ "cloexec", dups_by_fcntl_cloexec },
	{ "fork", forks },
	{ "receiver", receives },
	{ "pass", passes },
	{ "loop", loops },
	{ "loopm", loops_of_many },
	{ "pidfd", copies },
	{ "inetd", inetd },
	{ "systemd", systemd },
};

struct order {
	const struct command *command;
	int fd;
	int to;
};

static void *
obey(void *arg)
{
	const struct order *order = arg;

	/* To name another thread would take a descriptor. */
	prctl(PR_SET_NAME, order->command->name);
	printf("did %d\n", order->command->run(order->fd, order->to));
	return NULL;
}

static void
take_order(const char *line)
{
	struct order order = { NULL, 0, 0 };
	char name[16] = "";
	pthread_t thread;

	sscanf(line, "%15s %d %d", name, &order.fd, &order.to);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(name, commands[i].name) == 0) {
			order.command = &commands[i];
		}
	}
	program_need((void *) order.command, line);
	program_check(pthread_create(&thread, NULL, obey, &order), name);
	pthread_join(thread, NULL);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (bind(fd, (struct sockaddr *) &address, sizeof address) == -1 ||
	    listen(fd, 8) == -1) {
		program_check(errno, path);
	}
	return fd;
}

/* A port that several processes listen on, each for itself; 0: a new one. */
static int
share(int *port)
{
	struct sockaddr_in address = program_address(*port);
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *) &address, size) == -1 ||
	    listen(fd, 128) == -1) {
		program_check(errno, "port");
	}
	getsockname(fd, (struct sockaddr *) &address, &size);
	*port = ntohs(address.sin_port);
	return fd;
}

int
main(int argc, char **argv)
{
	const char *path = program_word(argv, "--unix=", NULL);
	char line[64];
	int port = (int) program_number(argv, "--port=", -1);

	program_begin();
	if (program_flag(argv, "--other")) {
		lives[0] = atoi(LIVES);
		wait_in_child();
	}
	program_check(pipe2(lives, O_CLOEXEC) ? errno : 0, "pipe");
	lives[0] = dup2(lives[0], atoi(LIVES));
	if (port >= 0) {
		listener = share(&port);
	} else {
		listener =
		    path ? listen_at(path) : program_socket(SOCK_STREAM, &port);
	}
	printf("ready %d\n", port);
	while (program_read_line(STDIN_FILENO, line, sizeof line)) {
		take_order(line);
	}
	return 0;
}
