/*
 * settle.h: waits until nothing moves any more: all other threads sleep, and
 * none has run since they were last looked at. What comes next then comes next
 * for sure, however slow the machine is.
 *
 * The main thread's moving does not count, nor that of the probe's.
 */
#ifndef TESTS_SETTLE_H
#define TESTS_SETTLE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strand.h"

/* What was seen of the other threads. */
struct settle_sight {
	bool asleep;       /* all of them were */
	uint64_t threads;  /* how many there were */
	uint64_t switches; /* how often they have gone to sleep so far */
};

/* The value of `key` in the status of the thread, "" if there is none. */
static inline void
settle_read(const char *tid, const char *key, char value[64])
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
static inline bool
settle_counts(const char *tid)
{
	char name[64];

	if (atol(tid) == gettid() || atol(tid) == getpid()) {
		return false;
	}
	settle_read(tid, "Name:\t", name);
	return strcmp(name, "stranded-agent") != 0;
}

static inline struct settle_sight
settle_look(void)
{
	struct settle_sight sight = { .asleep = true };
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	char value[64];

	while (threads && (entry = readdir(threads))) {
		if (entry->d_name[0] == '.' || !settle_counts(entry->d_name)) {
			continue;
		}
		settle_read(entry->d_name, "State:\t", value);
		sight.asleep = sight.asleep && value[0] == 'S';
		settle_read(entry->d_name, "voluntary_ctxt_switches:\t", value);
		sight.switches += strtoull(value, NULL, 10);
		sight.threads++;
	}
	if (threads) {
		closedir(threads);
	}
	return sight;
}

/* `quiet` is how many nanoseconds it must be so. */
static inline void
settle_for(int64_t quiet)
{
	struct settle_sight before = { 0 };
	int64_t since = 0;

	for (;;) {
		struct settle_sight now = settle_look();

		if (!now.asleep || !before.asleep ||
		    now.threads != before.threads ||
		    now.switches != before.switches) {
			since = strand_now();
		} else if (strand_now() - since > quiet) {
			return;
		}
		before = now;
		usleep(2000);
	}
}

static inline void
settle(void)
{
	settle_for(0);
}

#endif
