/*
 * family.h: processes in the order of their families: a master, then its
 * workers.
 */
#ifndef CLIENT_FAMILY_H
#define CLIENT_FAMILY_H

#include <stddef.h>
#include <sys/types.h>

struct family_member {
	pid_t pid;
	pid_t parent; /* as the kernel has it; 0 afterwards if it is not there
	                 among the members */
	unsigned int depth; /* how many of its ancestors are, afterwards */
	size_t index;       /* the caller's own */
};

/*
 * Puts the members in order: each is followed by its children, and theirs.
 * Those of one parent, and those that have none here, come by their pids.
 */
void family_sort(struct family_member *members, size_t count);

#endif
