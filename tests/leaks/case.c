/* case.c: see case.h. */
#include "case.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than any timer of the cases runs. */
#define QUIET (4 * CASE_TIMER)

bool case_mended;

/* ---- Until nothing moves ----------------------------------------------- */

/* What was seen of the other threads. */
struct sight {
	bool asleep;       /* all of them were */
	uint64_t threads;  /* how many there were */
	uint64_t switches; /* how often they have gone to sleep so far */
};

/* The value of `key` in the status of the thread, "" if there is none. */
static void
read_status(const char *tid, const char *key, char value[64])
{
	char path[64];
	char line[256];
	FILE *file;

	value[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			snprintf(value, 64, "%.60s", line + strlen(key));
			value[strcspn(value, "\n")] = '\0';
			break;
		}
	}
	if (file) {
		fclose(file);
	}
}

/* Does the thread's moving count: is it neither of those that wait for us? */
static bool
counts(const char *tid)
{
	char name[64];

	if (atol(tid) == gettid() || atol(tid) == getpid()) {
		return false;
	}
	read_status(tid, "Name:\t", name);
	return strcmp(name, "stranded-agent") != 0;
}

static struct sight
look(void)
{
	struct sight sight = { .asleep = true };
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	char value[64];

	while (threads && (entry = readdir(threads))) {
		if (entry->d_name[0] == '.' || !counts(entry->d_name)) {
			continue;
		}
		read_status(entry->d_name, "State:\t", value);
		sight.asleep = sight.asleep && value[0] == 'S';
		read_status(entry->d_name, "voluntary_ctxt_switches:\t", value);
		sight.switches += strtoull(value, NULL, 10);
		sight.threads++;
	}
	if (threads) {
		closedir(threads);
	}
	return sight;
}

/*
 * For QUIET: who sleeps until a timer goes off, sleeps as those do that never
 * wake. Once it has gone off, its thread is ready to run, however long it takes
 * until that comes to its turn.
 */
void
case_settle(void)
{
	struct sight before = { 0 };
	int64_t since = 0;

	for (;;) {
		struct sight now = look();

		if (!now.asleep || !before.asleep ||
		    now.threads != before.threads ||
		    now.switches != before.switches) {
			since = strand_now();
		} else if (strand_now() - since > QUIET) {
			return;
		}
		before = now;
		usleep(2000);
	}
}

/* ---- What cases are made of -------------------------------------------- */

/* Ends the program: without this there is no case. */
static void *
need(void *object)
{
	if (!object) {
		perror("case");
		exit(1);
	}
	return object;
}

void *
case_memory(size_t size)
{
	return need(calloc(1, size));
}

void
case_go(const char *name, strand_fn *fn, void *argument)
{
	errno = strand_go(name, fn, argument);
	need(errno ? NULL : (void *) fn);
}

struct strand_chan *
channel(size_t capacity)
{
	return need(strand_chan_new(sizeof(int), capacity));
}

struct strand_wg *
wait_group(int count)
{
	struct strand_wg *group = need(strand_wg_new());

	strand_wg_add(group, count);
	return group;
}

void
rwlock_init(pthread_rwlock_t *rwlock)
{
	pthread_rwlockattr_t attributes;

	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(
	    &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(rwlock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
}

void
rwlock_await_writer(pthread_rwlock_t *rwlock)
{
	while (pthread_rwlock_tryrdlock(rwlock) == 0) {
		pthread_rwlock_unlock(rwlock);
		usleep(1000);
	}
}
