/*
 * sessions_rwlock.c: sessions in a map behind a read-write lock, so that those
 * who only look need not queue. Compare sessions_closures.c.
 *
 * With --hold the main task then keeps the lock for writing, and a reader and
 * a writer wait for it.
 */
#include <pthread.h>

#include "sessions_load.h"

struct locked {
	struct sessions base;
	pthread_rwlock_t lock; /* of all that follows */
	bool there[LOAD_NAMES];
};

static bool
get(struct sessions *sessions, int name)
{
	struct locked *locked = (struct locked *) sessions;
	bool found;

	pthread_rwlock_rdlock(&locked->lock); /* reader waits here */
	found = locked->there[name];
	pthread_rwlock_unlock(&locked->lock);
	return found;
}

static bool
get_or_create(struct sessions *sessions, int name)
{
	struct locked *locked = (struct locked *) sessions;
	bool created;

	if (get(sessions, name)) {
		return false;
	}
	pthread_rwlock_wrlock(&locked->lock);
	created = !locked->there[name]; /* somebody may have been faster */
	locked->there[name] = true;
	pthread_rwlock_unlock(&locked->lock);
	return created;
}

static bool delete (struct sessions *sessions, int name)
{
	struct locked *locked = (struct locked *) sessions;
	bool deleted;

	pthread_rwlock_wrlock(&locked->lock); /* writer waits here */
	deleted = locked->there[name];
	locked->there[name] = false;
	pthread_rwlock_unlock(&locked->lock);
	return deleted;
}

static void
reader(void *arg)
{
	printf("reader: %d\n", get(arg, 0));
}

static void
writer(void *arg)
{
	printf("writer: %d\n", delete (arg, 0));
}

int
main(int argc, char **argv)
{
	static struct locked locked = {
		.base = { get, get_or_create, delete },
		.lock = PTHREAD_RWLOCK_INITIALIZER,
	};

	program_begin();
	if (!load_run(&locked.base)) {
		return 1;
	}
	if (program_flag(argv, "--hold")) {
		pthread_rwlock_wrlock(&locked.lock);
		program_check(strand_go("reader", reader, &locked), "task");
		program_check(strand_go("writer", writer, &locked), "task");
	}
	printf("ready\n");
	program_wait();
	return 0;
}
