/*
 * bench.h: what the benchmarks share: clocks, medians, how a figure is printed.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_SAMPLES 9

static inline double
bench_clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

static inline double
bench_now_ns(void)
{
	return bench_clock_ns(CLOCK_MONOTONIC);
}

/* Processor time of the whole process, the probe's thread included. */
static inline double
bench_cpu_ns(void)
{
	return bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/*
 * From here on the process has one processor. Two threads that wait for each
 * other then never wait for anything else, so that the processor time they take
 * is the time they would take alone, whatever else the machine does.
 */
static inline void
bench_pin(void)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	while (!CPU_ISSET(cpu, &allowed)) {
		cpu++;
	}
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static inline int
bench_compare(const void *left, const void *right)
{
	double a = *(const double *) left, b = *(const double *) right;

	return (a > b) - (a < b);
}

/* Sorts them. */
static inline double
bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), bench_compare);
	return values[count / 2];
}

/* Ends the program if what it was about to do came to nothing. */
static inline void
bench_check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

/* Is the figure asked for? BENCH names some, or is empty. */
static inline int
bench_wanted(const char *name)
{
	const char *list = getenv("BENCH");
	char padded[256], wanted[64];

	if (list == NULL || *list == '\0') {
		return 1;
	}
	snprintf(padded, sizeof(padded), " %s ", list);
	snprintf(wanted, sizeof(wanted), " %s ", name);
	return strstr(padded, wanted) != NULL;
}

/* A line as measure.sh prints it. */
static inline void
bench_figure(
    const char *what, double reached, const char *unit, const char *goal)
{
	printf("%-58s %9.3f %-5s %s\n", what, reached, unit, goal);
}

#endif
