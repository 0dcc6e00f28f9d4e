/*
 * signal_counter.c: counts every mark that somebody else's signals, children
 * or descriptors could leave on a program.
 *
 * One thread each waits again and again in nanosleep, poll, epoll_wait, select,
 * sem_timedwait, sigtimedwait, pthread_cond_timedwait, read, and recv with a
 * time limit, and counts each time that a wait is interrupted (EINTR) or a
 * sleep is too short. Others come and go meanwhile. The main thread looks for
 * children that it has not got, and in the end for a SIGCHLD that has come: it
 * is blocked in all threads, because a program without handlers is the one that
 * must never see EINTR. It prints "worked" when there have been enough waits
 * and threads for what it counts to mean something. At the end of standard
 * input it prints what was counted, which must all be 0:
 *
 *     eintr 0 short 0 children 0 sigchld 0 errors 0 (rounds N, churned M)
 *
 * --close closes all descriptors above 2 first, as daemons do. --quit installs
 * a handler for SIGQUIT, which adds "quits N". --thief has a thread that takes
 * signals from the process that others were woken for.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>

#include "program.h"

#define STEP_MS 20

/* Enough of the waits, and of the threads that come and go. */
#define ROUNDS_ENOUGH  100
#define CHURNED_ENOUGH 20

static long eintr, too_short, children, errors, quits;
static long rounds, churned;
static int silence[2]; /* a pipe that nothing is written to */
static int ticking[2]; /* a pipe that a byte comes through at each step */

static void
count(long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static long
counted(const long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The time of day STEP_MS from now, for the calls that want that. */
static struct timespec
step_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += STEP_MS * 1000000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	return end;
}

/* ---- One wait of each kind; -1 and errno if it fails ------------------- */

static int
once_nanosleep(void)
{
	return nanosleep(&(struct timespec) { 0, STEP_MS * 1000000 }, NULL);
}

static int
once_poll(void)
{
	struct pollfd polled = { .fd = silence[0], .events = POLLIN };

	return poll(&polled, 1, STEP_MS);
}

static int
once_epoll(void)
{
	static int fd;
	struct epoll_event event;

	if (fd == 0) {
		fd = epoll_create1(EPOLL_CLOEXEC);
	}
	return epoll_wait(fd, &event, 1, STEP_MS);
}

static int
once_select(void)
{
	struct timeval time = { 0, STEP_MS * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silence[0], &set);
	return select(silence[0] + 1, &set, NULL, NULL, &time);
}

static int
once_sem(void)
{
	static sem_t never;
	struct timespec end = step_end();

	return sem_timedwait(&never, &end) == -1 && errno == ETIMEDOUT ? 0 : -1;
}

static int
once_cond(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	struct timespec end = step_end();
	int error;

	pthread_mutex_lock(&mutex);
	error = pthread_cond_timedwait(&never, &mutex, &end);
	pthread_mutex_unlock(&mutex);
	errno = error;
	return error == ETIMEDOUT || error == 0 ? 0 : -1;
}

static int
once_read(void)
{
	char byte;

	return read(ticking[0], &byte, 1) == 1 ? 0 : -1;
}

/* A signal that nobody sends. */
static int
once_sigtimedwait(void)
{
	const struct timespec time = { 0, STEP_MS * 1000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &time) == -1 && errno == EAGAIN ? 0 :
									  -1;
}

/* A socket with a time limit of its own. */
static int
once_recv(void)
{
	const struct timeval time = { 0, STEP_MS * 1000 };
	static int pair[2];
	char byte;

	if (pair[0] == 0) {
		program_check(
		    socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
		setsockopt(
		    pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	}
	return recv(pair[0], &byte, 1, 0) == -1 && errno == EAGAIN ? 0 : -1;
}

/* A kind of wait. */
struct kind {
	const char *name;
	int (*once)(void);
	bool sleeps; /* it takes STEP_MS unless it is cut short */
};

static void *
wait_again(void *arg)
{
	const struct kind *kind = arg;

	for (;;) {
		int64_t begun = now_ms();

		if (kind->once() == -1) {
			count(errno == EINTR ? &eintr : &errors);
		} else if (kind->sleeps && now_ms() - begun < STEP_MS - 1) {
			count(&too_short);
		}
		count(&rounds);
	}
	return NULL;
}

/* ---- The rest ---------------------------------------------------------- */

static void *
tick(void *arg)
{
	for (;;) {
		usleep(STEP_MS * 1000);
		if (write(ticking[1], "", 1) != 1) {
			count(&errors);
		}
	}
	return arg;
}

static void *
short_life(void *arg)
{
	usleep(1000);
	return arg;
}

static void *
churn(void *arg)
{
	pthread_t threads[4];

	for (;;) {
		for (int i = 0; i < 4; i++) {
			program_check(
			    pthread_create(&threads[i], NULL, short_life, NULL),
			    "churn");
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], NULL);
			count(&churned);
		}
	}
	return arg;
}

/* Whoever unblocks a signal that is pending is the one to have it. */
static void *
steal(void *arg)
{
	sigset_t quit;

	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	for (;;) {
		pthread_sigmask(SIG_BLOCK, &quit, NULL);
		pthread_sigmask(SIG_UNBLOCK, &quit, NULL);
	}
	return arg;
}

static void
on_sigquit(int number)
{
	count(&quits);
}

/* In the calling thread, and in those that it starts. */
static void
block(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int
has_sigchld(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGCHLD);
}

static void
start(const char *name, void *(*fn)(void *), const void *arg)
{
	pthread_t thread;

	program_check(pthread_create(&thread, NULL, fn, (void *) arg), name);
	pthread_setname_np(thread, name);
}

/* Says so, once, when there has been enough. */
static void
tell_progress(void)
{
	static bool told;

	if (!told && counted(&rounds) > ROUNDS_ENOUGH &&
	    counted(&churned) > CHURNED_ENOUGH) {
		told = true;
		printf("worked\n");
	}
}

/* Looks for children until standard input ends. */
static void
look_for_children(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	for (;;) {
		int ready = poll(&input, 1, STEP_MS);

		if (ready == 1) {
			return;
		}
		if (ready == -1) {
			count(&eintr);
		}
		if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) {
			count(&children);
		}
		tell_progress();
	}
}

int
main(int argc, char **argv)
{
	static const struct kind kinds[] = {
		/* First, because the kernel wakes it first: see --thief. */
		{ "epoll_wait", once_epoll, true },
		{ "nanosleep", once_nanosleep, true },
		{ "poll", once_poll, true },
		{ "select", once_select, true },
		{ "sem", once_sem, true },
		{ "sigwait", once_sigtimedwait, true },
		{ "recv", once_recv, false },
		{ "cond", once_cond, false },
		{ "read", once_read, false },
	};

	program_begin();
	block(SIGCHLD);
	if (program_flag(argv, "--quit")) {
		/* Without SA_RESTART it would count EINTR of its own making;
		   the waits that never restart are left to the other tests. */
		signal(SIGQUIT, on_sigquit);
	}
	if (program_flag(argv, "--close")) {
		closefrom(3);
	}
	if (pipe(silence) == -1 || pipe(ticking) == -1) {
		perror("pipe");
		return 1;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		start(kinds[i].name, wait_again, &kinds[i]);
	}
	start("tick", tick, NULL);
	start("churn", churn, NULL);
	if (program_flag(argv, "--thief")) {
		start("thief", steal, NULL);
		/* The kernel would wake this one, which polls. */
		block(SIGQUIT);
	}
	printf("ready\n");
	look_for_children();
	printf("eintr %ld short %ld children %ld sigchld %d errors %ld "
	       "(rounds %ld, churned %ld, quits %ld)\n",
	    counted(&eintr), counted(&too_short), counted(&children),
	    has_sigchld(), counted(&errors), counted(&rounds),
	    counted(&churned), counted(&quits));
	fflush(stdout);
	_exit(0);
}
