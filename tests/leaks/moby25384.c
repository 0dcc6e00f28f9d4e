/*
 * moby25384: for each of two plugins a task is started, and then both are
 * waited for: before the second has been started.
 * Mended: they are waited for when both have been started.
 */
#include "case.h"

#define PLUGINS 2

static void
restore(void *argument)
{
	strand_wg_done(argument);
}

static void
init(void)
{
	struct strand_wg *plugins = wait_group(PLUGINS);

	for (int i = 0; i < PLUGINS; i++) {
		GO(restore, plugins);
		if (!case_mended) {
			wait_for(plugins);
		}
	}
	wait_for(plugins);
}

static void
run(void)
{
	init();
}

CASE(moby25384) = {
	.name = "moby25384",
	.class = "W",
	.run = run,
	.waits = { { "init", "waitgroup wait", 1 } },
};
