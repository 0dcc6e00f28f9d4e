/* pages.c: see pages.h. */
#include "top/pages.h"

#include <string.h>

void
pages_fini(struct pages *pages)
{
	pages_close_all(pages);
	if (pages->snippets != NULL) {
		snippets_free(pages->snippets);
	}
	*pages = (struct pages) { 0 };
}

struct open_page *
pages_current(struct pages *pages)
{
	return pages->count > 0 ? &pages->list[pages->count - 1] : NULL;
}

static struct page_context
context_of(struct pages *pages, const struct model *model)
{
	if (pages->source && pages->snippets == NULL) {
		pages->snippets = snippets_new();
	}
	return (struct page_context) {
		.model = model,
		.snippets = pages->source ? pages->snippets : NULL,
	};
}

static void
refill(struct open_page *open, const struct page_context *context)
{
	struct page fresh = {
		.cursor = open->page.cursor,
		.top = open->page.top,
		.height = open->page.height,
	};

	open->gone = !view_pages[open->about.kind].fill(
	    &fresh, context, open->about.key);
	if (!open->gone) {
		page_fini(&open->page);
		open->page = fresh;
	}
}

void
pages_refill(struct pages *pages, const struct model *model)
{
	const struct page_context context = context_of(pages, model);

	for (size_t i = 0; i < pages->count; i++) {
		refill(&pages->list[i], &context);
	}
}

/* The page that was opened first is forgotten. */
static void
drop_first(struct pages *pages)
{
	page_fini(&pages->list[0].page);
	pages->count--;
	memmove(&pages->list[0], &pages->list[1],
	    pages->count * sizeof(pages->list[0]));
}

void
pages_open(
    struct pages *pages, const struct model *model, struct page_link about)
{
	const struct page_context context = context_of(pages, model);
	struct open_page *open;

	if (pages->count == PAGES_MAX) {
		drop_first(pages);
	}
	open = &pages->list[pages->count++];
	*open = (struct open_page) { .about = about };
	refill(open, &context);
}

void
pages_close(struct pages *pages)
{
	if (pages->count > 0) {
		page_fini(&pages->list[--pages->count].page);
	}
}

void
pages_close_all(struct pages *pages)
{
	while (pages->count > 0) {
		pages_close(pages);
	}
}
