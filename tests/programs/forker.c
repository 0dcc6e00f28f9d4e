/*
 * forker.c: forks, or becomes another program, with threads about.
 *
 * --fork=N starts N children; a child has one thread, and a second that it
 * starts itself, and prints "child PID" when both wait. --exec replaces the
 * program by itself, with --execed in its place. "ready" comes at the end.
 */
#include <fcntl.h>
#include <pthread.h>

#include "program.h"

static void *
sleeper(void *arg)
{
	for (;;) {
		sleep(PROGRAM_LIFE); /* sleeps here */
	}
	return arg;
}

static void
start_sleeper(const char *name)
{
	pthread_t thread;

	program_check(pthread_create(&thread, NULL, sleeper, NULL), name);
	pthread_setname_np(thread, name);
}

/* A child lives until its end of the parent's pipe tells that it has gone. */
static void
child(int lives[2])
{
	char byte;

	close(lives[1]);
	alarm(PROGRAM_LIFE);
	start_sleeper("child sleeper");
	printf("child %d\n", (int) getpid());
	read(lives[0], &byte, 1); /* child waits here */
	_exit(0);
}

int
main(int argc, char **argv)
{
	int lives[2];

	program_begin();
	start_sleeper("parent sleeper");
	usleep(20 * 1000);
	if (program_flag(argv, "--exec")) {
		execl("/proc/self/exe", argv[0], "--execed", (char *) NULL);
		perror("exec");
		return 1;
	}
	if (pipe(lives) == -1) {
		perror("pipe");
		return 1;
	}
	fcntl(lives[1], F_SETFD, FD_CLOEXEC);
	for (long i = program_number(argv, "--fork=", 0); i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0) {
			child(lives);
		}
		if (pid == -1) {
			perror("fork");
			return 1;
		}
	}
	close(lives[0]);
	printf("ready %s\n", program_flag(argv, "--execed") ? "again" : "");
	program_wait();
	return 0;
}
