/*
 * main.c: runs one leak case: NAME, or NAME and "mended" for its twin.
 *
 * Prints "ready" when nothing moves any more. Of a twin no task may be left by
 * then. It ends when its standard input does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "programs/program.h"

static void
run_case(void *argument)
{
	const struct case_entry *entry = argument;

	entry->run();
}

/*
 * Writes over what earlier calls have left below this stack's end: what lies
 * there is no reference that anybody could use.
 */
__attribute__((noinline)) static void
scrub(void)
{
	char room[32 << 10];

	memset(room, 0, sizeof(room));
	__asm__ volatile("" : : "r"(room) : "memory");
}

static const struct case_entry *
find(const char *name)
{
	for (const struct case_entry *const *entry = case_table;
	     entry < case_table_end; entry++) {
		if (strcmp((*entry)->name, name) == 0) {
			return *entry;
		}
	}
	fprintf(stderr, "there is no case \"%s\"\n", name);
	exit(2);
}

int
main(int argc, char **argv)
{
	program_begin();
	if (argc < 2) {
		fprintf(stderr, "usage: %s CASE [mended]\n", argv[0]);
		return 2;
	}
	case_mended = program_flag(argv, "mended");
	program_check(
	    strand_go("case", run_case, (void *) find(argv[1])), "task");
	case_settle();
	scrub();
	if (case_mended && strand_task_count() > 0) {
		fprintf(stderr, "%s: %zu tasks are left\n", argv[1],
		    strand_task_count());
		return 1;
	}
	printf("ready\n");
	program_wait();
	return 0;
}
