/*
 * hugo5379: a page's content is made once, by a task that holds a lock for it
 * and may take too long: then the page goes on without. The task renders a
 * shortcode, which asks for the page's plain words; these are made once as
 * well, under the same lock. Renderers that want the plain words queue up.
 * Mended: the plain words do not need the lock.
 */
#include <semaphore.h>

#include "case.h"

#define RENDERERS 2

/* Like Go's: who comes while it is being done waits until it is. */
struct once {
	pthread_mutex_t mutex;
	bool done;
};

struct page {
	pthread_mutex_t init;
	struct once content;
	struct once plain;
	sem_t plain_begun; /* the shortcode is the first to want it */
	struct strand_wg *renderers;
};

static void
once_do(struct once *once, void (*fn)(struct page *page), struct page *page)
{
	lock(&once->mutex);
	if (!once->done) {
		fn(page);
		once->done = true;
	}
	unlock(&once->mutex);
}

static void
make_plain(struct page *page)
{
	for (int i = 0; i < RENDERERS; i++) {
		sem_post(&page->plain_begun);
	}
	if (!case_mended) {
		lock(&page->init);
		unlock(&page->init);
	}
}

static void
make_nothing(struct page *page)
{
}

static void
render_shortcode(struct page *page)
{
	once_do(&page->content, make_nothing, page);
	once_do(&page->plain, make_plain, page);
}

static void
make_content(void *argument)
{
	struct page *page = argument;

	lock(&page->init);
	render_shortcode(page);
	unlock(&page->init);
}

/* Gives the task a millisecond. */
static void
init_content(struct page *page)
{
	struct strand_timer *timeout;

	GO(make_content, page);
	timeout = strand_after(strand_now() + STRAND_MILLISECOND);
	take(strand_timer_chan(timeout));
	strand_timer_stop(timeout);
}

static void
render_page(void *argument)
{
	struct page *page = argument;

	once_do(&page->content, init_content, page);
	while (sem_wait(&page->plain_begun) != 0) {
	}
	once_do(&page->plain, make_plain, page);
	strand_wg_done(page->renderers);
}

static void
run(void)
{
	struct page *page = NEW(struct page);

	sem_init(&page->plain_begun, 0, 0);
	page->renderers = wait_group(RENDERERS);
	for (int i = 0; i < RENDERERS; i++) {
		GO(render_page, page);
	}
	wait_for(page->renderers);
}

CASE(hugo5379) = {
	.name = "hugo5379",
	.class = "M2",
	.run = run,
	.waits = {
		{ "make_content", "mutex lock", 1 },
		{ "render_page", "mutex lock", 2 },
		{ "run", "waitgroup wait", 1 },
	},
};
