/*
 * dump_bench.c: what a dump of ten thousand blocked threads costs, from end to
 * end, and what it costs the target.
 *
 *     dump_bench [THREADS]       B is the build's directory, "build" if not set
 *
 * The target is tests/programs/many_threads: all its threads wait under more
 * than ten frames, and one looks at the clock without a pause. Three figures:
 *
 * - the time from the start of "stranded dump" to its end, the text printed;
 * - the longest gap that the thread at the clock sees during such dumps,
 *   against the longest in equally long times without one. On a machine with
 *   few cores a dump takes processor time from that thread as any other process
 *   would: what a process that only spins does to it is printed as well;
 * - the memory that the probe adds for each thread.
 *
 * Each is the median of some rounds. The last column is the goal.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 7

struct target {
	pid_t pid;
	FILE *in;  /* its standard input */
	FILE *out; /* its standard output */
};

static const char *build;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- The target -------------------------------------------------------- */

static void
target_exec(const char *threads, int probe)
{
	char path[512], preload[512], option[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof path, "%s/tests/programs/many_threads", build);
	snprintf(preload, sizeof preload, "%s%s/libstranded.so",
	    build[0] == '/' ? "" : "./", build);
	snprintf(option, sizeof option, "--threads=%s", threads);
	if (probe) {
		setenv("LD_PRELOAD", preload, 1);
	}
	execl(path, path, option, (char *) NULL);
	die(path);
}

/* Starts the target, and waits until all its threads are blocked. */
static struct target
target_start(const char *threads, int probe)
{
	struct target target;
	int in[2], out[2];
	char line[64];

	if (pipe(in) == -1 || pipe(out) == -1) {
		die("pipe");
	}
	target.pid = fork();
	if (target.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		target_exec(threads, probe);
	}
	close(in[0]);
	close(out[1]);
	target.in = fdopen(in[1], "w");
	target.out = fdopen(out[0], "r");
	if (!fgets(line, sizeof line, target.out)) {
		die("many_threads");
	}
	return target;
}

static void
target_stop(struct target *target)
{
	fclose(target->in);
	fclose(target->out);
	waitpid(target->pid, NULL, 0);
}

/* The longest gap since the last question, in seconds, and the memory. */
static double
target_ask(struct target *target, long *kib)
{
	long long gap;

	fputs("gap\n", target->in);
	fflush(target->in);
	if (fscanf(target->out, "%lld %ld", &gap, kib) != 2) {
		die("many_threads");
	}
	return gap / 1e9;
}

/* ---- Measuring --------------------------------------------------------- */

/* Runs "stranded dump" to its end, and returns how long that took. */
static double
dump(pid_t target)
{
	double begun = now();
	char path[512], number[16];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(path, sizeof path, "%s/stranded", build);
		snprintf(number, sizeof number, "%d", target);
		if (!freopen("/dev/null", "w", stdout)) {
			_exit(1);
		}
		execl(path, path, "dump", number, (char *) NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "stranded dump failed\n");
		exit(1);
	}
	return now() - begun;
}

static void
spin(double seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (double end = now() + seconds; now() < end;) {
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *) left, b = *(const double *) right;

	return (a > b) - (a < b);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

static void
figure(const char *what, double reached, const char *unit, const char *goal)
{
	printf("%-48s %10.3f %-4s %s\n", what, reached, unit, goal);
}

static void
measure_dumps(struct target *target)
{
	double times[ROUNDS], with[ROUNDS], without[ROUNDS], beside[ROUNDS];
	long kib;

	dump(target->pid); /* the files are in memory from now on */
	for (int i = 0; i < ROUNDS; i++) {
		target_ask(target, &kib);
		times[i] = dump(target->pid);
		with[i] = target_ask(target, &kib);
		usleep(times[i] * 1e6);
		without[i] = target_ask(target, &kib);
		spin(times[i]);
		beside[i] = target_ask(target, &kib);
	}
	figure("text dump, end to end", median(times), "s", "0.500");
	figure("longest gap during a dump / without",
	    median(with) / median(without), "", "1.500");
	figure("  the same beside a process that spins",
	    median(beside) / median(without), "", "-");
	figure("  the longest gap without a dump", median(without) * 1e3, "ms",
	    "-");
	figure(
	    "  the longest gap during a dump", median(with) * 1e3, "ms", "-");
}

int
main(int argc, char **argv)
{
	const char *threads = argc > 1 ? argv[1] : "10000";
	struct target target;
	long with, without;

	setvbuf(stdout, NULL, _IOLBF, 0); /* children shall not repeat it */
	build = getenv("B") ? getenv("B") : "build";
	target = target_start(threads, 0);
	target_ask(&target, &without);
	target_stop(&target);
	target = target_start(threads, 1);
	target_ask(&target, &with);
	printf("%s threads, each blocked under more than 10 frames\n", threads);
	measure_dumps(&target);
	target_stop(&target);
	figure("memory of the probe per task",
	    (with - without) / strtod(threads, NULL), "KiB", "4.000");
	return 0;
}
