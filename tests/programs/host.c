/*
 * host.c: signals, stacks, ends, filters, privileges, descriptors and limits.
 * See host.h. The cases at the end of the table do no more than get into a
 * state for somebody else to look at: they say "ready", and end with standard
 * input.
 */
#include "host.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

#define NOBODY 65534 /* a user who owns nothing */
#define PAGE   65536 /* no page is larger */

#define CHILDREN 16  /* that do the same */
#define ROUNDS   500 /* of what goes wrong now and then */

static int quiet[2];       /* a pipe that nothing is written to */
static int listener, port; /* on the loopback */

static void
connect_to_listener(void)
{
	struct sockaddr_in address = program_address(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	host_need(connect(fd, (struct sockaddr *) &address, sizeof address),
	    "connect");
}

static struct pollfd
quiet_end(void)
{
	return (struct pollfd) { .fd = quiet[0], .events = POLLIN };
}

/* ---- Signals ----------------------------------------------------------- */

static const char *
disposition(void)
{
	struct sigaction action;

	host_need(sigaction(SIGQUIT, NULL, &action), "sigaction");
	return action.sa_handler == SIG_DFL ? "default" :
	    action.sa_handler == SIG_IGN    ? "ignored" :
					      "handled";
}

static int
case_disposition(char **args)
{
	host_say("SIGQUIT %s\n", disposition());
	return 0;
}

static int
case_handler_once(char **args)
{
	host_handle(SIGQUIT, host_on_signal, (int) SA_RESETHAND);
	raise(SIGQUIT);
	host_say("handled %d, SIGQUIT %s\n", (int) host_handled, disposition());
	return 0;
}

/* A child that tidies up its signals before it would call exec. */
static int
case_vfork(char **args)
{
	pid_t child;

	host_handle(SIGQUIT, host_on_signal, 0);
	child = vfork();
	if (child == 0) {
		signal(SIGQUIT, SIG_DFL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	raise(SIGQUIT);
	host_say("handled %d, SIGQUIT %s\n", (int) host_handled, disposition());
	return 0;
}

static int
case_fork(char **args)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		host_ask(pthread_self());
		host_rest(600);
		exit(4);
	}
	waitpid(child, &status, 0);
	host_say("child %d, others %s\n", WEXITSTATUS(status),
	    host_outcome(waitpid(-1, NULL, WNOHANG)));
	return 0;
}

/* ---- Stacks ------------------------------------------------------------ */

static ucontext_t left, entered;

static void
block_on_other_stack(void)
{
	char byte;

	host_need(read(quiet[0], &byte, 1), "read");
}

static void
leave_other_stack(int number)
{
	setcontext(&left);
}

static void *
signal_soon(void *arg)
{
	host_rest(200);
	pthread_kill(host_thread, SIGUSR1);
	return arg;
}

/* A call is left for good, and its stack is gone. */
static int
case_context(char **args)
{
	volatile bool back = false;
	char *stack = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	host_need(pipe(quiet), "pipe");
	host_handle(SIGUSR1, leave_other_stack, 0);
	getcontext(&left);
	if (!back) {
		back = true;
		getcontext(&entered);
		entered.uc_stack.ss_sp = stack;
		entered.uc_stack.ss_size = 4 * PAGE;
		makecontext(&entered, block_on_other_stack, 0);
		host_start(signal_soon, NULL);
		setcontext(&entered);
	}
	munmap(stack, 4 * PAGE);
	host_ask(host_thread);
	host_rest(600);
	host_say("survived\n");
	return 0;
}

#ifdef __x86_64__
/* accept(), with not a byte of the caller's stack above its arguments. */
__attribute__((noinline)) static long
accept_at(char *stack_end, int fd)
{
	long result;

	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "mov %1, %%rsp\n\t"
			 "mov %2, %%edi\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%edx, %%edx\n\t"
			 "call accept@PLT\n\t"
			 "mov %%rbx, %%rsp"
			 : "=a"(result)
			 : "r"(stack_end), "r"(fd)
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			 "r11", "memory");
	return result;
}

static int
case_stack_end(char **args)
{
	char *stack =
	    mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	host_need(
	    mprotect(stack, 4 * PAGE, PROT_READ | PROT_WRITE), "mprotect");
	listener = program_socket(SOCK_STREAM, &port);
	connect_to_listener();
	host_say("accepted %d\n", accept_at(stack + 4 * PAGE, listener) >= 0);
	return 0;
}
#else
static int
case_stack_end(char **args)
{
	return host_cannot("not x86-64");
}
#endif

/* ---- Ends -------------------------------------------------------------- */

/* libc is not told that its last thread leaves. */
static int
case_thread_exit(char **args)
{
	host_say("leaving\n");
	syscall(SYS_exit, 3);
	return 0;
}

static void *
leave_later(void *arg)
{
	host_rest(400);
	host_say("the other leaves\n");
	syscall(SYS_exit, 5);
	return arg;
}

/* The status is the main thread's, though it is not the last. */
static int
case_threads_exit(char **args)
{
	host_start(leave_later, NULL);
	host_say("main leaves, ");
	syscall(SYS_exit, 3);
	return 0;
}

static void *
work_a_while(void *arg)
{
	host_ask(pthread_self());
	host_rest(400);
	host_say("worked\n");
	return arg;
}

static int
case_pthread_exit(char **args)
{
	host_start(work_a_while, NULL);
	pthread_exit(NULL);
}

static void *
exit_from_thread(void *arg)
{
	host_rest(100);
	host_say("exit\n");
	exit(7);
}

static int
case_exit_in_thread(char **args)
{
	host_start(exit_from_thread, NULL);
	pause();
	return 1;
}

static int
case_quick_exit(char **args)
{
	host_say("quick\n");
	quick_exit(6);
}

static int
case_abort(char **args)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	host_say("abort\n");
	abort();
}

/* ---- Confined ---------------------------------------------------------- */

#define CALLS_MAX 32

/*
 * Puts a filter in force: what happens at the system calls that are listed,
 * which a -1 ends, and at all others.
 */
static void
filter(const int *calls, uint32_t listed, uint32_t others, unsigned int flags)
{
	struct sock_filter code[2 * CALLS_MAX + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { 1, code };

	for (; *calls != -1; calls++) {
		code[program.len++] = (struct sock_filter) BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) *calls, 0, 1);
		code[program.len++] =
		    (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, listed);
	}
	code[program.len++] =
	    (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, others);
	host_need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	host_need(
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program),
	    "seccomp");
}

/* No system call but what these programs make themselves. */
static void
confine(unsigned int flags)
{
	static const int calls[] = { SYS_read, SYS_write, SYS_close, SYS_accept,
		SYS_ppoll,
#ifdef SYS_poll
		SYS_poll,
#endif
		SYS_clock_nanosleep, SYS_futex, SYS_rt_sigreturn,
		SYS_restart_syscall, SYS_exit, SYS_exit_group, -1 };

	filter(calls, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, flags);
}

static int
case_filter_exit(char **args)
{
	confine(0);
	host_say("confined\n");
	return 0;
}

/* The agent is there before, and goes on. */
static int
case_filter_stay(char **args)
{
	confine(0);
	host_rest(1200);
	host_say("stayed\n");
	return 0;
}

static int
case_filter_all_threads(char **args)
{
	confine(SECCOMP_FILTER_FLAG_TSYNC);
	host_rest(1200);
	host_say("stayed\n");
	return 0;
}

static void ready(void);

static int
case_filtered(char **args)
{
	confine(SECCOMP_FILTER_FLAG_TSYNC);
	ready();
	return 0;
}

static int
case_filter_accept(char **args)
{
	int fd;

	listener = program_socket(SOCK_STREAM, &port);
	connect_to_listener();
	confine(0);
	fd = accept(listener, NULL, NULL);
	host_say("accepted %d, closed %d\n", fd >= 0, close(fd));
	return 0;
}

/* accept() tells how long the address is, not what there was room for. */
static int
case_filter_accept_short(char **args)
{
	char *end = (char *) mmap(NULL, 2 * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) +
	    PAGE;
	socklen_t size = 4;
	int fd;

	host_need(
	    mprotect(end - PAGE, PAGE, PROT_READ | PROT_WRITE), "mprotect");
	listener = program_socket(SOCK_STREAM, &port);
	connect_to_listener();
	confine(0);
	fd = accept(listener, (struct sockaddr *) (end - size), &size);
	host_say("accepted %d, address of %d\n", fd >= 0, (int) size);
	return 0;
}

static void *
ask_twice(void *arg)
{
	for (int i = 0; i < 2; i++) {
		host_rest(400);
		host_ask(host_thread);
	}
	return arg;
}

/* A dump's signal breaks off what a confined thread waits for. */
static int
case_filter_wait(char **args)
{
	struct timespec time = { 0, 600000000 };
	struct pollfd polled;
	int result;

	host_need(pipe(quiet), "pipe");
	polled = quiet_end();
	host_start(ask_twice, NULL);
	confine(0);
	result = poll(&polled, 1, 600);
	host_say("poll %d, ", result);
	result = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	host_say("sleep %d\n", result);
	return 0;
}

static void *
do_nothing(void *arg)
{
	return arg;
}

static int
case_filter_thread(char **args)
{
	static const int calls[] = { SYS_write, SYS_mmap, SYS_mprotect,
		SYS_munmap, SYS_madvise, SYS_clone, SYS_clone3, SYS_futex,
		SYS_rseq, SYS_set_robust_list, SYS_rt_sigaction,
		SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_exit, SYS_exit_group,
		-1 };
	pthread_t thread;

	/* With the first libc asks for more than it does later. */
	pthread_join(host_start(do_nothing, NULL), NULL);
	filter(calls, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, 0);
	thread = host_start(do_nothing, NULL);
	host_say("joined %d\n", pthread_join(thread, NULL));
	return 0;
}

/* Whether there are filters is asked, as libseccomp does: none comes. */
static int
case_filter_asked(char **args)
{
	long by_prctl = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);
	long by_call = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, NULL);

	if (by_prctl != -1 || by_call != -1) {
		return host_cannot("ask for filters");
	}
	ready();
	return 0;
}

/* Nothing is allowed but read, write and _exit. */
static int
case_strict(char **args)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == -1) {
		return host_cannot("strict mode");
	}
	host_say("strict\n");
	syscall(SYS_exit, 3);
	return 0;
}

/* ---- Privileges and namespaces ----------------------------------------- */

static int
case_user_namespace(char **args)
{
	host_say("unshare %s\n", host_outcome(unshare(CLONE_NEWUSER)));
	return 0;
}

static int
case_user_namespace_of_child(char **args)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		host_rest(400); /* the child's agent is there */
		_exit(unshare(CLONE_NEWUSER) == -1 ? errno : 0);
	}
	waitpid(child, &status, 0);
	host_say("unshare %s\n", strerrorname_np(WEXITSTATUS(status)));
	return 0;
}

/* A signal of the application's own, again and again; 0: no more. */
static void
interrupt_every(int us)
{
	struct itimerval timer = { { 0, us }, { 0, us } };

	host_handle(SIGALRM, host_on_signal, 0);
	host_need(setitimer(ITIMER_REAL, &timer, NULL), "setitimer");
}

/* Of a number of children each leaves its namespace amid signals. */
static int
case_user_namespaces_amid_signals(char **args)
{
	int done = 0, status;

	for (int i = 0; i < CHILDREN; i++) {
		if (fork() == 0) {
			host_rest(400); /* the child's agent is there */
			interrupt_every(100);
			_exit(unshare(CLONE_NEWUSER) == -1 ? errno : 0);
		}
	}
	while (wait(&status) != -1) {
		done += status == 0;
	}
	host_say("unshare %d done\n", done);
	return 0;
}

static int
case_mount_namespace(char **args)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	host_say("setns %s\n", host_outcome(setns(fd, CLONE_NEWNS)));
	return 0;
}

/* What servers do that start as root and want core dumps all the same. */
static int
case_dumpable(char **args)
{
	if (setgid(NOBODY) == -1 || setuid(NOBODY) == -1) {
		return host_cannot("not root");
	}
	prctl(PR_SET_DUMPABLE, 1);
	host_rest(700);
	host_say(
	    "dumpable %d, uid %d\n", prctl(PR_GET_DUMPABLE), (int) getuid());
	return 0;
}

static int
case_umask(char **args)
{
	umask(0123);
	host_ask(host_thread);
	host_rest(600);
	host_say("umask %04o\n", (unsigned int) umask(0));
	return 0;
}

/* ---- Descriptors ------------------------------------------------------- */

static int
case_descriptors(char **args)
{
	int open_ones = 0;

	host_ask(host_thread);
	host_rest(600);
	for (int fd = 0; fd < 1024; fd++) {
		open_ones += fcntl(fd, F_GETFD) != -1;
	}
	host_say("open %d, next %d\n", open_ones, dup(0));
	return 0;
}

/* The number of standard error is given to a file of data. */
static int
case_stderr_file(char **args)
{
	char path[] = "/tmp/host-XXXXXX";
	struct stat status;
	int fd;

	close(STDERR_FILENO);
	fd = mkstemp(path);
	unlink(path);
	host_need(write(fd, "data", 4), "write");
	host_ask(host_thread);
	host_rest(1500);
	host_need(fstat(fd, &status), "fstat");
	host_say("fd %d, size %d\n", fd, (int) status.st_size);
	return 0;
}

/* And to a connection with a client. */
static int
case_stderr_socket(char **args)
{
	char bytes[16];
	int ends[2];

	close(STDERR_FILENO);
	host_need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	host_ask(host_thread);
	host_rest(1500);
	host_say("fd %d, sent %s\n", ends[0],
	    host_outcome(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT)));
	return 0;
}

/* ---- Limits ------------------------------------------------------------ */

/* limit NAME=NUMBER: under that limit from its beginning, "work". */
static int
case_limit(char **args)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {
		{ "files=", RLIMIT_NOFILE },
		{ "processes=", RLIMIT_NPROC },
		{ "memory=", RLIMIT_AS },
		{ "locked=", RLIMIT_MEMLOCK },
	};

	/* Root may have as many processes as he likes. */
	if (strncmp(args[0], "processes=", 10) == 0 && geteuid() == 0) {
		host_need(setgid(NOBODY), "setgid");
		host_need(setuid(NOBODY), "setuid");
	}
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		long number = program_number(args - 1, limits[i].name, -1);
		struct rlimit limit = { (rlim_t) number, (rlim_t) number };

		if (number >= 0 &&
		    setrlimit(limits[i].resource, &limit) == -1) {
			return host_cannot("setrlimit");
		}
	}
	return host_become("work");
}

static int
case_work(char **args)
{
	int pipe_error = pipe(quiet) == -1 ? errno : 0;
	void *memory = malloc(1 << 20);
	pthread_attr_t attr;
	pthread_t thread;
	int error, status = -1;
	pid_t child;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	error = pthread_create(&thread, &attr, do_nothing, NULL);
	if (!error) {
		pthread_join(thread, NULL);
	}
	child = fork();
	if (child == 0) {
		_exit(0);
	}
	waitpid(child, &status, 0);
	host_ask(host_thread);
	host_rest(600);
	host_say("pipe %s, memory %s, thread %s, child %d\n",
	    strerrorname_np(pipe_error), memory ? "had" : "none",
	    strerrorname_np(error), status);
	free(memory);
	return 0;
}

/* ---- States to be looked at -------------------------------------------- */

static void
ready(void)
{
	host_say("ready\n");
	program_wait();
}

static int
case_wait(char **args)
{
	ready();
	return 0;
}

static void *
wait_for_end(void *arg)
{
	host_rest(100); /* the main thread has left */
	ready();
	return arg;
}

static int
case_main_leaves(char **args)
{
	host_start(wait_for_end, NULL);
	pthread_exit(NULL);
}

/* Standard error becomes a log, which the dump belongs in. */
static int
case_stderr_log(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	host_need(dup2(fd, STDERR_FILENO), "dup2");
	close(fd);
	ready();
	return 0;
}

static int
case_stderr_reopened(char **args)
{
	if (!freopen(args[0], "w", stderr)) {
		return host_cannot("freopen");
	}
	ready();
	return 0;
}

/* A stream that has no descriptor is none of anybody's business. */
static int
case_stream_closed(char **args)
{
	char *text;
	size_t size;
	FILE *stream = program_need(open_memstream(&text, &size), "stream");
	int result;

	errno = 0;
	result = fclose(stream);
	host_say("closed %d, errno %d\n", result, errno);
	return 0;
}

/* Connections that are closed where no wrapper of close() is called. */
static int
case_sessions(char **args)
{
	int fd;

	listener = program_socket(SOCK_STREAM, &port);
	for (int i = 0; i < 15; i++) {
		connect_to_listener();
		fd = host_need(accept(listener, NULL, NULL), "accept");
		if (i % 3 == 0) {
			fclose(fdopen(fd, "r+"));
		} else if (i % 3 == 1) {
			syscall(SYS_close, fd);
		}
	}
	ready();
	return 0;
}

static void *
leave(void *arg)
{
	syscall(SYS_exit, 0);
	return arg;
}

/* Threads that leave without libc's being told. */
static int
case_ghosts(char **args)
{
	for (int i = 0; i < 5; i++) {
		host_start(leave, NULL);
	}
	ready();
	return 0;
}

static void
clean_up(void *arg)
{
	ready();
	_exit(0);
}

static void *
poll_until_cancelled(void *arg)
{
	struct pollfd polled = quiet_end();

	pthread_cleanup_push(clean_up, NULL);
	poll(&polled, 1, -1);
	pthread_cleanup_pop(0);
	return arg;
}

/* A wait that a dump has broken off and that goes on is cancelled. */
static int
case_cancelled(char **args)
{
	pthread_t thread;

	host_need(pipe(quiet), "pipe");
	thread = host_start(poll_until_cancelled, NULL);
	host_rest(200);
	host_ask(thread);
	host_rest(300);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	return 1; /* clean_up() ends the process */
}

/* Has stopped its agent many times over, at all moments between signals. */
static int
case_namespaces_amid_signals(char **args)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	interrupt_every(100);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t handled = host_handled;

		while (host_handled == handled) {
		}
		for (volatile int work = 0; work < i * 100; work++) {
		}
		setns(fd, CLONE_NEWNS); /* only root may */
	}
	interrupt_every(0);
	close(fd);
	ready();
	return 0;
}

/* Those who lose their parent become children; who does not wait has none. */
static int
case_subreaper(char **args)
{
	host_need(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper");
	ready();
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 1;
}

/* chroot DIRECTORY */
static int
case_chroot(char **args)
{
	if (chroot(args[0]) == -1 || chdir("/") == -1) {
		return host_cannot("not root");
	}
	ready();
	return 0;
}

/* refused CALL...: what the probe asks the kernel for is refused. */
static int
case_refused(char **args)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
		{ "pidfd_open", SYS_pidfd_open },
		{ "pidfd_getfd", SYS_pidfd_getfd },
		{ "process_vm_readv", SYS_process_vm_readv },
	};
	int calls[CALLS_MAX];
	size_t count = 0;

	for (; *args; args++) {
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
			if (strcmp(known[i].name, *args) == 0) {
				calls[count++] = known[i].number;
			}
		}
	}
	calls[count] = -1;
	filter(calls, SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW, 0);
	return host_become("wait");
}

/* ---- Which case -------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(char **args);
} cases[] = {
	{ "disposition", case_disposition },
	{ "handler-once", case_handler_once },
	{ "vfork", case_vfork },
	{ "fork", case_fork },
	{ "context", case_context },
	{ "stack-end", case_stack_end },
	{ "thread-exit", case_thread_exit },
	{ "threads-exit", case_threads_exit },
	{ "pthread-exit", case_pthread_exit },
	{ "exit-in-thread", case_exit_in_thread },
	{ "quick-exit", case_quick_exit },
	{ "abort", case_abort },
	{ "filter-exit", case_filter_exit },
	{ "filter-stay", case_filter_stay },
	{ "filter-all-threads", case_filter_all_threads },
	{ "filter-accept", case_filter_accept },
	{ "filter-accept-short", case_filter_accept_short },
	{ "filter-wait", case_filter_wait },
	{ "filter-thread", case_filter_thread },
	{ "strict", case_strict },
	{ "user-namespace", case_user_namespace },
	{ "user-namespace-of-child", case_user_namespace_of_child },
	{ "user-namespaces-amid-signals", case_user_namespaces_amid_signals },
	{ "mount-namespace", case_mount_namespace },
	{ "dumpable", case_dumpable },
	{ "umask", case_umask },
	{ "descriptors", case_descriptors },
	{ "stderr-file", case_stderr_file },
	{ "stderr-socket", case_stderr_socket },
	{ "stream-closed", case_stream_closed },
	{ "limit", case_limit },
	{ "work", case_work },

	{ "wait", case_wait },
	{ "filtered", case_filtered },
	{ "filter-asked", case_filter_asked },
	{ "main-leaves", case_main_leaves },
	{ "stderr-log", case_stderr_log },
	{ "stderr-reopened", case_stderr_reopened },
	{ "sessions", case_sessions },
	{ "ghosts", case_ghosts },
	{ "cancelled", case_cancelled },
	{ "namespaces-amid-signals", case_namespaces_amid_signals },
	{ "subreaper", case_subreaper },
	{ "chroot", case_chroot },
	{ "refused", case_refused },
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
