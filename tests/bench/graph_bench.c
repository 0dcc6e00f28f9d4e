/*
 * graph_bench.c: what it adds to a dump of ten thousand blocked threads to find
 * out who waits for whom: one chain, from the last to the first.
 *
 *     graph_bench [TASKS]        B is the build's directory, "build" if not set
 */
#include <stdbool.h>

#include "analyze/analyze.h"
#include "target.h"

#define ROUNDS 9

/* How many are leaked, by that alone. */
static size_t
leaked(const struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->task_count; i++) {
		count += snapshot->tasks[i].verdict == VERDICT_LEAKED;
	}
	return count;
}

static double
measure(pid_t pid)
{
	struct failure failure;
	struct client *client = client_open(pid, &failure);
	struct snapshot *snapshot =
	    client == NULL ? NULL : client_snapshot(client, 0, &failure);
	double begin, taken;

	bench_check(snapshot != NULL, "snapshot");
	begin = bench_now_ns();
	analyze_verdicts(snapshot);
	taken = (bench_now_ns() - begin) / 1e6;
	bench_check(leaked(snapshot) + 2 >= snapshot->task_count, "verdicts");
	snapshot_free(snapshot);
	client_close(client);
	return taken;
}

int
main(int argc, char **argv)
{
	char option[32];
	const char *const words[] = { "lost", "--wait=mutex", option, NULL };
	struct bench_target target;
	double times[ROUNDS];

	if (!bench_wanted("graph")) {
		return 0;
	}
	snprintf(
	    option, sizeof option, "--tasks=%s", argc > 1 ? argv[1] : "10000");
	target = target_start(words, 1);
	sleep(1); /* for the last to be blocked */
	for (int i = 0; i < ROUNDS; i++) {
		times[i] = measure(target.pid);
	}
	bench_figure("who waits for whom, 10,000 threads, after a dump",
	    bench_median(times, ROUNDS), "ms", "at most 50.000");
	target_stop(&target);
	return 0;
}
