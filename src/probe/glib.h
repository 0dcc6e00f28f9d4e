/*
 * glib.h: what a futex is to GLib.
 *
 * GLib's mutexes and conditions are its own, made of futexes, and its queues
 * and thread pools are made of those by calls inside the library, where nothing
 * can stand in front of them. But it asks the kernel through syscall(), and who
 * asks is known by the return address: a wait in g_cond_wait() is one for a
 * condition. If a queue lies around that condition, in the way in which a
 * GAsyncQueue is built (struct _GAsyncQueue, the same since GLib 2.32), it is a
 * wait for something to receive.
 *
 * Of a GLib that is loaded after the start nothing is known: futexes.
 */
#ifndef PROBE_GLIB_H
#define PROBE_GLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks for GLib. To be called when the program's libraries are loaded. */
void glib_find(void);

/* What a futex is, seen from above. */
struct glib_wait {
	uint32_t state;     /* enum stranded_state */
	const void *object; /* the condition, or the queue */
};

/*
 * Was it GLib that called syscall(), from `caller`, to wait for the futex at
 * `word`, and what for? `*wait` is left alone if it was not, or cannot be told.
 */
void glib_name(
    const void *caller, const uint32_t *word, struct glib_wait *wait);

#endif
