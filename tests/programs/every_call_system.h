/*
 * every_call_system.h: names, children, locks on files, signals.
 */
#ifndef PROGRAMS_EVERY_CALL_SYSTEM_H
#define PROGRAMS_EVERY_CALL_SYSTEM_H

#include <linux/futex.h>
#include <netdb.h>
#include <resolv.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>

#include "every_call.h"
#include "probe/real.h" /* __xpg_sigpause */

/* ---- Names ------------------------------------------------------------- */

static int resolver; /* the socket of the only name server that is asked */
static struct sockaddr_in resolver_address;

/* Answers all that have asked: there is no such name. */
static void
answer(void)
{
	unsigned char query[512];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t length;

	while ((length = recvfrom(resolver, query, sizeof query, MSG_DONTWAIT,
		    (struct sockaddr *) &from, &size)) > 3) {
		query[2] |= 0x80;
		query[3] = 0x80 | 3;
		sendto(resolver, query, length, 0, (struct sockaddr *) &from,
		    size);
	}
}

static void
ask_there(void)
{
	res_init();
	_res.nscount = 1;
	_res.nsaddr_list[0] = resolver_address;
	_res.retrans = 30;
	_res.retry = 5;
	tell(NOTHING, 0);
}

static void
prepare_resolver(void)
{
	int port;

	resolver = program_socket(SOCK_DGRAM, &port);
	resolver_address = program_address(port);
}

#define NOBODY "nobody.invalid."

static const struct sockaddr_in nowhere = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = 0x010200c0, /* 192.0.2.1, for documentation */
};
#define NOWHERE &nowhere.sin_addr, 4, AF_INET

static char *
entry_room(void)
{
	static __thread char entry[1024];

	return entry;
}

static bool
not_found(int error, struct hostent *found)
{
	return error == 0 && !found;
}

#define ENTRY &entry, entry_room(), 1024, &found, &reason
#define LOOKS_UP(name, ...)                                                    \
	CASE(name, struct hostent entry, *found = &entry; int reason, error;   \
	     ask_there(); error = name(__VA_ARGS__, ENTRY);                    \
	     return not_found(error, found);)

CASE(getaddrinfo, struct addrinfo *found; ask_there();
     return getaddrinfo(NOBODY, "80", NULL, &found) == EAI_NONAME;)
CASE(getnameinfo, ask_there();
     return getnameinfo((const struct sockaddr *) &nowhere, sizeof nowhere,
		bytes(), 64, NULL, 0, NI_NAMEREQD) == EAI_NONAME;)
CASE(gethostbyname, ask_there(); return !gethostbyname(NOBODY);)
CASE(gethostbyname2, ask_there(); return !gethostbyname2(NOBODY, AF_INET);)
CASE(gethostbyaddr, ask_there(); return !gethostbyaddr(NOWHERE);)
LOOKS_UP(gethostbyname_r, NOBODY)
LOOKS_UP(gethostbyname2_r, NOBODY, AF_INET)
LOOKS_UP(gethostbyaddr_r, NOWHERE)

/* ---- Children ---------------------------------------------------------- */

/* A child that lasts until the release, but not longer than this thread. */
static pid_t
child(void)
{
	int fd = quiet();
	pid_t pid = need(fork(), "fork");
	char byte;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		read(fd, &byte, 1);
		_exit(0);
	}
	return pid;
}

/* wait() takes any child there is, so another may be left with none. */
static bool
is_child(long result)
{
	return result > 0 || (result == -1 && errno == ECHILD);
}

#define TAKES_ANY(name, ...)                                                   \
	CASE(name, child(); tell(NOTHING, 0);                                  \
	     return is_child(name(__VA_ARGS__));)
#define TAKES_ONE(name, ...)                                                   \
	CASE(name, pid_t pid = child(); tell(OBJECT, pid);                     \
	     return is_child(name(pid, __VA_ARGS__));)

TAKES_ANY(wait, NULL)
TAKES_ANY(wait3, NULL, 0, NULL)
TAKES_ONE(waitpid, NULL, 0)
TAKES_ONE(wait4, NULL, 0, NULL)
CASE(waitid, pid_t pid = child(); siginfo_t info; tell(OBJECT, pid);
     return is_child(waitid(P_PID, pid, &info, WEXITED) == 0 ? 1 : -1);)

/* A command that lasts until the release. */
static const char *
command(void)
{
	int fd = quiet_pipe();
	char *text = bytes();

	need(fcntl(fd, F_SETFD, 0), "fcntl");
	snprintf(text, 64, "read word </proc/self/fd/%d", fd);
	tell(NOTHING, 0);
	return text;
}

CASE(system, return is_child(system(command()) == 0 ? 1 : -1);)
CASE(pclose, FILE *stream = program_need(popen(command(), "r"), "popen");
     return is_child(pclose(stream) == 0 ? 1 : -1);)

/* ---- Locks on files ---------------------------------------------------- */

static int locked;        /* a file: a child has its locks */
static int locked_again;  /* the same, with flock() of our own */
static int lock_child[2]; /* the child lives as long as this is quiet */

/* Of the same file, with locks of its own. */
static int
reopened(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return need(open(path, O_RDWR | O_CLOEXEC), "open");
}

static struct flock *
whole(short type)
{
	static __thread struct flock lock;

	lock = (struct flock) { .l_type = type, .l_whence = SEEK_SET };
	return &lock;
}

static void
prepare_file_locks(void)
{
	char byte;

	locked = file();
	locked_again = reopened(locked);
	need(flock(locked_again, LOCK_EX), "flock");
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, lock_child), "socketpair");
	if (need(fork(), "fork") == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		need(fcntl(locked, F_SETLK, whole(F_WRLCK)), "lock");
		write(lock_child[1], "", 1);
		read(lock_child[1], &byte, 1);
		_exit(0);
	}
	need(read(lock_child[0], &byte, 1), "child");
}

static void
release_file_locks(void)
{
	need(flock(locked_again, LOCK_UN), "flock");
	say(lock_child[0]);
}

static bool
unlock(int fd, int command, int result)
{
	return result == 0 && fcntl(fd, command, whole(F_UNLCK)) == 0;
}

CASE(flock, int fd = on_fd(reopened(locked));
     return flock(fd, LOCK_EX) == 0 && flock(fd, LOCK_UN) == 0;)
CASE(fcntl, int fd = on_fd(locked);
     return unlock(fd, F_SETLK, fcntl(fd, F_SETLKW, whole(F_WRLCK)));)
CASE(fcntl64, int fd = on_fd(reopened(locked));
     return unlock(fd, F_OFD_SETLK, fcntl64(fd, F_OFD_SETLKW, whole(F_WRLCK)));)
CASE(lockf, int fd = on_fd(locked);
     return unlock(fd, F_SETLK, lockf(fd, F_LOCK, 0));)
CASE(lockf64, int fd = on_fd(locked);
     return unlock(fd, F_SETLK, lockf64(fd, F_LOCK, 0));)

/* ---- Sleeps and signals ------------------------------------------------ */

static void
on_signal(int number)
{
}

static void
kick(intptr_t thread)
{
	pthread_kill(thread, SIGUSR1);
}

/* This one is blocked but where it is waited for. */
static void
kick_softly(intptr_t thread)
{
	pthread_kill(thread, SIGUSR2);
}

static void
kicked(void (*how)(intptr_t))
{
	later(how, (intptr_t) pthread_self());
	tell(NOTHING, 0);
}

#define SLEEPS(name, ...)                                                      \
	CASE(name, const struct timespec *limit = some_time(); kicked(kick);   \
	     (void) limit; return __VA_ARGS__;)

SLEEPS(nanosleep, is_broken_off(nanosleep(limit, NULL)))
SLEEPS(
    clock_nanosleep, clock_nanosleep(CLOCK_MONOTONIC, 0, limit, NULL) == EINTR)
SLEEPS(sleep, sleep(1000) > 0)
SLEEPS(usleep, is_broken_off(usleep(1000 * 1000000u)))
SLEEPS(thrd_sleep, thrd_sleep(limit, NULL) == -1)

static const sigset_t *
softly(void)
{
	static __thread sigset_t set;

	kicked(kick_softly);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return &set;
}

static const sigset_t *
any(void)
{
	static __thread sigset_t set;

	kicked(kick_softly);
	sigemptyset(&set);
	return &set;
}

CASE(pause, kicked(kick); return is_broken_off(pause());)
CASE(sigsuspend, return is_broken_off(sigsuspend(any()));)
CASE(__xpg_sigpause, kicked(kick_softly);
     return is_broken_off(__xpg_sigpause(SIGUSR2));)
CASE(sigwait, int number;
     return sigwait(softly(), &number) == 0 && number == SIGUSR2;)
CASE(sigwaitinfo, return sigwaitinfo(softly(), NULL) == SIGUSR2;)
CASE(sigtimedwait, const struct timespec *limit = some_time();
     return sigtimedwait(softly(), NULL, limit) == SIGUSR2;)

static void
prepare_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- syscall() --------------------------------------------------------- */

static uint32_t word;

static void
wake(intptr_t unused)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE, 1);
}

CASE(syscall, later(wake, 0);
     return syscall(SYS_futex, on(&word), FUTEX_WAIT, 0, some_time()) == 0;)

#endif
