/*
 * host_waits.c: calls that wait, and what is said of them: what they return,
 * errno, and that they last as long as they must, neither more nor less. See
 * host.h.
 */
#include "host.h"

#include <aio.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>

/* A wait lasts WAIT_MS. One that a dump makes begin anew is late by DUMP_2_MS,
   one that a dump cuts short comes early. */
#define DUMP_1_MS 300
#define DUMP_2_MS 1100
#define WAIT_MS   1500
#define EARLY_MS  100
#define LATE_MS   800

static int quiet[2];             /* a pipe that nothing is written to in time */
static sem_t never;              /* nobody posts it in time */
static int semaphores, messages; /* System V's; nobody posts or sends in time */
static int listener, port;       /* nobody connects in time */

/* ---- Waits ------------------------------------------------------------- */

/*
 * Each is done once, and returns what the call does. `step` is what it waits
 * for if it is one that has a limit.
 */

static const struct timespec step = { WAIT_MS / 1000,
	WAIT_MS % 1000 * 1000000 };

static struct timespec
step_from_now(clockid_t clock)
{
	struct timespec end;

	clock_gettime(clock, &end);
	end.tv_sec += step.tv_sec + (end.tv_nsec + step.tv_nsec) / 1000000000;
	end.tv_nsec = (end.tv_nsec + step.tv_nsec) % 1000000000;
	return end;
}

/* What pthreads return, as the others do it. */
static long
as_errno(int error)
{
	errno = error ? error : errno;
	return error ? -1 : 0;
}

static long
wait_sleep(void)
{
	/* Not a step's time: seconds are what it takes. */
	return sleep(2);
}

static long
wait_long_sleep(void)
{
	return sleep(10);
}

static long
wait_usleep(void)
{
	return usleep(WAIT_MS * 1000);
}

static long
wait_nanosleep(void)
{
	return nanosleep(&step, NULL);
}

/* The seconds that are left. */
static long
wait_long_nanosleep(void)
{
	struct timespec rest = { 10, 0 };

	return nanosleep(&rest, &rest) == -1 && errno == EINTR ? rest.tv_sec :
								 -1;
}

static long
wait_clock_nanosleep(void)
{
	return as_errno(clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL));
}

static long
wait_clock_nanosleep_until(void)
{
	struct timespec end = step_from_now(CLOCK_REALTIME);

	return as_errno(
	    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, NULL));
}

static long
wait_thrd_sleep(void)
{
	return thrd_sleep(&step, NULL);
}

static long
wait_pause(void)
{
	return pause();
}

static long
wait_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static sigset_t
only_usr2(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return set;
}

static long
wait_sigwait(void)
{
	sigset_t set = only_usr2();
	int number;

	return as_errno(sigwait(&set, &number));
}

static long
wait_sigwaitinfo(void)
{
	sigset_t set = only_usr2();

	return sigwaitinfo(&set, NULL) == SIGUSR2 ? 0 : -1;
}

static long
wait_sigtimedwait(void)
{
	sigset_t set = only_usr2();

	return sigtimedwait(&set, NULL, &step);
}

static long
wait_sem_wait(void)
{
	return sem_wait(&never);
}

static long
wait_sem_timedwait(void)
{
	struct timespec end = step_from_now(CLOCK_REALTIME);

	return sem_timedwait(&never, &end);
}

static long
wait_sem_clockwait(void)
{
	struct timespec end = step_from_now(CLOCK_MONOTONIC);

	return sem_clockwait(&never, CLOCK_MONOTONIC, &end);
}

static long
wait_cond_timedwait(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	struct timespec end = step_from_now(CLOCK_REALTIME);

	pthread_mutex_lock(&mutex);
	return as_errno(pthread_cond_timedwait(&cond, &mutex, &end));
}

static struct pollfd
quiet_end(void)
{
	return (struct pollfd) { .fd = quiet[0], .events = POLLIN };
}

static long
wait_poll(void)
{
	struct pollfd polled = quiet_end();

	return poll(&polled, 1, WAIT_MS);
}

static long
wait_long_poll(void)
{
	struct pollfd polled = quiet_end();

	return poll(&polled, 1, -1);
}

static long
wait_ppoll(void)
{
	struct pollfd polled = quiet_end();
	sigset_t none;

	sigemptyset(&none);
	return ppoll(&polled, 1, &step, &none);
}

static fd_set
quiet_set(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(quiet[0], &set);
	return set;
}

static long
wait_select(void)
{
	struct timeval limit = { step.tv_sec, step.tv_nsec / 1000 };
	fd_set set = quiet_set();

	return select(quiet[0] + 1, &set, NULL, NULL, &limit);
}

static long
wait_pselect(void)
{
	fd_set set = quiet_set();

	return pselect(quiet[0] + 1, &set, NULL, NULL, &step, NULL);
}

static long
wait_epoll_wait(void)
{
	struct epoll_event event;

	return epoll_wait(epoll_create1(0), &event, 1, WAIT_MS);
}

static long
wait_epoll_pwait(void)
{
	struct epoll_event event;

	return epoll_pwait(epoll_create1(0), &event, 1, WAIT_MS, NULL);
}

static struct sembuf one_less = { .sem_op = -1 };

static long
wait_semop(void)
{
	return semop(semaphores, &one_less, 1);
}

static long
wait_semtimedop(void)
{
	return semtimedop(semaphores, &one_less, 1, &step);
}

/* A message of no bytes. */
static struct empty {
	long type;
} message = { 1 };

static long
wait_msgrcv(void)
{
	struct empty taken;

	return msgrcv(messages, &taken, 0, 0, 0);
}

static long
wait_read(void)
{
	char byte;

	return read(quiet[0], &byte, 1);
}

static long
wait_accept(void)
{
	return accept(listener, NULL, NULL) == -1 ? -1 : 0;
}

static long
wait_recv_limited(void)
{
	struct timeval limit = { step.tv_sec, step.tv_nsec / 1000 };
	int ends[2];
	char byte;

	host_need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return recv(ends[0], &byte, 1, 0);
}

static uint32_t word; /* nobody changes it */

static long
wait_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &step);
}

static long
wait_futex_until(void)
{
	struct timespec end = step_from_now(CLOCK_MONOTONIC);

	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &end, NULL,
	    FUTEX_BITSET_MATCH_ANY);
}

static long
wait_long_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL);
}

static long
wait_aio_suspend(void)
{
	static char byte;
	static struct aiocb request = { .aio_buf = &byte, .aio_nbytes = 1 };
	const struct aiocb *const list[] = { &request };

	request.aio_fildes = quiet[0];
	host_need(aio_read(&request), "aio_read");
	return aio_suspend(list, 1, &step);
}

static long
wait_mq_timedreceive(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	struct timespec end = step_from_now(CLOCK_REALTIME);
	char name[32], taken[8];
	mqd_t queue;

	snprintf(name, sizeof name, "/host_waits-%d", getpid());
	queue =
	    host_need(mq_open(name, O_CREAT | O_RDWR, 0600, &attr), "mq_open");
	mq_unlink(name);
	return mq_timedreceive(queue, taken, sizeof taken, NULL, &end);
}

static long
wait_mtx_timedlock(void)
{
	struct timespec end = step_from_now(CLOCK_REALTIME);
	mtx_t mutex;

	mtx_init(&mutex, mtx_timed);
	mtx_lock(&mutex);
	return mtx_timedlock(&mutex, &end) == thrd_timedout ? 0 : -1;
}

static long
wait_cnd_timedwait(void)
{
	struct timespec end = step_from_now(CLOCK_REALTIME);
	mtx_t mutex;
	cnd_t cond;

	mtx_init(&mutex, mtx_plain);
	cnd_init(&cond);
	mtx_lock(&mutex);
	return cnd_timedwait(&cond, &mutex, &end) == thrd_timedout ? 0 : -1;
}

static long
wait_fgets(void)
{
	static char line[8];

	return fgets(line, sizeof line, fdopen(quiet[0], "r")) ? 0 : -1;
}

/* A child that lasts as long as the wait. */
static long
wait_waitpid(void)
{
	pid_t pid = host_need(fork(), "fork");

	if (pid == 0) {
		host_rest(WAIT_MS);
		_exit(0);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static long
wait_system(void)
{
	return system("sleep 1.5");
}

/* What ends those that have no limit of their own. */

static void
end_by_signal(void)
{
	pthread_kill(host_thread, SIGUSR1);
}

static void
end_by_blocked_signal(void)
{
	pthread_kill(host_thread, SIGUSR2);
}

static void
end_by_sem_post(void)
{
	sem_post(&never);
}

static void
end_by_semop(void)
{
	struct sembuf one_more = { .sem_op = 1 };

	host_need(semop(semaphores, &one_more, 1), "semop");
}

static void
end_by_message(void)
{
	host_need(msgsnd(messages, &message, 0, 0), "msgsnd");
}

static void
end_by_write(void)
{
	host_need(write(quiet[1], "\n", 1), "write");
}

static void
end_by_connect(void)
{
	struct sockaddr_in address = program_address(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	host_need(connect(fd, (struct sockaddr *) &address, sizeof address),
	    "connect");
}

/* A wait: `end` comes WAIT_MS after it has begun. */
struct wait {
	const char *name;
	long (*once)(void);
	void (*end)(void); /* or NULL: it has a limit */
	int ms;            /* that it takes, or 0: WAIT_MS */
};

static const struct wait waits[] = {
	{ "sleep", .once = wait_sleep, .ms = 2000 },
	{ "usleep", .once = wait_usleep },
	{ "nanosleep", .once = wait_nanosleep },
	{ "clock_nanosleep", .once = wait_clock_nanosleep },
	{ "clock_nanosleep-until", .once = wait_clock_nanosleep_until },
	{ "thrd_sleep", .once = wait_thrd_sleep },
	{ "pause", .once = wait_pause, .end = end_by_signal },
	{ "sigsuspend", .once = wait_sigsuspend, .end = end_by_signal },
	{ "sigwait", .once = wait_sigwait, .end = end_by_blocked_signal },
	{ "sigwaitinfo", .once = wait_sigwaitinfo,
	    .end = end_by_blocked_signal },
	{ "sigtimedwait", .once = wait_sigtimedwait },
	{ "sem_wait", .once = wait_sem_wait, .end = end_by_sem_post },
	{ "sem_timedwait", .once = wait_sem_timedwait },
	{ "sem_clockwait", .once = wait_sem_clockwait },
	{ "cond_timedwait", .once = wait_cond_timedwait },
	{ "poll", .once = wait_poll },
	{ "ppoll", .once = wait_ppoll },
	{ "select", .once = wait_select },
	{ "pselect", .once = wait_pselect },
	{ "epoll_wait", .once = wait_epoll_wait },
	{ "epoll_pwait", .once = wait_epoll_pwait },
	{ "semop", .once = wait_semop, .end = end_by_semop },
	{ "semtimedop", .once = wait_semtimedop },
	{ "msgrcv", .once = wait_msgrcv, .end = end_by_message },
	{ "read", .once = wait_read, .end = end_by_write },
	{ "accept", .once = wait_accept, .end = end_by_connect },
	{ "recv-limited", .once = wait_recv_limited },
	{ "futex", .once = wait_futex },
	{ "futex-until", .once = wait_futex_until },
	{ "aio_suspend", .once = wait_aio_suspend },
	{ "mq_timedreceive", .once = wait_mq_timedreceive },
	{ "mtx_timedlock", .once = wait_mtx_timedlock },
	{ "cnd_timedwait", .once = wait_cnd_timedwait },
	{ "fgets", .once = wait_fgets, .end = end_by_write },
	{ "waitpid", .once = wait_waitpid },
	{ "system", .once = wait_system },

	/* The program's own signal breaks off what the dump's did not. */
	{ "broken-read", .once = wait_read, .end = end_by_signal },
	{ "broken-poll", .once = wait_long_poll, .end = end_by_signal },
	{ "broken-sleep", .once = wait_long_sleep, .end = end_by_signal },
	{ "broken-nanosleep", .once = wait_long_nanosleep,
	    .end = end_by_signal },
	{ "broken-sem_wait", .once = wait_sem_wait, .end = end_by_signal },
	{ "broken-semop", .once = wait_semop, .end = end_by_signal },
	{ "broken-futex", .once = wait_long_futex, .end = end_by_signal },
	{ "broken-fgets", .once = wait_fgets, .end = end_by_signal },
	{ "broken-accept", .once = wait_accept, .end = end_by_signal },
};

static void *
disturb(void *arg)
{
	const struct wait *wait = arg;

	host_rest(DUMP_1_MS);
	host_ask(host_thread);
	host_rest(DUMP_2_MS - DUMP_1_MS);
	host_ask(host_thread);
	host_rest(WAIT_MS - DUMP_2_MS);
	if (wait->end) {
		wait->end();
	}
	return NULL;
}

static void
prepare_waits(void)
{
	host_need(pipe(quiet), "pipe");
	sem_init(&never, 0, 0);
	semaphores = host_need(semget(IPC_PRIVATE, 1, 0600), "semget");
	messages = host_need(msgget(IPC_PRIVATE, 0600), "msgget");
	listener = program_socket(SOCK_STREAM, &port);
	host_handle(SIGUSR1, host_on_signal, 0); /* without SA_RESTART */
}

static int
run_wait(const struct wait *wait)
{
	int64_t begun, took, due = wait->ms ? wait->ms : WAIT_MS;
	long result;
	int error;

	prepare_waits();
	host_start(disturb, (void *) wait);
	begun = host_now();
	errno = 0;
	result = wait->once();
	error = errno;
	took = host_now() - begun;
	semctl(semaphores, 0, IPC_RMID);
	msgctl(messages, IPC_RMID, NULL);
	host_say("%ld, errno %s, ", result, strerrorname_np(error));
	if (took < due - EARLY_MS) {
		host_say("early: after %d ms\n", (int) took);
	} else if (took > due + LATE_MS) {
		host_say("late: after %d ms\n", (int) took);
	} else {
		host_say("on time\n");
	}
	return 0;
}

int
main(int argc, char **argv)
{
	char **args = host_begin(argv);

	for (size_t i = 0; *args && i < sizeof waits / sizeof waits[0]; i++) {
		if (strcmp(waits[i].name, *args) == 0) {
			return run_wait(&waits[i]);
		}
	}
	return host_usage();
}
