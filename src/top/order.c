/* order.c: see order.h. */
#include "top/order.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

#define NONE SIZE_MAX

/* A row on its way into the order. */
struct entry {
	uint64_t key;
	const void *row;
	int64_t number; /* what it is sorted by, or */
	char *text;     /* that, if the column has no numbers */
	bool passes;    /* the filter */
	bool kept;      /* it, or a row below it, passes */
	size_t parent;  /* these three are places in the list, or NONE */
	size_t child;   /* the first */
	size_t sibling; /* the next */
};

struct entries {
	struct entry *list;
	size_t count;
};

void
order_fini(struct order *order)
{
	free(order->list);
	*order = (struct order) { 0 };
}

struct rows
order_rows(const struct order *order)
{
	return (
	    struct rows) { order->list, order->count, sizeof(*order->list) };
}

/* ---- Filtering and sorting --------------------------------------------- */

static void
weigh(const struct order_wish *wish, struct entry *entry)
{
	struct grid_cell cell = { .text = "" };

	if (wish->column->number != NULL) {
		entry->number = wish->column->number(entry->row);
		return;
	}
	wish->column->cell(entry->row, &cell);
	entry->text = strdup(cell.text);
}

/* A list leaves out what does not pass; a tree cannot know yet. */
static struct entries
collect(const struct order_wish *wish)
{
	struct entries entries = {
		.list = memory_new(wish->rows.count, sizeof(*entries.list)),
	};

	for (size_t i = 0; i < wish->rows.count; i++) {
		const void *row = rows_at(wish->rows, i);
		bool passes = wish->filter->count == 0 ||
		    wish->match(wish->model, wish->filter, row);
		struct entry *entry = &entries.list[entries.count];

		if (!passes && wish->parent == NULL) {
			continue;
		}
		*entry = (struct entry) {
			.key = rows_key(wish->rows, i),
			.row = row,
			.passes = passes,
			.kept = passes,
			.parent = NONE,
			.child = NONE,
			.sibling = NONE,
		};
		weigh(wish, entry);
		entries.count++;
	}
	return entries;
}

static int
compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Those that are equal stay in the order of their keys, whichever way. */
static int
compare(const void *left, const void *right, void *context)
{
	const struct entry *a = left;
	const struct entry *b = right;
	const struct order_wish *wish = context;
	int order = a->text != NULL && b->text != NULL ?
	    strcasecmp(a->text, b->text) :
	    compare_numbers(a->number, b->number);

	if (order == 0) {
		return (a->key > b->key) - (a->key < b->key);
	}
	return wish->column->descending != wish->inverted ? -order : order;
}

static void
append(struct order *order, const struct entry *entry, unsigned int depth,
    uint32_t open)
{
	order->list[order->count++] = (struct order_row) {
		.key = entry->key,
		.row = entry->row,
		.depth = depth,
		.open = open,
		.faint = !entry->passes,
	};
}

/* ---- Trees ------------------------------------------------------------- */

/* Where in the entries a key is. */
struct place {
	uint64_t key;
	size_t index;
};

static int
compare_places(const void *a, const void *b)
{
	uint64_t x = ((const struct place *) a)->key;
	uint64_t y = ((const struct place *) b)->key;

	return (x > y) - (x < y);
}

static void
find_parents(const struct order_wish *wish, struct entries *entries)
{
	struct place *places = memory_new(entries->count, sizeof(*places));

	for (size_t i = 0; i < entries->count; i++) {
		places[i] = (struct place) { entries->list[i].key, i };
	}
	qsort(places, entries->count, sizeof(*places), compare_places);
	for (size_t i = 0; i < entries->count; i++) {
		struct place key = { wish->parent(entries->list[i].row), 0 };
		const struct place *found = key.key == 0 ?
		    NULL :
		    bsearch(&key, places, entries->count, sizeof(*places),
			compare_places);

		if (found != NULL && found->index != i) {
			entries->list[i].parent = found->index;
		}
	}
	free(places);
}

/*
 * Who waits for whom may go round in a circle: one of it becomes a root. A walk
 * upward that comes to a place that this very walk has been at has found one.
 */
static void
cut_circles(struct entries *entries)
{
	size_t *seen = memory_new(entries->count, sizeof(*seen));

	for (size_t i = 0; i < entries->count; i++) {
		size_t at = i;

		while (at != NONE && seen[at] == 0) {
			seen[at] = i + 1;
			at = entries->list[at].parent;
		}
		if (at != NONE && seen[at] == i + 1) {
			entries->list[at].parent = NONE;
		}
	}
	free(seen);
}

/* What is above a row that passes is kept, too. */
static void
keep_ancestors(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		size_t at = entries->list[i].parent;

		while (entries->list[i].passes && at != NONE &&
		    !entries->list[at].kept) {
			entries->list[at].kept = true;
			at = entries->list[at].parent;
		}
	}
}

/* From the last to the first, so that children are in the order of the list. */
static void
link_children(struct entries *entries)
{
	for (size_t i = entries->count; i-- > 0;) {
		struct entry *entry = &entries->list[i];

		if (entry->kept && entry->parent != NONE) {
			struct entry *parent = &entries->list[entry->parent];

			entry->sibling = parent->child;
			parent->child = i;
		}
	}
}

/* Appends all that is below the entry at `root`, without recursion. */
static void
append_tree(struct order *order, const struct entries *entries, size_t root)
{
	const struct entry *list = entries->list;
	unsigned int depth = 0;
	uint32_t open = 0;
	size_t at = root;

	for (;;) {
		append(order, &list[at], depth, open);
		if (list[at].child != NONE) {
			at = list[at].child;
			depth++;
		} else {
			while (at != root && list[at].sibling == NONE) {
				at = list[at].parent;
				depth--;
			}
			if (at == root) {
				return;
			}
			at = list[at].sibling;
		}
		if (depth > 0 && depth <= ORDER_LEVELS) {
			uint32_t bit = UINT32_C(1) << (depth - 1);

			open = (open & (bit - 1)) |
			    (list[at].sibling != NONE ? bit : 0);
		}
	}
}

/* Roots of trees first: they are what is looked for. */
static void
make_tree(
    struct order *order, const struct order_wish *wish, struct entries *entries)
{
	find_parents(wish, entries);
	cut_circles(entries);
	keep_ancestors(entries);
	link_children(entries);
	for (int single = 0; single < 2; single++) {
		for (size_t i = 0; i < entries->count; i++) {
			const struct entry *entry = &entries->list[i];

			if (entry->kept && entry->parent == NONE &&
			    (entry->child == NONE) == (single == 1)) {
				append_tree(order, entries, i);
			}
		}
	}
}

/* ---- The whole --------------------------------------------------------- */

void
order_make(struct order *order, const struct order_wish *wish)
{
	struct entries entries = collect(wish);

	qsort_r(entries.list, entries.count, sizeof(*entries.list), compare,
	    (void *) wish);
	free(order->list);
	order->list = memory_new(entries.count, sizeof(*order->list));
	order->count = 0;
	order->total = wish->rows.count;
	if (wish->parent != NULL) {
		make_tree(order, wish, &entries);
	} else {
		for (size_t i = 0; i < entries.count; i++) {
			append(order, &entries.list[i], 0, 0);
		}
	}
	for (size_t i = 0; i < entries.count; i++) {
		free(entries.list[i].text);
	}
	free(entries.list);
}
