/*
 * wait.c: what all waits have in common.
 */
#include "wait.h"

const void *
strand_wait_sleep(struct strand_wait *wait, int64_t deadline)
{
	if (strand_park_wait(&wait->park, deadline) != 0 &&
	    !strand_wait_claim(wait, wait))
		strand_park_wait(&wait->park, STRAND_FOREVER);
	return strand_wait_place(wait);
}

STRAND_NOINLINE int
strand_wait_in_vain(int state, int64_t deadline)
{
	struct stranded_wait record;
	struct strand_park park;

	if (strand_wait_is_over(deadline))
		return strand_wait_expired(deadline);
	strand_park_init(&park);
	stranded_wait_begin(
	    &record, state, NULL, strand_wait_flags(deadline), NULL);
	strand_park_wait(&park, deadline);
	stranded_wait_end(&record);
	return ETIMEDOUT;
}
