/* list.c: see list.h. */
#include "top/list.h"

const void *
rows_at(struct rows rows, size_t index)
{
	return (const char *) rows.first + index * rows.size;
}

uint64_t
rows_key(struct rows rows, size_t index)
{
	return *(const uint64_t *) rows_at(rows, index);
}

/* The index of the row `key`, or rows.count. */
static size_t
find(struct rows rows, uint64_t key)
{
	size_t i = 0;

	while (i < rows.count && rows_key(rows, i) != key) {
		i++;
	}
	return i;
}

/* Scrolls no further than the rows go, and so that the selected one is seen. */
static void
clamp_top(struct list *list, size_t count)
{
	size_t last = count > list->height ? count - list->height : 0;

	if (list->top > last) {
		list->top = last;
	}
	if (list->top > list->index) {
		list->top = list->index;
	}
	if (list->height > 0 && list->index >= list->top + list->height) {
		list->top = list->index - list->height + 1;
	}
}

void
list_settle(struct list *list, struct rows rows, size_t height)
{
	size_t found = find(rows, list->key);

	list->height = height;
	if (found < rows.count) {
		/* Keep its distance from the top. */
		list->top = list->top + found > list->index ?
		    list->top + found - list->index :
		    0;
		list->index = found;
	} else if (list->index >= rows.count) {
		list->index = rows.count > 0 ? rows.count - 1 : 0;
	}
	if (rows.count > 0) {
		list->key = rows_key(rows, list->index);
	}
	clamp_top(list, rows.count);
}

void
list_move(struct list *list, struct rows rows, long by)
{
	size_t last = rows.count > 0 ? rows.count - 1 : 0;

	if (rows.count == 0) {
		return;
	}
	if (by < 0) {
		size_t up = 0 - (size_t) by;

		list->index = list->index > up ? list->index - up : 0;
	} else {
		size_t down = (size_t) by;

		list->index =
		    last - list->index > down ? list->index + down : last;
	}
	list->key = rows_key(rows, list->index);
	clamp_top(list, rows.count);
}

const void *
list_selected(const struct list *list, struct rows rows)
{
	return list->index < rows.count ? rows_at(rows, list->index) : NULL;
}
