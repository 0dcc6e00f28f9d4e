/*
 * park.c: putting a task to sleep and waking it, with futexes.
 */
#include "park.h"

#include <errno.h>

#include "futex.h"
#include "self.h"
#include "spin.h"

static bool
is_woken(struct strand_park *park)
{
	return atomic_load_explicit(&park->state, memory_order_acquire) ==
	    STRAND_PARK_WOKEN;
}

bool
strand_park_spin(struct strand_park *park)
{
	struct strand_spin spin;
	bool woken = is_woken(park);

	if (woken || !strand_spin_begin(&spin))
		return woken;
	do
		woken = is_woken(park);
	while (!woken && strand_spin_step(&spin));
	strand_spin_end(woken);
	return woken;
}

static int
sleep_until(struct strand_park *park, int64_t deadline)
{
	long result = 0;

	while (!is_woken(park)) {
		if (result == -ETIMEDOUT)
			return ETIMEDOUT;
		result = strand_futex_wait(
		    &park->state, STRAND_PARK_ASLEEP, deadline);
	}
	return 0;
}

int
strand_park_wait(struct strand_park *park, int64_t deadline)
{
	uint32_t awake = STRAND_PARK_AWAKE;
	int error;

	/* It is asleep already if this wait repeats one that timed out. */
	if (!atomic_compare_exchange_strong_explicit(&park->state, &awake,
		STRAND_PARK_ASLEEP, memory_order_acquire,
		memory_order_acquire) &&
	    awake == STRAND_PARK_WOKEN)
		return 0;
	if (strand_self.in_task)
		strand_spin_runnable(-1);
	error = sleep_until(park, deadline);
	if (strand_self.in_task)
		strand_spin_runnable(+1);
	return error;
}

/*
 * From the exchange on the owner may go on, and the park may be gone. The wake
 * then meets nobody, or somebody who expects wakes for no reason.
 */
void
strand_park_wake(struct strand_park *park)
{
	if (atomic_exchange_explicit(&park->state, STRAND_PARK_WOKEN,
		memory_order_acq_rel) == STRAND_PARK_ASLEEP)
		strand_futex_wake(&park->state);
}
