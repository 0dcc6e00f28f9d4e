/*
 * chan_glib_bench: elements from one thread to another through GLib's
 * GAsyncQueue, for comparison with a buffered channel. Prints nanoseconds per
 * element, one push and one pop.
 */
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

enum { ELEMENTS = 1000000 };

static gpointer
push_all(gpointer queue)
{
	for (int i = 1; i <= ELEMENTS; i++)
		g_async_queue_push(queue, GINT_TO_POINTER(i));
	return NULL;
}

int
main(void)
{
	GAsyncQueue *queue = g_async_queue_new();
	gint64 begin = g_get_monotonic_time();
	GThread *thread = g_thread_new("pusher", push_all, queue);
	gint64 sum = 0;

	for (int i = 0; i < ELEMENTS; i++)
		sum += GPOINTER_TO_INT(g_async_queue_pop(queue));
	begin = g_get_monotonic_time() - begin;
	g_thread_join(thread);
	g_async_queue_unref(queue);
	if (sum != (gint64) ELEMENTS * (ELEMENTS + 1) / 2)
		abort();
	printf("%.1f\n", begin * 1000.0 / ELEMENTS);
	return 0;
}
