/* search.c: see search.h. */
#include "top/search.h"

#include <stdio.h>
#include <string.h>

#include "top/viewer.h"

void
search_begin(struct viewer *viewer)
{
	const struct open_page *open = pages_current(&viewer->pages);

	viewer->search_from =
	    open != NULL ? open->page.cursor : viewer_view(viewer)->list.index;
}

void
search_cancel(struct viewer *viewer)
{
	struct open_page *open = pages_current(&viewer->pages);
	struct view *view = viewer_view(viewer);

	if (open != NULL) {
		page_move(&open->page,
		    (long) viewer->search_from - (long) open->page.cursor);
	} else {
		list_move(&view->list, order_rows(&view->order),
		    (long) viewer->search_from - (long) view->list.index);
	}
}

static bool
find_row(struct viewer *viewer, bool here, bool backward)
{
	struct view *view = viewer_view(viewer);
	size_t count = view->order.count;
	size_t at = view->list.index;
	size_t step = backward ? count - 1 : 1;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 || !here) {
			at = (at + step) % count;
		}
		if (grid_has(view->ops->grid, view->order.list[at].row,
			viewer->search)) {
			list_move(&view->list, order_rows(&view->order),
			    (long) at - (long) view->list.index);
			return true;
		}
	}
	return false;
}

static bool
find(struct viewer *viewer, bool here, bool backward)
{
	struct open_page *open = pages_current(&viewer->pages);

	return open != NULL ?
	    page_find(&open->page, viewer->search, here, backward) :
	    find_row(viewer, here, backward);
}

void
search_typed(struct viewer *viewer)
{
	snprintf(
	    viewer->search, sizeof(viewer->search), "%s", viewer->prompt.text);
	search_cancel(viewer);
	if (viewer->search[0] != '\0' && !find(viewer, true, false)) {
		viewer_say(viewer, "not found");
	}
}

void
search_next(struct viewer *viewer, bool backward)
{
	if (viewer->search[0] == '\0') {
		viewer_say(viewer, "nothing to look for yet: / begins");
	} else if (!find(viewer, false, backward)) {
		viewer_say(viewer, "not found: %s", viewer->search);
	}
}
