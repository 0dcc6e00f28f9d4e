/*
 * time.c: the clock, and sleeping.
 */
#include <errno.h>
#include <time.h>

#include "park.h"
#include "stranded_observer.h"
#include "wait.h"

int64_t
strand_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * STRAND_SECOND + now.tv_nsec;
}

int
strand_sleep(int64_t deadline)
{
	if (!strand_wait_is_over(deadline)) {
		strand_wait_in_vain(STRANDED_SLEEP, deadline);
		STRAND_KEEP_FRAME();
	}
	return 0;
}
