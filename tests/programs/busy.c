/*
 * busy.c: a healthy program that never rests. Nobody in it is ever lost, but at
 * any moment most tasks wait, for something to which few words refer: in a
 * closure that is about to be read, in an element on its way through a channel,
 * in a register. Whoever says that one of them is leaked is wrong.
 */
#include <pthread.h>
#include <stdlib.h>

#include "program.h"
#include "strand.h"

#define ASKERS  6
#define WORKERS 3
#define PAIRS   3

/* Sleeps for a moment, or does not. */
static void
dawdle(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	if (*seed >> 16 & 1) {
		usleep(*seed >> 17 & 255);
	}
}

/* ---- Questions that carry the channel for the answer --------------------- */

static void
ask(void *requests)
{
	unsigned int seed = (unsigned int) (uintptr_t) &seed;
	struct strand_chan *reply;

	for (;;) {
		reply = program_need(strand_chan_new(8, 0), "chan");
		strand_chan_send(requests, &reply, STRAND_FOREVER);
		strand_chan_recv(reply, NULL, STRAND_FOREVER);
		strand_chan_unref(reply);
		dawdle(&seed);
	}
}

/* Gives the answer itself, or has a task do so that is made for it. */
static void
answer_later(void *closure)
{
	struct strand_chan *reply = *(void **) closure;
	int64_t word = 0;

	free(closure);
	strand_chan_send(reply, &word, STRAND_FOREVER);
}

static void
work(void *requests)
{
	unsigned int seed = (unsigned int) (uintptr_t) &seed;
	struct strand_chan *reply;

	for (;;) {
		void **closure = program_need(malloc(64), "malloc");

		strand_chan_recv(requests, &reply, STRAND_FOREVER);
		dawdle(&seed);
		*closure = reply;
		reply = NULL;
		if (seed >> 20 & 1) {
			program_check(
			    strand_go("later", answer_later, closure), "go");
		} else {
			answer_later(closure);
		}
	}
}

/* ---- Two that take turns ------------------------------------------------- */

struct pair {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int turn;
};

struct player {
	struct pair *pair;
	int number;
};

static void *
play(void *argument)
{
	struct player *player = argument;
	struct pair *pair = player->pair;
	unsigned int seed = (unsigned int) (uintptr_t) &seed;

	for (;;) {
		pthread_mutex_lock(&pair->mutex);
		while (pair->turn != player->number) {
			pthread_cond_wait(&pair->changed, &pair->mutex);
		}
		dawdle(&seed);
		pair->turn = !pair->turn;
		pthread_cond_signal(&pair->changed);
		pthread_mutex_unlock(&pair->mutex);
	}
	return NULL;
}

static void
start_pair(void)
{
	struct pair *pair = program_need(calloc(1, sizeof(*pair)), "calloc");
	pthread_t thread;

	pthread_mutex_init(&pair->mutex, NULL);
	pthread_cond_init(&pair->changed, NULL);
	for (int i = 0; i < 2; i++) {
		struct player *player =
		    program_need(malloc(sizeof(*player)), "malloc");

		*player = (struct player) { pair, i };
		program_check(
		    pthread_create(&thread, NULL, play, player), "thread");
	}
}

/* ---- Tasks that come and go ---------------------------------------------- */

struct crowd {
	struct strand_chan *open;
	struct strand_wg *here;
};

static void
visit(void *argument)
{
	struct crowd crowd = *(struct crowd *) argument;

	free(argument);
	strand_chan_recv(crowd.open, NULL, STRAND_FOREVER);
	strand_wg_done(crowd.here);
}

static void
invite(void *unused)
{
	unsigned int seed = 1;

	for (;;) {
		struct crowd crowd = { strand_chan_new(0, 0), strand_wg_new() };

		strand_wg_add(crowd.here, 4);
		for (int i = 0; i < 4; i++) {
			struct crowd *copy =
			    program_need(malloc(sizeof(*copy)), "malloc");

			*copy = crowd;
			program_check(strand_go("visitor", visit, copy), "go");
		}
		dawdle(&seed);
		strand_chan_close(crowd.open);
		strand_wg_wait(crowd.here, STRAND_FOREVER);
		strand_chan_unref(crowd.open);
		strand_wg_unref(crowd.here);
	}
}

/* ---- Memory that comes and goes ------------------------------------------ */

static void *
churn(void *unused)
{
	void *blocks[64] = { 0 };
	unsigned int seed = 1;

	for (;;) {
		size_t i = (seed = seed * 1103515245 + 12345) >> 16 & 63;

		blocks[i] = realloc(blocks[i], seed >> 8 & 0xffff);
		if ((seed >> 24) == 0) {
			free(blocks[i]);
			blocks[i] = NULL;
		}
		if (i == 0) {
			usleep(50);
		}
	}
	return NULL;
}

int
main(void)
{
	struct strand_chan *requests;
	pthread_t thread;

	program_begin();
	requests = program_need(strand_chan_new(sizeof(void *), 0), "chan");
	for (int i = 0; i < ASKERS; i++) {
		program_check(strand_go("ask", ask, requests), "go");
	}
	for (int i = 0; i < WORKERS; i++) {
		program_check(strand_go("work", work, requests), "go");
	}
	for (int i = 0; i < PAIRS; i++) {
		start_pair();
	}
	requests = NULL;
	program_check(strand_go("invite", invite, NULL), "go");
	program_check(pthread_create(&thread, NULL, churn, NULL), "thread");
	printf("ready\n");
	program_wait();
	_exit(0);
}
