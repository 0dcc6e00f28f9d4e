/*
 * cost_bench.c: what the probe takes for itself: memory, at all, for each
 * thread and for each session, and its own thread's processor time while ten
 * thousand threads are blocked and nobody watches.
 *
 * Memory is what the kernel counts as the process's (VmRSS), with the probe
 * less without it, median of some rounds: for a program of one thread and no
 * session, then for many of either.
 */
#include <dirent.h>
#include <stdint.h>

#include "target.h"

#define ROUNDS    5
#define THREADS   10000
#define SESSIONS  4000
#define SETTLE_US 600000 /* the agent has looked at all */
#define WATCH_US  20000000

/* ---- Memory ------------------------------------------------------------ */

static double
memory_of(const char *const argv[], int probe)
{
	struct bench_target target = target_start(argv, probe);
	long kib;

	usleep(SETTLE_US);
	target_ask(&target, &kib);
	target_stop(&target);
	return (double) kib;
}

/* What the probe adds to the program, in KiB. */
static double
added_memory(const char *program, const char *format, long count)
{
	char option[32];
	const char *const argv[] = { program, option, "--no-clock", NULL };
	double added[ROUNDS];

	snprintf(option, sizeof(option), format, count);
	for (int i = 0; i < ROUNDS; i++) {
		added[i] = memory_of(argv, 1) - memory_of(argv, 0);
	}
	return bench_median(added, ROUNDS);
}

static void
measure_memory(void)
{
	double fixed = added_memory("many_sessions", "--sessions=%ld", 0);

	bench_figure(
	    "memory of the probe, fixed", fixed / 1024, "MiB", "at most 1");
	bench_figure("memory of the probe, each thread",
	    (added_memory("many_threads", "--threads=%ld", THREADS) - fixed) /
		THREADS,
	    "KiB", "at most 4");
	bench_figure("memory of the probe, each session",
	    (added_memory("many_sessions", "--sessions=%ld", SESSIONS) -
		fixed) /
		SESSIONS,
	    "KiB", "at most 1");
}

/* ---- Time -------------------------------------------------------------- */

static int
read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");
	int good = file != NULL && fgets(line, (int) size, file) != NULL;

	if (file != NULL) {
		fclose(file);
	}
	return good;
}

/* The agent's thread among all of the process; ends the program if none is. */
static int
find_agent(pid_t pid)
{
	char path[320], name[32];
	struct dirent *entry;
	DIR *tasks;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	bench_check(tasks != NULL, path);
	while (found == 0 && (entry = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid,
		    entry->d_name);
		if (read_line(path, name, sizeof(name)) &&
		    strcmp(name, "stranded-agent\n") == 0) {
			found = (int) strtol(entry->d_name, NULL, 10);
		}
	}
	closedir(tasks);
	bench_check(found != 0, "no agent");
	return found;
}

/* Nanoseconds of processor time that the thread has had. */
static double
thread_time(pid_t pid, int tid)
{
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	bench_check(read_line(path, line, sizeof(line)), path);
	return strtod(line, NULL);
}

static void
measure_agent(void)
{
	char option[32];
	const char *const argv[] = { "many_threads", option, "--no-clock",
		NULL };
	struct bench_target target;
	double begun, before;
	int agent;

	snprintf(option, sizeof(option), "--threads=%d", THREADS);
	target = target_start(argv, 1);
	usleep(SETTLE_US);
	agent = find_agent(target.pid);
	begun = bench_now_ns();
	before = thread_time(target.pid, agent);
	usleep(WATCH_US);
	bench_figure("agent, 10,000 blocked threads, nobody watching",
	    (thread_time(target.pid, agent) - before) * 100 /
		(bench_now_ns() - begun),
	    "%", "at most 0.5 of a processor");
	target_stop(&target);
}

int
main(void)
{
	if (bench_wanted("memory")) {
		measure_memory();
	}
	if (bench_wanted("agent")) {
		measure_agent();
	}
	return 0;
}
