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

/*
 * A child tells that it is there by a byte in the pipe `born`, and lives until
 * its end of the pipe `lives` tells that the parent has gone.
 */
static void
child(int born[2], int lives[2])
{
	char byte = 0;

	close(lives[1]);
	alarm(PROGRAM_LIFE);
	start_sleeper("child sleeper");
	printf("child %d\n", (int) getpid());
	write(born[1], &byte, 1);
	read(lives[0], &byte, 1); /* child waits here */
	_exit(0);
}

int
main(int argc, char **argv)
{
	long count = program_number(argv, "--fork=", 0);
	int born[2], lives[2];
	char byte;

	program_begin();
	start_sleeper("parent sleeper");
	usleep(20 * 1000);
	if (program_flag(argv, "--exec")) {
		execl("/proc/self/exe", argv[0], "--execed", (char *) NULL);
		perror("exec");
		return 1;
	}
	if (pipe(born) == -1 || pipe(lives) == -1) {
		perror("pipe");
		return 1;
	}
	fcntl(lives[1], F_SETFD, FD_CLOEXEC);
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			child(born, lives);
		}
		if (pid == -1) {
			perror("fork");
			return 1;
		}
	}
	close(lives[0]);
	while (count-- > 0) {
		read(born[0], &byte, 1);
	}
	printf("ready %s\n", program_flag(argv, "--execed") ? "again" : "");
	program_wait();
	return 0;
}
