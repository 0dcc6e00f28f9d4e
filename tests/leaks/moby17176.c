/*
 * moby17176: a cleanup that finds nothing to do returns with the lock held, and
 * its task ends. Who deletes a device waits for the lock.
 * Mended: it is given back.
 */
#include "case.h"

struct devices {
	pthread_mutex_t mutex;
	struct strand_chan *deleted;
};

static void
clean_up(struct devices *devices)
{
	lock(&devices->mutex);
	if (case_mended) {
		unlock(&devices->mutex);
	}
}

static void
delete_device(void *argument)
{
	struct devices *devices = argument;

	lock(&devices->mutex);
	unlock(&devices->mutex);
	strand_chan_close(devices->deleted);
}

static void
run(void)
{
	struct devices *devices = NEW(struct devices);
	struct strand_timer *timeout;

	devices->deleted = channel(0);
	clean_up(devices);
	GO(delete_device, devices);
	timeout = strand_after(strand_now() + STRAND_MILLISECOND);
	SELECT(FROM(devices->deleted), FROM(strand_timer_chan(timeout)));
	strand_timer_stop(timeout);
}

CASE(moby17176) = {
	.name = "moby17176",
	.class = "MU",
	.run = run,
	.waits = { { "delete_device", "mutex lock", 1 } },
};
