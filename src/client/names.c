/* names.c: see names.h. */
#include "client/names.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"

/* After so many snapshots every name has been read anew. */
#define ROUNDS 16

void
names_fini(struct names *names)
{
	free(names->list);
	*names = (struct names) { 0 };
}

/* The name as it was; NULL if it is not known, or it is its turn to be read. */
static const struct thread_name *
find(const struct names *names, size_t *at, const struct task *task)
{
	while (*at < names->count && names->list[*at].id < task->id) {
		++*at;
	}
	return *at < names->count && names->list[*at].id == task->id &&
		names->list[*at].tid == task->tid &&
		(task->id + names->round) % ROUNDS != 0 ?
	    &names->list[*at] :
	    NULL;
}

void
names_fill(struct names *names, const struct process *process,
    struct snapshot *snapshot)
{
	struct thread_name *list =
	    memory_new(snapshot->task_count, sizeof(*list));
	int threads = process_threads(process);
	size_t count = 0;
	size_t at = 0;

	names->round++;
	for (size_t i = 0; i < snapshot->task_count && threads >= 0; i++) {
		struct task *task = &snapshot->tasks[i];
		const struct thread_name *known;

		if (task->name[0] != '\0' || task->tid == 0) {
			continue;
		}
		known = find(names, &at, task);
		if (known != NULL) {
			memcpy(task->name, known->name, sizeof(task->name));
		} else {
			process_thread_name(
			    threads, task->tid, task->name, sizeof(task->name));
		}
		list[count].id = task->id;
		list[count].tid = task->tid;
		memcpy(list[count++].name, task->name, sizeof(task->name));
	}
	if (threads >= 0) {
		close(threads);
	}
	free(names->list);
	names->list = list;
	names->count = count;
}
