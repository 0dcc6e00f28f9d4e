/*
 * moby7559: a proxy's loop that fails to dial goes on with the next packet,
 * with the lock held; there it takes it again.
 * Mended: it is given back.
 */
#include "case.h"

#define PACKETS 2

struct proxy {
	pthread_mutex_t connections;
};

static bool
dial(struct proxy *proxy)
{
	return false;
}

static void
run_proxy(void *argument)
{
	struct proxy *proxy = argument;

	for (int i = 0; i < PACKETS; i++) {
		lock(&proxy->connections);
		if (!dial(proxy) && !case_mended) {
			continue;
		}
		unlock(&proxy->connections);
	}
}

static void
run(void)
{
	GO(run_proxy, NEW(struct proxy));
}

CASE(moby7559) = {
	.name = "moby7559",
	.class = "M2",
	.run = run,
	.waits = { { "run_proxy", "mutex lock", 1 } },
};
