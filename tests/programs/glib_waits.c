/*
 * glib_waits.c: one thread blocked in each thing of GLib's that can block.
 *
 * The names say what: those of the threads of a pool are GLib's or the main
 * thread's. After "release" on standard input all end; "wrong NAME" is printed
 * for each that did not come to what it must, "done" at the end. It is the same
 * with the probe and without.
 */
#include <glib.h>

#include "program.h"

static GAsyncQueue *queue, *timed_queue, *unlocked_queue;
static GMutex mutex, cond_mutex;
static GCond cond;
static gboolean released; /* guarded by cond_mutex */
static GThreadPool *pool;
static GRWLock rwlock;
static GThread *other;
static int pooled; /* items that the pool has done */
static int item;

#define AGES ((gint64) 1000 * G_USEC_PER_SEC)

static gpointer
wait_queue(gpointer name)
{
	return g_async_queue_pop(queue) == &item ? NULL : name;
}

static gpointer
wait_timed_queue(gpointer name)
{
	return g_async_queue_timeout_pop(timed_queue, AGES) == &item ? NULL :
								       name;
}

static gpointer
wait_unlocked_queue(gpointer name)
{
	gpointer got;

	g_async_queue_lock(unlocked_queue);
	got = g_async_queue_pop_unlocked(unlocked_queue);
	g_async_queue_unlock(unlocked_queue);
	return got == &item ? NULL : name;
}

static gpointer
wait_cond(gpointer name)
{
	g_mutex_lock(&cond_mutex);
	while (!released) {
		g_cond_wait(&cond, &cond_mutex);
	}
	g_mutex_unlock(&cond_mutex);
	return NULL;
}

static gpointer
wait_cond_until(gpointer name)
{
	gint64 end = g_get_monotonic_time() + AGES;
	gboolean good = TRUE;

	g_mutex_lock(&cond_mutex);
	while (!released && good) {
		good = g_cond_wait_until(&cond, &cond_mutex, end);
	}
	g_mutex_unlock(&cond_mutex);
	return good ? NULL : name;
}

static gpointer
wait_mutex(gpointer name)
{
	g_mutex_lock(&mutex);
	g_mutex_unlock(&mutex);
	return NULL;
}

static gpointer
wait_rwlock(gpointer name)
{
	g_rw_lock_reader_lock(&rwlock);
	g_rw_lock_reader_unlock(&rwlock);
	return NULL;
}

static gpointer
wait_join(gpointer name)
{
	return g_thread_join(other) == NULL ? NULL : name;
}

static void
work(gpointer got, gpointer unused)
{
	g_atomic_int_inc(&pooled);
}

static const struct {
	const char *name;
	GThreadFunc fn;
} kinds[] = {
	{ "queue", wait_queue },
	{ "timed queue", wait_timed_queue },
	{ "unlocked queue", wait_unlocked_queue },
	{ "cond", wait_cond },
	{ "cond until", wait_cond_until },
	{ "mutex", wait_mutex },
	{ "rwlock", wait_rwlock },
	{ "join", wait_join },
};

static void
prepare(void)
{
	queue = g_async_queue_new();
	timed_queue = g_async_queue_new();
	unlocked_queue = g_async_queue_new();
	g_mutex_lock(&mutex);
	g_rw_lock_writer_lock(&rwlock);
	other = g_thread_new("other", wait_cond, NULL);
	/* Its thread waits for work, for as long as there is the pool. */
	pool = g_thread_pool_new(work, NULL, 1, TRUE, NULL);
	g_thread_pool_push(pool, &item, NULL);
	while (g_atomic_int_get(&pooled) == 0) {
		g_usleep(1000);
	}
	printf("queue 0x%lx\n", (unsigned long) queue);
}

static void
release(void)
{
	g_async_queue_push(queue, &item);
	g_async_queue_push(timed_queue, &item);
	g_async_queue_push(unlocked_queue, &item);
	g_mutex_unlock(&mutex);
	g_rw_lock_writer_unlock(&rwlock);
	g_mutex_lock(&cond_mutex);
	released = TRUE;
	g_cond_broadcast(&cond);
	g_mutex_unlock(&cond_mutex);
	g_thread_pool_push(pool, &item, NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
}

int
main(void)
{
	GThread *threads[G_N_ELEMENTS(kinds)];
	char line[16];

	program_begin();
	prepare();
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		threads[i] = g_thread_new(
		    kinds[i].name, kinds[i].fn, (gpointer) kinds[i].name);
	}
	printf("ready\n");
	if (!program_read_line(STDIN_FILENO, line, sizeof line)) {
		_exit(0);
	}
	release();
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_thread_join(threads[i]) != NULL) {
			printf("wrong %s\n", kinds[i].name);
		}
	}
	printf("%s", pooled == 2 ? "" : "wrong pool\n");
	printf("done\n");
	program_wait();
	return 0;
}
