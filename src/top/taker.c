/* taker.c: see taker.h. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/memory.h"
#include "top/taker.h"

struct taker {
	struct source *source; /* the thread's alone */
	pthread_t thread;
	int fd;                /* of events: readable when there is an answer */
	bool busy;             /* the loop's: asked, and not yet answered */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t news;   /* `asked` or `leaving` has been set */
	bool asked;
	bool prove; /* and that is asked for */
	bool leaving;
	struct taken answer;
};

/* Waits to be asked; false: the thread shall end. */
static bool
wait_for_question(struct taker *taker, bool *prove)
{
	bool leaving;

	pthread_mutex_lock(&taker->mutex);
	while (!taker->asked && !taker->leaving) {
		pthread_cond_wait(&taker->news, &taker->mutex);
	}
	taker->asked = false;
	*prove = taker->prove;
	leaving = taker->leaving;
	pthread_mutex_unlock(&taker->mutex);
	return !leaving;
}

static void *
run(void *argument)
{
	struct taker *taker = argument;
	bool prove;

	while (wait_for_question(taker, &prove)) {
		struct taken taken;

		source_take(taker->source, prove, &taken);
		pthread_mutex_lock(&taker->mutex);
		taker->answer = taken;
		pthread_mutex_unlock(&taker->mutex);
		eventfd_write(taker->fd, 1);
	}
	return NULL;
}

struct taker *
taker_new(struct source *source)
{
	struct taker *taker = memory_new(1, sizeof(*taker));
	int error;

	taker->source = source;
	pthread_mutex_init(&taker->mutex, NULL);
	pthread_cond_init(&taker->news, NULL);
	taker->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	error = taker->fd < 0 ? errno : 0;
	if (error == 0) {
		error = pthread_create(&taker->thread, NULL, run, taker);
	}
	if (error == 0) {
		return taker;
	}
	if (taker->fd >= 0) {
		close(taker->fd);
	}
	free(taker);
	errno = error;
	return NULL;
}

void
taker_free(struct taker *taker)
{
	pthread_mutex_lock(&taker->mutex);
	taker->leaving = true;
	pthread_cond_signal(&taker->news);
	pthread_mutex_unlock(&taker->mutex);
	if (taker->busy) {
		pthread_detach(taker->thread);
		return;
	}
	pthread_join(taker->thread, NULL);
	source_close(taker->source);
	close(taker->fd);
	pthread_cond_destroy(&taker->news);
	pthread_mutex_destroy(&taker->mutex);
	free(taker);
}

bool
taker_is_busy(const struct taker *taker)
{
	return taker->busy;
}

void
taker_ask(struct taker *taker, bool prove)
{
	taker->busy = true;
	pthread_mutex_lock(&taker->mutex);
	taker->asked = true;
	taker->prove = prove;
	pthread_cond_signal(&taker->news);
	pthread_mutex_unlock(&taker->mutex);
}

int
taker_fd(const struct taker *taker)
{
	return taker->fd;
}

bool
taker_answer(struct taker *taker, struct taken *taken)
{
	eventfd_t count;

	if (eventfd_read(taker->fd, &count) != 0) {
		return false;
	}
	pthread_mutex_lock(&taker->mutex);
	*taken = taker->answer;
	pthread_mutex_unlock(&taker->mutex);
	taker->busy = false;
	return true;
}
