/*
 * cockroach584: a loop is left with the lock held, because what it does has
 * been closed; the same task takes the lock again.
 * Mended: it is given back.
 */
#include "case.h"

struct gossip {
	pthread_mutex_t mutex;
	bool closed;
};

static void
bootstrap(struct gossip *gossip)
{
	for (;;) {
		lock(&gossip->mutex);
		if (gossip->closed) {
			if (case_mended) {
				unlock(&gossip->mutex);
			}
			break;
		}
		unlock(&gossip->mutex);
	}
}

static void
manage(struct gossip *gossip)
{
	lock(&gossip->mutex);
	unlock(&gossip->mutex);
}

static void
run(void)
{
	struct gossip *gossip = NEW(struct gossip);

	gossip->closed = true;
	bootstrap(gossip);
	manage(gossip);
}

CASE(cockroach584) = {
	.name = "cockroach584",
	.class = "M2",
	.run = run,
	.waits = { { "manage", "mutex lock", 1 } },
};
