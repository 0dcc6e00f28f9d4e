/*
 * moby33293: a function makes a channel for its caller to hear of errors on,
 * and sends one before it has returned the channel.
 * Mended: the channel has room for it.
 */
#include "case.h"

static struct strand_chan *
container_wait(void)
{
	struct strand_chan *errors = channel(case_mended ? 1 : 0);

	put(errors);
	return errors;
}

static void
run(void)
{
	take(container_wait());
}

CASE(moby33293) = {
	.name = "moby33293",
	.class = "C",
	.run = run,
	.waits = { { "container_wait", "chan send", 1 } },
};
