/*
 * moby29733: a plugin's user waits until it is active, and nobody activates it.
 * Mended: somebody does. Where the plugin is in a global table, somebody could,
 * for all that can be known.
 */
#include "case.h"

struct plugin {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool active;
	struct strand_chan *done;
};

/* What makes the difference in the second case. */
static struct plugin *volatile plugins[1];

static void
wait_active(void *argument)
{
	struct plugin *plugin = argument;

	lock(&plugin->mutex);
	while (!plugin->active) {
		pthread_cond_wait(&plugin->changed, &plugin->mutex);
	}
	unlock(&plugin->mutex);
	strand_chan_close(plugin->done);
}

static void
activate(struct plugin *plugin)
{
	lock(&plugin->mutex);
	plugin->active = true;
	pthread_cond_broadcast(&plugin->changed);
	unlock(&plugin->mutex);
}

static void
use(struct plugin *plugin)
{
	plugin->done = channel(0);
	GO(wait_active, plugin);
	if (case_mended) {
		activate(plugin);
	}
	take(plugin->done);
}

static void
run(void)
{
	use(NEW(struct plugin));
}

static void
run_global(void)
{
	plugins[0] = NEW(struct plugin);
	use(plugins[0]);
}

CASE(local) = {
	.name = "moby29733",
	.class = "CV",
	.run = run,
	.waits = { { "use", "chan receive", 1 },
	    { "wait_active", "cond wait", 1 } },
};

CASE(global) = {
	.name = "moby29733_global",
	.class = "CV",
	.run = run_global,
	.waits = { { "use", "chan receive", 1 },
	    { "wait_active", "cond wait", 1 } },
	.silent = true,
};
