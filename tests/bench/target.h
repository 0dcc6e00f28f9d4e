/*
 * target.h: a program of tests/programs, for a benchmark to look at: one that
 * says "ready" when it is, and answers a line with two numbers, the longest gap
 * that it has seen in nanoseconds and its memory in KiB.
 */
#ifndef TESTS_TARGET_H
#define TESTS_TARGET_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

struct bench_target {
	pid_t pid;
	FILE *in;  /* its standard input */
	FILE *out; /* its standard output */
};

static inline const char *
target_build(void)
{
	const char *build = getenv("B");

	return build != NULL ? build : "build";
}

static inline void
target_exec(const char *const argv[], int probe)
{
	char path[512], preload[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/tests/programs/%s", target_build(),
	    argv[0]);
	snprintf(preload, sizeof(preload), "%s%s/libstranded.so",
	    target_build()[0] == '/' ? "" : "./", target_build());
	if (probe) {
		setenv("LD_PRELOAD", preload, 1);
	}
	execv(path, (char *const *) argv);
	bench_check(0, path);
}

/* Starts the program, and waits until it is ready. */
static inline struct bench_target
target_start(const char *const argv[], int probe)
{
	struct bench_target target;
	int in[2], out[2];
	char line[64];

	bench_check(pipe(in) == 0 && pipe(out) == 0, "pipe");
	fflush(NULL);
	target.pid = fork();
	if (target.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		target_exec(argv, probe);
	}
	close(in[0]);
	close(out[1]);
	target.in = fdopen(in[1], "w");
	target.out = fdopen(out[0], "r");
	bench_check(fgets(line, sizeof(line), target.out) != NULL, argv[0]);
	return target;
}

static inline void
target_stop(struct bench_target *target)
{
	fclose(target->in);
	fclose(target->out);
	waitpid(target->pid, NULL, 0);
}

/* The longest gap since the last question, in seconds; the memory in KiB. */
static inline double
target_ask(struct bench_target *target, long *kib)
{
	long long gap;

	fputs("tell\n", target->in);
	fflush(target->in);
	bench_check(
	    fscanf(target->out, "%lld %ld", &gap, kib) == 2, "no answer");
	return gap / 1e9;
}

#endif
