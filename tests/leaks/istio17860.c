/*
 * istio17860: an agent starts its proxy, and again when the configuration has
 * changed; a task waits for each to end, and tells the agent. The agent leaves
 * after the first that ends.
 * Mended: the channel has room for them all.
 */
#include "case.h"

#define EPOCHS 2

struct agent {
	struct strand_chan *statuses;
};

static void
run_wait(void *argument)
{
	struct agent *agent = argument;

	put(agent->statuses);
}

static void
restart(struct agent *agent)
{
	struct strand_timer *delay =
	    strand_after(strand_now() + STRAND_MILLISECOND);

	take(strand_timer_chan(delay));
	strand_timer_stop(delay);
	GO(run_wait, agent);
}

static void
agent_loop(void *argument)
{
	struct agent *agent = argument;

	take(agent->statuses);
}

static void
run(void)
{
	struct agent *agent = NEW(struct agent);

	agent->statuses = channel(case_mended ? EPOCHS : 0);
	GO(agent_loop, agent);
	for (int i = 0; i < EPOCHS; i++) {
		restart(agent);
	}
}

CASE(istio17860) = {
	.name = "istio17860",
	.class = "C",
	.run = run,
	.waits = { { "run_wait", "chan send", 1 } },
};
