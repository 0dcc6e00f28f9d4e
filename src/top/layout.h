/*
 * layout.h: where on the canvas everything is.
 */
#ifndef TOP_LAYOUT_H
#define TOP_LAYOUT_H

#include "top/canvas.h"

struct viewer;

#define LAYOUT_TABS 5 /* as many as there are screens */

struct layout {
	struct area header;
	struct area path;      /* which screen, which pages */
	struct area list;      /* height 0: not shown */
	struct area rule;      /* between the two; height 0: none */
	struct area page;      /* height 0: not shown */
	struct area bottom;    /* hints, or what is being typed */
	int tabs[LAYOUT_TABS]; /* where the screens' names end in the path */
};

/* Draws everything, and leaves in the viewer where it is. */
void layout_draw(struct viewer *viewer, struct canvas *canvas);

/* header.c: the part that stands above every view; `area` may be one row. */
void header_draw(
    const struct viewer *viewer, struct canvas *canvas, struct area area);

#define HEADER_ROWS 7 /* at most */

#endif
