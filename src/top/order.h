/*
 * order.h: the rows of a list as they are shown: filtered, sorted, and as a
 * tree if that is asked for.
 *
 * An order is made anew with each snapshot and each change of what is asked
 * for; between these, keys only move about in it.
 */
#ifndef TOP_ORDER_H
#define TOP_ORDER_H

#include <stdbool.h>

#include "top/filter.h"
#include "top/grid.h"
#include "top/list.h"

struct model;

/* The key of the row above this one in a tree; 0: there is none. */
typedef uint64_t order_parent_fn(const void *row);

/* Does the filter let the row pass? */
typedef bool order_match_fn(
    const struct model *model, const struct filter *filter, const void *row);

/* What is asked for. */
struct order_wish {
	const struct model *model;
	struct rows rows;
	const struct column *column; /* sorted by it */
	bool inverted;
	const struct filter *filter;
	order_match_fn *match;
	order_parent_fn *parent; /* NULL: a list */
};

#define ORDER_LEVELS 24 /* of a tree; what is deeper is shown no deeper */

/* A row with its place in the tree. */
struct order_row {
	uint64_t key;
	const void *row;    /* the model's */
	unsigned int depth; /* 0 in a list */
	uint32_t open; /* bit n: more rows follow at level n + 1 below it */
	bool faint;    /* here only for what is below it */
};

/* All zeroes is empty. */
struct order {
	struct order_row *list;
	size_t count;
	size_t total; /* with those that the filter keeps back */
};

void order_fini(struct order *order);

void order_make(struct order *order, const struct order_wish *wish);

struct rows order_rows(const struct order *order);

#endif
