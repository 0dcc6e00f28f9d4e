/*
 * moment.c: see moment.h.
 *
 * The probe's own thread is not stopped: while all others stand, it is asked
 * which waits there are, so that what it says and what was copied are of the
 * same moment.
 */
#include "proof/moment.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

static int
compare_tids(const void *left, const void *right)
{
	const struct task *const *a = left;
	const struct task *const *b = right;

	return ((*a)->tid > (*b)->tid) - ((*a)->tid < (*b)->tid);
}

/* The threads, each with its task. */
static void
make_members(struct world *world)
{
	const struct snapshot *waits = world->waits;
	const struct task **tasks =
	    memory_new(waits->task_count + 1, sizeof(struct task *));

	for (size_t i = 0; i < waits->task_count; i++) {
		tasks[i] = &waits->tasks[i];
	}
	qsort(tasks, waits->task_count, sizeof(struct task *), compare_tids);
	world->members = memory_new(world->stop.count, sizeof(*world->members));
	world->member_count = world->stop.count;
	for (size_t i = 0; i < world->member_count; i++) {
		struct member *member = &world->members[i];
		struct stop_thread *thread = &world->stop.threads[i];
		const struct task key = { .tid = thread->inner };
		const struct task *pointer = &key;
		const struct task **found = bsearch(&pointer, tasks,
		    waits->task_count, sizeof(struct task *), compare_tids);

		*member = (struct member) {
			.thread = thread,
			.task = found != NULL ? *found : NULL,
			.holder = SIZE_MAX,
			.first_behind = SIZE_MAX,
			.next_behind = SIZE_MAX,
		};
		if (found != NULL && (*found)->wait_seq != 0) {
			thread->waited_ns = (*found)->since_ns;
		}
	}
	free(tasks);
}

/*
 * Where the kernel has put the arguments: the main thread's frames end there.
 */
static uint64_t
read_main_stack_end(pid_t pid)
{
	char path[64], text[1024];
	unsigned long end = 0;
	const char *at;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL) {
		return 0;
	}
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	at = strrchr(text, ')');
	/* The 28th field; the third follows the parenthesis. */
	for (int field = 3; at != NULL && field <= 28; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at != NULL) {
		end = strtoul(at + 1, NULL, 10);
	}
	return end;
}

/* All that is to be had while the threads stand. */
static int
look(struct world *world, struct client *client, struct failure *failure)
{
	world->waits = client_waits(client, failure);
	if (world->waits == NULL) {
		return -1;
	}
	free(world->bookkeeping);
	world->bookkeeping = client_bookkeeping(client, failure);
	if (world->bookkeeping == NULL) {
		return -1;
	}
	make_members(world);
	kernel_look(&world->kernel, &world->stop);
	if (image_take(&world->image, &world->stop, failure) != 0) {
		return -1;
	}
	kernel_look_at_maps(&world->kernel, &world->image);
	return 0;
}

/* Whoever may not read the memory asks the probe for permission, once. */
static int
prepare(struct world *world, struct client *client, struct failure *failure)
{
	pid_t pid = client_pid(client);
	struct failure refusal;

	if (image_prepare(&world->image, pid, failure) == 0) {
		return 0;
	}
	image_free(&world->image);
	if (!client_permit(client, &refusal)) {
		return -1;
	}
	return image_prepare(&world->image, pid, failure);
}

/* What the thread that stops the others is told, and tells. */
struct taking {
	struct world *world;
	struct client *client;
	int64_t max_stop_ns;
	struct failure *failure;
	int result;
};

/* Stops the threads, looks, and lets them go on. */
static void *
stop_and_look(void *argument)
{
	struct taking *taking = argument;
	struct stop *stop = &taking->world->stop;
	int result = stop_begin(stop, client_pid(taking->client),
	    client_hello(taking->client), taking->max_stop_ns, taking->failure);

	if (result == 0) {
		result = look(taking->world, taking->client, taking->failure);
	}
	stop_release(stop);
	taking->result = result;
	return NULL;
}

/*
 * In a thread of its own: when that ends, the kernel lets go of whoever could
 * not be let go, though the caller may live on for days.
 */
static int
stop_apart(struct taking *taking)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, stop_and_look, taking);

	if (error != 0) {
		return failure_set(taking->failure, EXIT_FAILED,
		    "no thread can be made to stop others: %s",
		    strerror(error));
	}
	pthread_join(thread, NULL);
	return taking->result;
}

int
moment_take(struct world *world, struct client *client, int64_t max_stop_ns,
    struct failure *failure)
{
	struct taking taking = { world, client, max_stop_ns, failure, 0 };
	pid_t pid = client_pid(client);

	/* What an old probe does not know is better asked before. */
	world->bookkeeping = client_bookkeeping(client, failure);
	if (world->bookkeeping == NULL ||
	    client_signal(client, &world->signal, failure) != 0 ||
	    prepare(world, client, failure) != 0) {
		return -1;
	}
	libc_find(&world->libc, &world->image, pid);
	world->stop.quiet = world->libc.quiet;
	world->stop.quiet_count = world->libc.quiet_count;
	world->main_stack_end = read_main_stack_end(pid);
	return stop_apart(&taking);
}
