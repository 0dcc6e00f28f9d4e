/*
 * top_day_bench.c: the memory of a model that has been through a day, in which
 * a thousand tasks came and went each second, and as many sessions.
 */
#include <malloc.h>

#include "bench.h"
#include "client/memory.h"
#include "top/model.h"

#define DAY  (24 * 60 * 60)
#define STEP 10 /* simulated seconds from one snapshot to the next */

/* Only new tasks, in a few groups; only new sessions. */
static struct snapshot *
busy_second(uint64_t second)
{
	static const struct frame places[] = { { .pc = 1, .function = "a" },
		{ .pc = 2, .function = "b" } };
	static const struct frame *const stacks[] = { &places[0], &places[1] };
	struct snapshot *snapshot = memory_new(1, sizeof *snapshot);

	snapshot->exe = memory_print("/srv/server");
	snapshot->began_ns = second * 1000000000;
	snapshot->task_count = snapshot->session_count = 1000;
	snapshot->tasks = memory_new(1000, sizeof *snapshot->tasks);
	snapshot->sessions = memory_new(1000, sizeof *snapshot->sessions);
	snapshot->counts.tasks = snapshot->counts.sessions = 1000;
	for (uint64_t i = 0; i < 1000; i++) {
		snapshot->tasks[i] = (struct task) {
			.id = second * 1000 + i + 1,
			.state = STRANDED_IO_READ,
			.stack = { .frames = &stacks[i % 2], .frame_count = 1 },
		};
		snapshot->sessions[i] = (struct session) {
			.id = second * 1000 + i + 1,
			.name = memory_print("10.0.0.1:%d", (int) i),
			.fd = -1,
		};
	}
	return snapshot;
}

int
main(void)
{
	struct model *model = memory_new(1, sizeof *model);

	for (uint64_t second = 1; second < DAY; second += STEP) {
		model_feed(model, busy_second(second));
	}
	printf("%-58s %9.3f %-5s %-14s\n",
	    "top: memory after a day of 1,000 new tasks a second",
	    (double) mallinfo2().uordblks / (1 << 20), "MiB", "at most 100");
	model_fini(model);
	free(model);
	return 0;
}
