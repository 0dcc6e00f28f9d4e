/*
 * syncthing4829: addresses are cleared with the write lock held, and who is
 * told of it takes the read lock: the same task.
 * In C there is no such wait: glibc's read-write lock tells its writer so.
 */
#include <errno.h>
#include <stdlib.h>

#include "case.h"

struct mapping {
	pthread_rwlock_t mutex;
};

static void
notify(struct mapping *mapping)
{
	if (pthread_rwlock_rdlock(&mapping->mutex) != EDEADLK) {
		abort();
	}
}

static void
clear_addresses(void *argument)
{
	struct mapping *mapping = argument;

	write_lock(&mapping->mutex);
	notify(mapping);
	rw_unlock(&mapping->mutex);
}

static void
run(void)
{
	struct mapping *mapping = NEW(struct mapping);

	rwlock_init(&mapping->mutex);
	GO(clear_addresses, mapping);
}

CASE(syncthing4829) = {
	.name = "syncthing4829",
	.class = "RW2",
	.run = run,
	.cannot = "glibc answers EDEADLK to who has the write lock",
};
