/* glib.c: see glib.h. */
#include "probe/glib.h"

#include <dlfcn.h>
#include <link.h>

#include "probe/init.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "stranded_observer.h"

#define PAGE 4096u

/* GCond: a word that is not used today, and the futex. */
struct cond {
	void *unused;
	uint32_t sequence;
	uint32_t unused_too;
};

/* GAsyncQueue, with the GQueue inside it. */
struct queue {
	void *mutex;
	struct cond cond;
	void *head;
	void *tail;
	uint32_t length;
	void (*free_item)(void *);
	uint32_t waiting;
	int32_t references;
};

/* The functions that wait for a condition. */
static struct function {
	const char *name;
	uintptr_t from; /* 0: not found */
	uintptr_t to;
} functions[] = {
	{ "g_cond_wait", 0, 0 },
	{ "g_cond_wait_until", 0, 0 },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

void
glib_find(void)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		void *found = dlsym(RTLD_DEFAULT, functions[i].name);
		const ElfW(Sym) *symbol = NULL;
		Dl_info info;

		if (found == NULL ||
		    dladdr1(found, &info, (void **) &symbol, RTLD_DL_SYMENT) ==
			0 ||
		    symbol == NULL) {
			continue;
		}
		functions[i].from = (uintptr_t) found;
		functions[i].to = (uintptr_t) found + symbol->st_size;
	}
	dlerror(); /* the program shall not find what we did not */
}

static bool
waits_for_cond(uintptr_t caller)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		if (caller > functions[i].from && caller <= functions[i].to) {
			return true;
		}
	}
	return false;
}

/* What lies on the futex's own page can be read; beyond may be nothing. */
static bool
read_queue(const struct queue *queue, const uint32_t *word, struct queue *copy)
{
	uintptr_t page = (uintptr_t) word / PAGE;

	if ((uintptr_t) queue / PAGE == page &&
	    ((uintptr_t) (queue + 1) - 1) / PAGE == page) {
		*copy = *queue;
		return true;
	}
	return !init_is_confined() && sys_peek_all(queue, copy, sizeof(*copy));
}

/* A queue that somebody waits for is empty. */
static bool
is_queue(const struct queue *queue, const uint32_t *word)
{
	struct queue copy;

	return read_queue(queue, word, &copy) && copy.head == NULL &&
	    copy.tail == NULL && copy.length == 0 && copy.waiting != 0 &&
	    copy.references > 0;
}

void
glib_name(const void *caller, const uint32_t *word, struct glib_wait *wait)
{
	uintptr_t at = (uintptr_t) word;
	const struct queue *queue =
	    (const void *) (at - offsetof(struct queue, cond.sequence));

	if (!waits_for_cond((uintptr_t) caller)) {
		return;
	}
	if (is_queue(queue, word)) {
		wait->state = STRANDED_CHAN_RECV;
		wait->object = queue;
	} else {
		wait->state = STRANDED_COND;
		wait->object = &queue->cond;
	}
}
