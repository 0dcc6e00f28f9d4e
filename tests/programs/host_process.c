/*
 * host_process.c: children of all kinds, other programs, descriptors, and what
 * one may do with the signal that asks for a dump. See host.h; the cases at the
 * end of the table are for somebody else to look at.
 */
#include "host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

#define NOBODY 65534 /* a user who owns nothing */

/* ---- Children ---------------------------------------------------------- */

/* What a shell would call the status of the child. */
static int
end_of(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (status & 127);
}

static int
spawned(char **environment, bool search)
{
	static char line[] = "exit $((${LIFE-40} + 2))";
	char *argv[] = { (char *) "sh", (char *) "-c", line, NULL };
	pid_t child;
	int error = search ?
	    posix_spawnp(&child, "sh", NULL, NULL, argv, environment) :
	    posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environment);

	return error ? -error : end_of(child);
}

static int
case_spawn(char **args)
{
	char *none[] = { NULL };

	setenv("LIFE", "10", 1);
	host_ask(host_thread);
	host_say("spawn %d, spawnp %d, with nothing %d, ",
	    spawned(environ, false), spawned(environ, true),
	    spawned(none, false));
	host_say("system %d, %d\n", system("exit 3") >> 8,
	    pclose(popen("exit 4", "r")) >> 8);
	return 0;
}

static int
case_vfork_exec(char **args)
{
	char *none[] = { NULL };
	int ends[2];

	for (int i = 0; i < 2; i++) {
		pid_t child = vfork();

		if (child == 0) {
			execle("/bin/sh", "sh", "-c", "exit 9", NULL,
			    i == 0 ? environ : none);
			_exit(1);
		}
		ends[i] = end_of(child);
	}
	host_ask(host_thread);
	host_rest(300);
	host_say("vfork and exec %d, %d\n", ends[0], ends[1]);
	return 0;
}

/* The child of a child, in a session of its own, whose parent has gone. */
static void
daemonize(void (*live)(void))
{
	pid_t child = fork();

	if (child == 0) {
		setsid();
		if (fork() == 0) {
			live();
			_exit(0);
		}
		_exit(0);
	}
	host_need(child, "fork");
	waitpid(child, NULL, 0);
}

static int heard[2]; /* a pipe from the daemon to who has made it */

static void
report_in(void)
{
	host_ask(pthread_self());
	host_rest(400);
	host_need(
	    write(heard[1], getsid(0) != getpid() ? "y" : "n", 1), "write");
}

static int
case_daemon(char **args)
{
	char word = '?';

	host_need(pipe(heard), "pipe");
	daemonize(report_in);
	host_need(read(heard[0], &word, 1), "read");
	host_say("the daemon says %c\n", word);
	return 0;
}

/* ---- Descriptors ------------------------------------------------------- */

static int
next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static int
case_closefrom(char **args)
{
	int before = next_descriptor(), after;

	for (int i = 0; i < 20; i++) {
		host_need(dup(STDIN_FILENO), "dup");
	}
	host_ask(host_thread);
	closefrom(STDERR_FILENO + 1);
	host_rest(600);
	after = next_descriptor();
	for (int i = 0; i < 20; i++) {
		host_need(dup(STDIN_FILENO), "dup");
	}
	close_range(STDERR_FILENO + 1, ~0u, 0);
	host_rest(300);
	host_say("next %d, %d, %d\n", before, after, next_descriptor());
	return 0;
}

/* As daemons did before there was a call for it. */
static int
case_close_each(char **args)
{
	int errors = 0;

	host_ask(host_thread);
	for (int fd = STDERR_FILENO + 1; fd < 4096; fd++) {
		errors += close(fd) == -1 && errno != EBADF;
	}
	host_rest(600);
	host_say("next %d, errors %d\n", next_descriptor(), errors);
	return 0;
}

/* ---- The signal that asks for a dump ----------------------------------- */

static void
on_early(int number)
{
	host_handled++;
}

/* Before any library's constructor, the probe's too. */
static void
handle_early(int argc, char **argv, char **environment)
{
	if (argc > 1 && strcmp(argv[argc - 1], "handler-before") == 0) {
		host_handle(SIGQUIT, on_early, 0);
	}
}

__attribute__((section(".preinit_array"), used)) static void (*early)(
    int, char **, char **) = handle_early;

static const char *
disposition(void)
{
	struct sigaction action;

	host_need(sigaction(SIGQUIT, NULL, &action), "sigaction");
	return action.sa_handler == SIG_DFL     ? "default" :
	    action.sa_handler == SIG_IGN        ? "ignored" :
	    action.sa_handler == on_early       ? "early" :
	    action.sa_handler == host_on_signal ? "own" :
						  "strange";
}

static int
case_handler_before(char **args)
{
	raise(SIGQUIT);
	host_rest(400);
	host_say("handled %d, %s\n", (int) host_handled, disposition());
	return 0;
}

static int
case_handler_after(char **args)
{
	host_handle(SIGQUIT, host_on_signal, 0);
	raise(SIGQUIT);
	host_rest(400);
	host_say("handled %d, %s\n", (int) host_handled, disposition());
	return 0;
}

/* libc's own function, not the next one: the probe is passed by. */
static void
take_back(void)
{
	struct sigaction action = { .sa_handler = host_on_signal };
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	__typeof__(sigaction) *own = dlsym(libc, "sigaction");

	host_need(own(SIGQUIT, &action, NULL), "sigaction");
}

static int
case_handler_past(char **args)
{
	take_back();
	raise(SIGQUIT);
	host_rest(400);
	host_say("handled %d\n", (int) host_handled);
	return 0;
}

static void
leave_at_once(int number)
{
	host_say("leaving\n");
	_exit(5);
}

static int
case_handler_leaves(char **args)
{
	host_handle(SIGQUIT, leave_at_once, 0);
	raise(SIGQUIT);
	return 1;
}

static void
leave(int number)
{
	host_say("leaving\n");
	exit(6);
}

static void *
wait_for_end(void *arg)
{
	pause();
	return arg;
}

/* With all that a program does at its end, in a thread of its own. */
static int
case_handler_exits(char **args)
{
	pthread_t thread;

	host_handle(SIGQUIT, leave, 0);
	thread = host_start(wait_for_end, NULL);
	host_rest(100);
	pthread_kill(thread, SIGQUIT);
	pause();
	return 1;
}

static void
block_quit(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGQUIT);
	pthread_sigmask(how, &set, NULL);
}

static int
case_blocked(char **args)
{
	sigset_t pending;
	int waits;

	host_handle(SIGQUIT, host_on_signal, 0);
	block_quit(SIG_BLOCK);
	raise(SIGQUIT);
	host_rest(600);
	sigpending(&pending);
	waits = sigismember(&pending, SIGQUIT);
	host_say("pending %d, handled %d, ", waits, (int) host_handled);
	block_quit(SIG_UNBLOCK);
	host_say("%d\n", (int) host_handled);
	return 0;
}

/* ---- Other libraries --------------------------------------------------- */

/* A library that is loaded in the way that is asked for, and waits. */
static int
wait_in(void *library)
{
	int (*block)(int ms) =
	    library ? (int (*)(int)) dlsym(library, "block") : NULL;

	return block ? block(300) : -1;
}

static int
case_deep_bind(char **args)
{
	void *library = dlopen(args[0], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	host_ask(host_thread);
	host_say("blocked %d\n", wait_in(library));
	dlclose(library);
	return 0;
}

static int
case_name_space(char **args)
{
	void *library = dlmopen(LM_ID_NEWLM, args[0], RTLD_NOW | RTLD_LOCAL);

	host_ask(host_thread);
	host_say("blocked %d\n", wait_in(library));
	return 0;
}

/* ---- States to be looked at -------------------------------------------- */

static void
ready(void)
{
	host_say("ready\n");
	program_wait();
}

/* Nothing is left to it of who has made it. */
static void
live_alone(void)
{
	host_say("daemon %d\n", (int) getpid());
	host_need(chdir("/"), "chdir");
	for (int fd = 0; fd < 3; fd++) {
		host_need(dup2(open("/dev/null", O_RDWR), fd), "dup2");
	}
	closefrom(3);
	alarm(PROGRAM_LIFE);
	pause(); /* the daemon lives */
}

static int
case_daemon_stays(char **args)
{
	daemonize(live_alone);
	ready();
	return 0;
}

/* exec-bare: goes on as this program again, without its environment. */
static int
case_exec_bare(char **args)
{
	char *none[] = { NULL };

	host_rest(400); /* the probe listens */
	execle("/proc/self/exe", "host_process", "wait", NULL, none);
	return host_cannot("exec");
}

static int
case_wait(char **args)
{
	ready();
	return 0;
}

static int
case_taken(char **args)
{
	take_back();
	ready();
	return 0;
}

static int
case_handled(char **args)
{
	host_handle(SIGQUIT, host_on_signal, SA_RESTART);
	ready();
	return 0;
}

static int
case_blocks(char **args)
{
	block_quit(SIG_BLOCK);
	ready();
	return 0;
}

/* Starts as root, and gives that up for good. */
static int
case_drop(char **args)
{
	if (setgid(NOBODY) == -1 || setuid(NOBODY) == -1) {
		return host_cannot("not root");
	}
	ready();
	return 0;
}

/* Reads in a library that libc has been copied for. */
static int
case_copied_libc(char **args)
{
	if (!dlmopen(LM_ID_NEWLM, args[0], RTLD_NOW | RTLD_LOCAL)) {
		return host_cannot(dlerror());
	}
	ready();
	return 0;
}

/* ---- Which case -------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(char **args);
} cases[] = {
	{ "spawn", case_spawn },
	{ "vfork-exec", case_vfork_exec },
	{ "daemon", case_daemon },
	{ "closefrom", case_closefrom },
	{ "close-each", case_close_each },
	{ "handler-before", case_handler_before },
	{ "handler-after", case_handler_after },
	{ "handler-past", case_handler_past },
	{ "handler-leaves", case_handler_leaves },
	{ "handler-exits", case_handler_exits },
	{ "blocked", case_blocked },
	{ "deep-bind", case_deep_bind },
	{ "name-space", case_name_space },

	{ "daemon-stays", case_daemon_stays },
	{ "exec-bare", case_exec_bare },
	{ "wait", case_wait },
	{ "taken", case_taken },
	{ "handled", case_handled },
	{ "blocks", case_blocks },
	{ "drop", case_drop },
	{ "copied-libc", case_copied_libc },
};

int
main(int argc, char **argv)
{
	char **args = host_begin(argv);

	for (size_t i = 0; *args && i < sizeof cases / sizeof cases[0]; i++) {
		if (strcmp(cases[i].name, *args) == 0) {
			return cases[i].run(args + 1);
		}
	}
	return host_usage();
}
