/*
 * storms.c: what is hard on a probe, over and over.
 *
 *     storms NAME [ROUNDS]
 *
 * A storm prints "ready" before it begins, one line "NAME: ..." with what it
 * has counted when it is over, and "calm" when nothing of it is left but the
 * threads that it says it leaves. What it counts does not depend on time, so
 * that the lines must be the same with and without the probe. Then it waits for
 * the end of its standard input.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "programs/program.h"

#define WORKERS 8

struct storm {
	const char *name;
	long rounds; /* if none are given */
	void (*run)(long rounds);
};

static const char *own_name; /* the path that this program was started by */

static void
pause_ms(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static pthread_t
start(void *(*function)(void *), void *arg)
{
	pthread_t thread;

	program_check(
	    pthread_create(&thread, NULL, function, arg), "pthread_create");
	return thread;
}

static void *
finish(pthread_t thread)
{
	void *result;

	program_check(pthread_join(thread, &result), "pthread_join");
	return result;
}

/* ---- Threads that are cancelled where they block ----------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t none;
static int silent[2]; /* a pipe that nobody writes to */
static long cleaned;

static void
clean(void *lock)
{
	if (lock) {
		pthread_mutex_unlock(lock);
	}
	__atomic_add_fetch(&cleaned, 1, __ATOMIC_RELAXED);
}

static void
block_in(int way)
{
	struct pollfd polled = { silent[0], POLLIN, 0 };
	char byte;

	switch (way) {
	case 0:
		read(silent[0], &byte, 1);
		break;
	case 1:
		poll(&polled, 1, -1);
		break;
	case 2:
		sem_wait(&none);
		break;
	case 3:
		sleep(PROGRAM_LIFE);
		break;
	case 4:
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
		read(silent[0], &byte, 1);
		break;
	default:
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
		for (;;) {
		}
	}
}

static void *
cancelled(void *arg)
{
	long way = (long) arg;

	if (way == 6) {
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(clean, &mutex);
		pthread_cond_wait(&never, &mutex);
		pthread_cleanup_pop(0);
	} else {
		pthread_cleanup_push(clean, NULL);
		block_in((int) way);
		pthread_cleanup_pop(0);
	}
	return NULL;
}

static void
cancel_storm(long rounds)
{
	pthread_t threads[7];
	long ends = 0;

	sem_init(&none, 0, 0);
	for (long round = 0; round < rounds; round++) {
		for (long i = 0; i < 7; i++) {
			threads[i] = start(cancelled, (void *) i);
		}
		pause_ms(round % 3);
		for (int i = 0; i < 7; i++) {
			pthread_cancel(threads[i]);
		}
		for (int i = 0; i < 7; i++) {
			ends += finish(threads[i]) == PTHREAD_CANCELED;
		}
	}
	printf("cancel: %ld ends\n", ends);
}

/* ---- Threads that end in the middle of something ----------------------- */

static void
end_thread(int signal)
{
	pthread_exit((void *) 7);
}

static __attribute__((noinline)) long
exit_at_depth(volatile long depth)
{
	if (depth == 0) {
		pthread_exit((void *) 7);
	}
	return depth > 0 ? exit_at_depth(depth - 1) + depth : 0;
}

static void *
exits_deep(void *arg)
{
	return (void *) exit_at_depth((long) arg);
}

static void *
exits_in_handler(void *arg)
{
	block_in(0);
	return NULL;
}

static void
exit_storm(long rounds)
{
	struct sigaction action = { .sa_handler = end_thread };
	long ends = 0;

	sigaction(SIGUSR1, &action, NULL);
	for (long round = 0; round < rounds; round++) {
		pthread_t deep = start(exits_deep, (void *) 20L);
		pthread_t broken = start(exits_in_handler, NULL);
		void *result;

		ends += finish(deep) == (void *) 7;
		/* The handler that ends the thread keeps further ones off. */
		do {
			pthread_kill(broken, SIGUSR1);
			pause_ms(1);
		} while (pthread_tryjoin_np(broken, &result) == EBUSY);
		ends += result == (void *) 7;
	}
	printf("exit: %ld ends\n", ends);
}

/* ---- Threads that come and go ------------------------------------------ */

static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

static void *
counts(void *arg)
{
	void *memory = malloc(100);

	pthread_mutex_lock(&count_lock);
	count++;
	pthread_mutex_unlock(&count_lock);
	free(memory);
	return NULL;
}

static void *
creates(void *arg)
{
	for (long i = 0; i < (long) arg; i++) {
		pthread_t threads[4];

		for (int n = 0; n < 4; n++) {
			threads[n] = start(counts, NULL);
		}
		for (int n = 0; n < 4; n++) {
			finish(threads[n]);
		}
	}
	return NULL;
}

static void
churn_storm(long rounds)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		threads[i] = start(creates, (void *) rounds);
	}
	for (int i = 0; i < 4; i++) {
		finish(threads[i]);
	}
	printf("churn: %ld threads\n", count);
}

/* ---- Threads whose thread-specific data come back ---------------------- */

static pthread_key_t early_key, late_key;

static void
blocks_late(void *rounds)
{
	pause_ms(1);
	pthread_mutex_lock(&count_lock);
	count++;
	pthread_mutex_unlock(&count_lock);
	if (rounds > (void *) 1) {
		pthread_setspecific(late_key, (char *) rounds - 1);
	}
}

static void *
leaves_data(void *arg)
{
	pthread_setspecific(early_key, (void *) 1);
	pthread_setspecific(late_key, (void *) PTHREAD_DESTRUCTOR_ITERATIONS);
	return NULL;
}

static void
data_storm(long rounds)
{
	pthread_key_create(&early_key, blocks_late);
	pthread_key_create(&late_key, blocks_late);
	for (long round = 0; round < rounds; round++) {
		pthread_t threads[WORKERS];

		for (int i = 0; i < WORKERS; i++) {
			threads[i] = start(leaves_data, NULL);
		}
		for (int i = 0; i < WORKERS; i++) {
			finish(threads[i]);
		}
	}
	printf("data: %ld destructors\n", count);
}

/* ---- Children ---------------------------------------------------------- */

static void *
works(void *stop)
{
	while (!__atomic_load_n((int *) stop, __ATOMIC_RELAXED)) {
		pthread_mutex_lock(&count_lock);
		pthread_mutex_unlock(&count_lock);
		pause_ms(1);
	}
	return NULL;
}

static int
child(long number)
{
	switch (number % 4) {
	case 0:
		pause_ms(1);
		_exit(3);
	case 1:
		finish(start(counts, NULL));
		exit(3);
	case 2:
		pause_ms(60); /* its agent is there by now */
		exit(3);
	default:
		execl(own_name, own_name, "nothing", (char *) NULL);
		_exit(127);
	}
}

static void
fork_storm(long rounds)
{
	int stop = 0;
	long good = 0;
	pthread_t threads[2] = { start(works, &stop), start(works, &stop) };

	/* Another thread may hold this one during fork(). */
	for (long round = 0; round < rounds; round++) {
		pid_t pids[4];
		int status;

		pthread_mutex_lock(&count_lock);
		for (long i = 0; i < 4; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				pthread_mutex_unlock(&count_lock);
				child(i);
			}
		}
		pthread_mutex_unlock(&count_lock);
		for (int i = 0; i < 4; i++) {
			good += waitpid(pids[i], &status, 0) == pids[i] &&
			    WIFEXITED(status) && WEXITSTATUS(status) == 3;
		}
	}
	stop = 1;
	finish(threads[0]);
	finish(threads[1]);
	printf("fork: %ld good ends\n", good);
}

/* ---- Jumps ------------------------------------------------------------- */

static __thread sigjmp_buf back;
static __thread bool waiting;

static void
jump(int signal)
{
	char byte;

	if (!waiting) {
		return;
	}
	/* A wait inside the wait, over before the jump. */
	recv(silent[0], &byte, 1, MSG_DONTWAIT);
	siglongjmp(back, 1);
}

static void *
jumps(void *arg)
{
	static __thread char other_stack[64 << 10];
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof other_stack };
	volatile long jumped = 0;
	char byte;

	sigaltstack(&stack, NULL);
	while (jumped < (long) arg) {
		if (sigsetjmp(back, 1) == 0) {
			waiting = true;
			read(silent[0], &byte, 1);
		} else {
			waiting = false;
			jumped++;
		}
	}
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	return (void *) jumped;
}

static void
jump_storm(long rounds)
{
	struct sigaction action = { .sa_handler = jump };
	long jumped = 0;

	for (int way = 0; way < 2; way++) {
		pthread_t thread;
		void *result;

		action.sa_flags = way == 0 ? 0 : SA_ONSTACK;
		sigaction(SIGUSR1, &action, NULL);
		thread = start(jumps, (void *) rounds);
		while (pthread_tryjoin_np(thread, &result) == EBUSY) {
			pthread_kill(thread, SIGUSR1);
			usleep(100);
		}
		jumped += (long) result;
	}
	printf("jump: %ld jumps\n", jumped);
}

/* ---- Code that comes and goes ------------------------------------------ */

static void *
loads(void *arg)
{
	char path[512];
	long good = 0;

	snprintf(path, sizeof path, "%.*s/storms_module.so",
	    (int) (strrchr(own_name, '/') - own_name), own_name);
	for (long i = 0; i < (long) arg; i++) {
		void *module = program_need(dlopen(path, RTLD_NOW), path);
		int (*block)(int) =
		    (int (*)(int)) program_need(dlsym(module, "block"), path);

		good += block(1) == 1;
		dlclose(module);
	}
	return (void *) good;
}

static void
load_storm(long rounds)
{
	pthread_t threads[2] = { start(loads, (void *) rounds),
		start(loads, (void *) rounds) };
	long good = (long) finish(threads[0]);

	good += (long) finish(threads[1]);
	printf("load: %ld calls\n", good);
}

/* ---- Descriptors ------------------------------------------------------- */

static int
connect_to(int port)
{
	struct sockaddr_in address = program_address(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *) &address, sizeof address) == -1) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void
close_storm(long rounds)
{
	long taken = 0;

	for (long round = 0; round < rounds; round++) {
		int port;
		int listener = program_socket(SOCK_STREAM, &port);

		for (int i = 0; i < 4; i++) {
			int client = connect_to(port);
			int fd = accept(listener, NULL, NULL);

			write(client, "x", 1);
			taken += read(fd, &(char) { 0 }, 1);
		}
		switch (round % 3) {
		case 0:
			closefrom(3);
			break;
		case 1:
			close_range(3, ~0u, 0);
			break;
		default:
			for (int fd = 3; fd < 64; fd++) {
				close(fd);
			}
		}
	}
	printf("close: %ld bytes\n", taken);
}

struct reuse {
	int listener;
	int port;
	long rounds;
};

/* Another descriptor for the connection; the one that was there is closed. */
static int
move(int fd, int client, long round)
{
	int twin = fd;

	switch (round % 4) {
	case 0:
		twin = dup(fd);
		close(fd);
		break;
	case 1:
		twin = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
		break;
	case 2:
		twin = dup(fd);
		dup2(client, fd);
		close(fd);
		break;
	}
	return twin;
}

/*
 * All threads take the lowest numbers from each other. What one accepts may be
 * another's connection. Some are closed without a word to anybody.
 */
static void *
reuses(void *arg)
{
	const struct reuse *reuse = arg;
	long taken = 0;

	for (long round = 0; round < reuse->rounds; round++) {
		int client = connect_to(reuse->port), fd;

		write(client, "x", 1);
		fd = move(accept(reuse->listener, NULL, NULL), client, round);
		taken += read(fd, &(char) { 0 }, 1);
		close(client);
		if (round % 5 == 0) {
			syscall(SYS_close, fd);
		} else {
			close(fd);
		}
	}
	return (void *) taken;
}

static void
reuse_storm(long rounds)
{
	struct reuse reuse = { .rounds = rounds };
	pthread_t threads[WORKERS];
	long taken = 0;

	reuse.listener = program_socket(SOCK_STREAM, &reuse.port);
	for (int i = 0; i < WORKERS; i++) {
		threads[i] = start(reuses, &reuse);
	}
	for (int i = 0; i < WORKERS; i++) {
		taken += (long) finish(threads[i]);
	}
	close(reuse.listener);
	printf("reuse: %ld bytes\n", taken);
}

/* ---- Signals ----------------------------------------------------------- */

static int stop_waiting;
static long handled;

static void
handle(int signal)
{
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

/* No call may be broken off: the program handles no signal. */
static void *
waits(void *arg)
{
	long broken = 0;

	while (!__atomic_load_n(&stop_waiting, __ATOMIC_RELAXED)) {
		struct timespec time = { 0, 20 * 1000000 };
		struct timespec deadline;
		struct pollfd polled = { silent[0], POLLIN, 0 };

		broken += poll(&polled, 1, 20) != 0;
		broken += nanosleep(&time, NULL) != 0;
		broken += usleep(20 * 1000) != 0;
		broken += clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL) != 0;
		clock_gettime(CLOCK_REALTIME, &deadline);
		deadline.tv_sec += 1;
		broken += sem_timedwait(&none, &deadline) != 0;
	}
	return (void *) broken;
}

static void
signal_storm(long rounds)
{
	pthread_t threads[4];
	long broken = 0;

	sem_init(&none, 0, 1 << 30);
	for (int i = 0; i < 4; i++) {
		threads[i] = start(waits, NULL);
	}
	for (long round = 0; round < rounds; round++) {
		pthread_kill(threads[round % 4], SIGQUIT);
		usleep(200);
	}
	__atomic_store_n(&stop_waiting, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++) {
		broken += (long) finish(threads[i]);
	}
	printf("signal: %ld calls broken off\n", broken);
}

/* ---- A child that borrows the memory ----------------------------------- */

static __attribute__((noinline)) pid_t
borrow(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		signal(SIGQUIT, SIG_DFL);
		close(0);
		closefrom(3);
		execl(own_name, own_name, "nothing", (char *) NULL);
		_exit(127);
	}
	return pid;
}

static void
vfork_storm(long rounds)
{
	struct sigaction action = { .sa_handler = handle };
	long good = 0;

	sigaction(SIGQUIT, &action, NULL);
	for (long round = 0; round < rounds; round++) {
		int status;
		pid_t pid = borrow();

		waitpid(pid, &status, 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 3;
		raise(SIGQUIT);
	}
	signal(SIGQUIT, SIG_DFL);
	printf("vfork: %ld good ends, %ld signals\n", good, handled);
}

/* ---- The first thread ends before the others --------------------------- */

static void *
outlives(void *arg)
{
	printf("ready\n");
	printf("first: gone\n");
	printf("calm\n");
	program_wait();
	exit(0);
}

static void *
blocks(void *arg)
{
	block_in((int) (long) arg);
	return NULL;
}

static void
first_storm(long rounds)
{
	sem_init(&none, 0, 0);
	for (long i = 0; i < 4; i++) {
		start(blocks, (void *) i);
	}
	pause_ms(100);
	start(outlives, NULL);
	pthread_exit(NULL);
}

/* ---- All of them ------------------------------------------------------- */

static const struct storm storms[] = {
	{ "cancel", 200, cancel_storm },
	{ "exit", 400, exit_storm },
	{ "churn", 600, churn_storm },
	{ "data", 100, data_storm },
	{ "fork", 20, fork_storm },
	{ "jump", 3000, jump_storm },
	{ "load", 300, load_storm },
	{ "close", 400, close_storm },
	{ "reuse", 200, reuse_storm },
	{ "signal", 4000, signal_storm },
	{ "vfork", 20, vfork_storm },
	{ "first", 1, first_storm },
};

int
main(int argc, char **argv)
{
	own_name = argv[0];
	if (argc == 2 && strcmp(argv[1], "nothing") == 0) {
		return 3;
	}
	program_begin();
	if (pipe(silent) == -1) {
		perror("pipe");
		return 1;
	}
	for (size_t i = 0; argc > 1 && i < sizeof storms / sizeof *storms;
	     i++) {
		const struct storm *storm = &storms[i];

		if (strcmp(argv[1], storm->name) == 0) {
			if (strcmp(storm->name, "first") != 0) {
				printf("ready\n");
			}
			storm->run(argc > 2 ? atol(argv[2]) : storm->rounds);
			printf("calm\n");
			program_wait();
			return 0;
		}
	}
	fprintf(stderr, "storms: which?\n");
	return 2;
}
