/*
 * suppress.h: leaks that are known, and not to be reported.
 *
 * A suppression is a line "KEY:PATTERN". The key says what the pattern, one of
 * a shell, is compared with: a function, file or module of the task's stack,
 * its state, its name or its label. Lines that are empty or begin with "#" say
 * nothing. They come from a file, or from the program itself
 * (STRANDED_SUPPRESS() in stranded_observer.h).
 */
#ifndef ANALYZE_SUPPRESS_H
#define ANALYZE_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "client/client.h"
#include "client/snapshot.h"

struct suppression {
	char *line;          /* as it was written */
	const char *pattern; /* in it */
	int key;             /* which of the keys */
	size_t used;         /* how many tasks it has suppressed */
};

struct suppressions {
	struct suppression *list;
	size_t count;
	size_t capacity;
};

void suppress_free(struct suppressions *suppressions);

/* Adds a line. -1 and `failure` if it makes no sense. */
int suppress_add(struct suppressions *suppressions, const char *line,
    struct failure *failure);

/* Adds the lines of a file. */
int suppress_add_file(struct suppressions *suppressions, const char *path,
    struct failure *failure);

/*
 * Adds what is compiled into the program that runs as `pid` and the libraries
 * that it has loaded, each line once.
 */
int suppress_add_process(
    struct suppressions *suppressions, pid_t pid, struct failure *failure);

/* Is the task, whose stack has names, one of those? Counts the use. */
bool suppress_match(struct suppressions *suppressions, const struct task *task);

#endif
