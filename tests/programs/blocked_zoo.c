/*
 * blocked_zoo.c: one thread blocked in each call that can block.
 *
 * No libstrand: this is what the probe sees of any program. Each thread bears
 * the name of its kind of wait. Some have had adventures on the way: one waits
 * in a signal handler that interrupted another wait, one was cancelled and
 * waits in its cleanup handler, one left a wait by siglongjmp. Two more were
 * cancelled and left by pthread_exit, and must not be seen at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/un.h>
#include <time.h>

#include "program.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;    /* the holder's */
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER; /* likewise */
static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static sem_t held;  /* posted when the holder has its locks */
static sem_t steps; /* posted when a thread has got where it can be disturbed */
static pthread_barrier_t barrier;
static pthread_t holder_thread;
static int silence[2]; /* a pipe that nothing is written to */
static __thread sigjmp_buf way_out;

/* ---- The waits, in the order of the table below ------------------------ */

static void *
wait_holder(void *arg)
{
	char byte;

	pthread_mutex_lock(&mutex);
	pthread_rwlock_wrlock(&rwlock);
	sem_post(&held);
	sem_post(&held);
	sem_post(&held);
	sem_post(&held);
	read(silence[0], &byte, 1);
	return arg;
}

static void *
wait_mutex(void *arg)
{
	sem_wait(&held);
	pthread_mutex_lock(&mutex);
	return arg;
}

static void *
wait_mutex_timed(void *arg)
{
	struct timespec end = { .tv_sec = time(NULL) + 1000 };

	sem_wait(&held);
	pthread_mutex_timedlock(&mutex, &end);
	return arg;
}

static void *
wait_rwlock_read(void *arg)
{
	sem_wait(&held);
	pthread_rwlock_rdlock(&rwlock);
	return arg;
}

static void *
wait_rwlock_write(void *arg)
{
	sem_wait(&held);
	pthread_rwlock_wrlock(&rwlock);
	return arg;
}

static void *
wait_cond(void *arg)
{
	pthread_mutex_lock(&cond_mutex);
	pthread_cond_wait(&cond, &cond_mutex);
	return arg;
}

static void *
wait_cond_timed(void *arg)
{
	struct timespec end = { .tv_sec = time(NULL) + 1000 };

	pthread_mutex_lock(&cond_mutex);
	pthread_cond_timedwait(&cond, &cond_mutex, &end);
	return arg;
}

static void *
wait_sem(void *arg)
{
	sem_wait(&sem);
	return arg;
}

static void *
wait_sem_timed(void *arg)
{
	struct timespec end = { .tv_sec = time(NULL) + 1000 };

	sem_timedwait(&sem, &end);
	return arg;
}

static void *
wait_barrier(void *arg)
{
	pthread_barrier_wait(&barrier);
	return arg;
}

static void *
wait_join(void *arg)
{
	pthread_join(holder_thread, NULL);
	return arg;
}

static void *
wait_read(void *arg)
{
	char byte;

	read(silence[0], &byte, 1);
	return arg;
}

static void *
wait_write(void *arg)
{
	static char much[1 << 20]; /* more than a pipe holds */
	int full[2];

	if (pipe(full) == 0) {
		write(full[1], much, sizeof much);
	}
	return arg;
}

static void *
wait_recv(void *arg)
{
	int pair[2];
	char byte;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	recv(pair[0], &byte, 1, 0);
	return arg;
}

static void *
wait_send(void *arg)
{
	static char much[4 << 20]; /* more than a socket's buffers hold */
	int pair[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send(pair[0], much, sizeof much, 0);
	return arg;
}

static void *
wait_accept(void *arg)
{
	int port;

	accept(program_socket(SOCK_STREAM, &port), NULL, NULL);
	return arg;
}

/* A local socket's connect blocks for as long as the queue is full. */
static void *
wait_connect(void *arg)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof address;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	bind(fd, (struct sockaddr *) &address, sizeof(sa_family_t));
	getsockname(fd, (struct sockaddr *) &address, &size);
	listen(fd, 0);
	for (;;) {
		connect(socket(AF_UNIX, SOCK_STREAM, 0),
		    (struct sockaddr *) &address, size);
	}
	return arg;
}

static void *
wait_poll(void *arg)
{
	struct pollfd polled = { .fd = silence[0], .events = POLLIN };

	poll(&polled, 1, -1);
	return arg;
}

static void *
wait_select(void *arg)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silence[0], &set);
	select(silence[0] + 1, &set, NULL, NULL, NULL);
	return arg;
}

static void *
wait_epoll(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(fd, EPOLL_CTL_ADD, silence[0], &event);
	epoll_wait(fd, &event, 1, -1);
	return arg;
}

static void *
wait_sleep(void *arg)
{
	nanosleep(&(struct timespec) { .tv_sec = 1000 }, NULL);
	return arg;
}

/* ---- Waits with a past ------------------------------------------------- */

static volatile int waited; /* something to do after a wait, so that the call
                               is no jump and has a frame */

static void
on_usr1(int number)
{
	/* Not async-signal-safe, but programs do such things. */
	waited = sem_wait(&sem);
}

static void
on_usr2(int number)
{
	siglongjmp(way_out, 1);
}

/* Is in sem_wait, in a handler, in read. */
static void *
wait_nested(void *arg)
{
	char byte;

	sem_post(&steps);
	read(silence[0], &byte, 1);
	return arg;
}

static void *
wait_jumped(void *arg)
{
	char byte;

	if (sigsetjmp(way_out, 1) == 0) {
		sem_post(&steps);
		read(silence[0], &byte, 1);
	}
	sem_wait(&sem);
	return arg;
}

static void
cleanup_wait(void *arg)
{
	waited = sem_wait(&sem);
}

static void *
wait_cleanup(void *arg)
{
	char byte;

	pthread_cleanup_push(cleanup_wait, NULL);
	sem_post(&steps);
	read(silence[0], &byte, 1);
	pthread_cleanup_pop(0);
	return arg;
}

static void *
wait_cancelled(void *arg)
{
	char byte;

	sem_post(&steps);
	read(silence[0], &byte, 1);
	return arg;
}

static __attribute__((noinline)) void
leave(void)
{
	pthread_exit(NULL);
}

static void *
wait_exited(void *arg)
{
	sem_post(&steps);
	leave();
	return arg;
}

/* ---- Main -------------------------------------------------------------- */

static pthread_t
start(const char *name, void *(*fn)(void *) )
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	program_check(pthread_create(&thread, &attr, fn, NULL), name);
	pthread_setname_np(thread, name);
	pthread_attr_destroy(&attr);
	return thread;
}

/* Starts a thread that posts `steps`; it must be in its read afterwards. */
static pthread_t
start_step(const char *name, void *(*fn)(void *) )
{
	pthread_t thread = start(name, fn);

	while (sem_wait(&steps) == -1 && errno == EINTR) {
	}
	usleep(20 * 1000);
	return thread;
}

static void
start_adventures(void)
{
	pthread_t thread;

	signal(SIGUSR1, on_usr1);
	signal(SIGUSR2, on_usr2);
	pthread_kill(start_step("nested", wait_nested), SIGUSR1);
	pthread_kill(start_step("jumped", wait_jumped), SIGUSR2);
	pthread_cancel(start_step("cleanup", wait_cleanup));
	thread = start_step("cancelled", wait_cancelled);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	pthread_join(start_step("exited", wait_exited), NULL);
}

int
main(void)
{
	static const struct {
		const char *name;
		void *(*fn)(void *);
	} kinds[] = {
		{ "mutex", wait_mutex },
		{ "mutex timed", wait_mutex_timed },
		{ "rwlock read", wait_rwlock_read },
		{ "rwlock write", wait_rwlock_write },
		{ "cond", wait_cond },
		{ "cond timed", wait_cond_timed },
		{ "sem", wait_sem },
		{ "sem timed", wait_sem_timed },
		{ "barrier", wait_barrier },
		{ "join", wait_join },
		{ "read", wait_read },
		{ "write", wait_write },
		{ "recv", wait_recv },
		{ "send", wait_send },
		{ "accept", wait_accept },
		{ "connect", wait_connect },
		{ "poll", wait_poll },
		{ "select", wait_select },
		{ "epoll", wait_epoll },
		{ "nanosleep", wait_sleep },
	};

	program_begin();
	sem_init(&sem, 0, 0);
	sem_init(&held, 0, 0);
	sem_init(&steps, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pipe(silence) == -1) {
		perror("pipe");
		return 1;
	}
	holder_thread = start("holder", wait_holder);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		start(kinds[i].name, kinds[i].fn);
	}
	start_adventures();
	printf("ready\n");
	program_wait();
	_exit(0);
}
