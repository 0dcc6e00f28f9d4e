/*
 * probe_bench.c: what a wrapped call costs.
 *
 *     probe_bench NAME    prints nanoseconds of processor time per round
 *
 * Run with and without the probe, in turn: tests/bench/probe_bench.sh does. All
 * threads share one processor: see bench_pin().
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

/* ---- Calls that do not block ------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int pair[2];

static void
mutex_rounds(int count)
{
	for (int i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void
socket_start(void)
{
	bench_check(
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
}

static void
socket_rounds(int count)
{
	char byte = 0;

	for (int i = 0; i < count; i++) {
		bench_check(write(pair[0], &byte, 1) == 1, "write");
		bench_check(read(pair[1], &byte, 1) == 1, "read");
	}
}

/* ---- Two threads that wait for each other ------------------------------ */

static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;
static sem_t there, back;
static int out[2], in[2];

static void
take_turn(int mine)
{
	pthread_mutex_lock(&mutex);
	while (turn != mine) {
		pthread_cond_wait(&turned, &mutex);
	}
	turn = !mine;
	pthread_cond_signal(&turned);
	pthread_mutex_unlock(&mutex);
}

static void *
cond_partner(void *unused)
{
	for (;;) {
		take_turn(1);
	}
	return NULL;
}

static void *
sem_partner(void *unused)
{
	for (;;) {
		sem_wait(&there);
		sem_post(&back);
	}
	return NULL;
}

static void *
pipe_partner(void *unused)
{
	char byte;

	while (read(out[0], &byte, 1) == 1 && write(in[1], &byte, 1) == 1) {
	}
	return NULL;
}

static void
start_partner(void *(*partner)(void *) )
{
	pthread_t thread;

	bench_check(
	    pthread_create(&thread, NULL, partner, NULL) == 0, "thread");
	pthread_detach(thread);
}

static void
cond_start(void)
{
	start_partner(cond_partner);
}

static void
cond_rounds(int count)
{
	for (int i = 0; i < count; i++) {
		take_turn(0);
	}
}

static void
sem_start(void)
{
	sem_init(&there, 0, 0);
	sem_init(&back, 0, 0);
	start_partner(sem_partner);
}

static void
sem_rounds(int count)
{
	for (int i = 0; i < count; i++) {
		sem_post(&there);
		sem_wait(&back);
	}
}

static void
pipe_start(void)
{
	bench_check(pipe(out) == 0 && pipe(in) == 0, "pipe");
	start_partner(pipe_partner);
}

static void
pipe_rounds(int count)
{
	char byte = 0;

	for (int i = 0; i < count; i++) {
		bench_check(write(out[1], &byte, 1) == 1, "write");
		bench_check(read(in[0], &byte, 1) == 1, "read");
	}
}

/* ---- Threads ----------------------------------------------------------- */

static void *
nothing(void *argument)
{
	return argument;
}

static void
thread_rounds(int count)
{
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		bench_check(pthread_create(&thread, NULL, nothing, NULL) == 0,
		    "thread");
		pthread_join(thread, NULL);
	}
}

/* ---- The table --------------------------------------------------------- */

static const struct measurement {
	const char *name;
	void (*start)(void); /* or NULL */
	void (*rounds)(int count);
	int count; /* rounds in one sample */
} measurements[] = {
	{ "mutex", NULL, mutex_rounds, 1000000 },
	{ "socket", socket_start, socket_rounds, 100000 },
	{ "cond", cond_start, cond_rounds, 10000 },
	{ "sem", sem_start, sem_rounds, 10000 },
	{ "pipe", pipe_start, pipe_rounds, 10000 },
	{ "thread", NULL, thread_rounds, 3000 },
};

static double
measure(const struct measurement *measurement)
{
	double samples[BENCH_SAMPLES];

	bench_pin();
	if (measurement->start != NULL) {
		measurement->start();
	}
	/* A program of one thread locks differently: be one of two. */
	thread_rounds(1);
	measurement->rounds(measurement->count / 10);
	for (int i = 0; i < BENCH_SAMPLES; i++) {
		double begun = bench_cpu_ns();

		measurement->rounds(measurement->count);
		samples[i] = (bench_cpu_ns() - begun) / measurement->count;
	}
	return bench_median(samples, BENCH_SAMPLES);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(measurements) / sizeof(*measurements);
	     i++) {
		if (argc == 2 && strcmp(argv[1], measurements[i].name) == 0) {
			printf("%.2f\n", measure(&measurements[i]));
			return 0;
		}
	}
	fprintf(stderr,
	    "usage: probe_bench "
	    "mutex|socket|cond|sem|pipe|thread\n");
	return 2;
}
