/*
 * cockroach24808: a channel that holds one item has one, when its only user
 * sends a second, before starting the task that receives.
 * Mended: the task is started first.
 */
#include "case.h"

static void
compact(void *argument)
{
	struct strand_chan *suggestions = argument;

	while (take(suggestions)) {
	}
}

static void
start(struct strand_chan *suggestions)
{
	if (case_mended) {
		GO(compact, suggestions);
	}
	put(suggestions);
	if (!case_mended) {
		GO(compact, suggestions);
	}
}

static void
run(void)
{
	struct strand_chan *suggestions = channel(1);

	put(suggestions);
	start(suggestions);
	strand_chan_close(suggestions);
}

CASE(cockroach24808) = {
	.name = "cockroach24808",
	.class = "C",
	.run = run,
	.waits = { { "start", "chan send", 1 } },
};
