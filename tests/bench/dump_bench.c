/*
 * dump_bench.c: what a dump of ten thousand blocked threads costs, from end to
 * end, and what it costs the target.
 *
 *     dump_bench [THREADS]       B is the build's directory, "build" if not set
 *
 * The target is tests/programs/many_threads: all its threads wait under more
 * than ten frames, and one looks at the clock without a pause. Two figures:
 *
 * - the time from the start of "stranded dump" to its end, the text printed;
 * - the longest gap that the thread at the clock sees during such dumps,
 *   against the longest in equally long times without one. On a machine with
 *   few cores a dump takes processor time from that thread as any other process
 *   would: what a process that only spins does to it is printed as well.
 *
 * Each is the median of some rounds. The last column is the goal.
 */
#include "target.h"

#define ROUNDS 7

/* ---- Measuring --------------------------------------------------------- */

static double
now(void)
{
	return bench_now_ns() / 1e9;
}

/* Runs "stranded dump" to its end, and returns how long that took. */
static double
dump(pid_t target)
{
	double begun = now();
	char path[512], number[16];
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		snprintf(path, sizeof path, "%s/stranded", target_build());
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
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		for (double end = now() + seconds; now() < end;) {
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static double
median(double *values)
{
	return bench_median(values, ROUNDS);
}

static void
measure_dumps(struct bench_target *target)
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
	bench_figure(
	    "text dump, end to end", median(times), "s", "at most 0.500");
	bench_figure("longest gap during a dump / without",
	    median(with) / median(without), "", "at most 1.500");
	bench_figure("  the same beside a process that spins",
	    median(beside) / median(without), "", "-");
	bench_figure("  the longest gap without a dump", median(without) * 1e3,
	    "ms", "-");
	bench_figure(
	    "  the longest gap during a dump", median(with) * 1e3, "ms", "-");
}

int
main(int argc, char **argv)
{
	char option[32];
	const char *const words[] = { "many_threads", option, NULL };
	struct bench_target target;

	if (!bench_wanted("dump")) {
		return 0;
	}
	snprintf(option, sizeof option, "--threads=%s",
	    argc > 1 ? argv[1] : "10000");
	target = target_start(words, 1);
	printf("a dump of %s, each blocked under more than 10 frames\n",
	    option + 2);
	measure_dumps(&target);
	target_stop(&target);
	return 0;
}
