/*
 * family.c: see family.h.
 *
 * What the kernel says of parents is not of one moment, and a pid may have been
 * used again meanwhile: that somebody is his own ancestor can be what is read.
 * Who cannot be reached from a root is taken for a root himself.
 */
#include "client/family.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

struct family {
	struct family_member *members; /* by parent, then by pid */
	size_t count;
	bool *placed; /* whether the member of this number is in `order` */
	struct family_member *order;
	size_t order_count;
	size_t
	    *stack; /* members that are yet to be placed, the next one last */
	size_t stack_count;
};

static int
compare_pids(const void *left, const void *right)
{
	const struct family_member *a = left;
	const struct family_member *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int
compare_siblings(const void *left, const void *right)
{
	const struct family_member *a = left;
	const struct family_member *b = right;

	if (a->parent != b->parent) {
		return a->parent < b->parent ? -1 : 1;
	}
	return compare_pids(a, b);
}

static void
forget_strangers(struct family_member *members, size_t count)
{
	qsort(members, count, sizeof(*members), compare_pids);
	for (size_t i = 0; i < count; i++) {
		const struct family_member key = { .pid = members[i].parent };

		members[i].depth = 0;
		if (key.pid == members[i].pid ||
		    bsearch(&key, members, count, sizeof(*members),
			compare_pids) == NULL) {
			members[i].parent = 0;
		}
	}
}

/* The number of the first child of `parent`, or of who would come after it. */
static size_t
first_child(const struct family *family, pid_t parent)
{
	size_t low = 0;
	size_t high = family->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (family->members[middle].parent < parent) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The children are the next to be placed, the one of the lowest pid first. */
static void
push_children(struct family *family, const struct family_member *parent)
{
	size_t first = first_child(family, parent->pid);
	size_t end = first;

	while (
	    end < family->count && family->members[end].parent == parent->pid) {
		end++;
	}
	while (end-- > first) {
		family->members[end].depth = parent->depth + 1;
		family->stack[family->stack_count++] = end;
	}
}

/* A root, and after it all who descend from it. */
static void
place(struct family *family, size_t root)
{
	family->stack[family->stack_count++] = root;
	while (family->stack_count > 0) {
		size_t number = family->stack[--family->stack_count];

		if (!family->placed[number]) {
			family->placed[number] = true;
			family->order[family->order_count] =
			    family->members[number];
			push_children(
			    family, &family->order[family->order_count++]);
		}
	}
}

void
family_sort(struct family_member *members, size_t count)
{
	struct family family = {
		.members = members,
		.count = count,
		.placed = memory_new(count + 1, sizeof(*family.placed)),
		.order = memory_new(count + 1, sizeof(*family.order)),
		/* Each is pushed once as a root, once as a child. */
		.stack = memory_new(2 * count + 1, sizeof(*family.stack)),
	};

	if (count > 0) {
		forget_strangers(members, count);
		qsort(members, count, sizeof(*members), compare_siblings);
	}
	for (size_t i = 0; i < count && members[i].parent == 0; i++) {
		place(&family, i);
	}
	for (size_t i = 0; i < count; i++) {
		if (!family.placed[i]) {
			members[i].depth = 0;
			members[i].parent = 0;
			place(&family, i);
		}
	}
	if (count > 0) {
		memcpy(members, family.order, count * sizeof(*members));
	}
	free(family.placed);
	free(family.order);
	free(family.stack);
}
