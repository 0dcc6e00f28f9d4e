/*
 * maps.c: reads /proc/PID/maps. See maps.h.
 *
 * A line is "start-end perms offset major:minor inode   path".
 */
#include "analyze/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "client/memory.h"
#include "client/process.h"

#define MAPS_BUFFER 16384 /* bytes */

/* Takes a number off the line, and the sign that must follow it. */
static bool
take(char **at, int base, char sign, uint64_t *number)
{
	char *end;

	*number = strtoull(*at, &end, base);
	if (end == *at || *end != sign) {
		return false;
	}
	*at = end + 1;
	return true;
}

/* The kernel writes a newline in a path as \012. */
static char *
copy_path(const char *from)
{
	char *path = memory_new(strlen(from) + 1, 1);
	char *to = path;

	while (*from && *from != '\n') {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return path;
}

/* Fills a mapping from a line; false if it is not one to keep. */
static bool
parse(char *line, struct mapping *mapping)
{
	uint64_t major, minor;
	char *perms;

	*mapping = (struct mapping) { 0 };
	if (!take(&line, 16, '-', &mapping->start) ||
	    !take(&line, 16, ' ', &mapping->end) || strlen(line) < 5) {
		return false;
	}
	perms = line;
	line += 5;
	if (!take(&line, 16, ' ', &mapping->offset) ||
	    !take(&line, 16, ':', &major) || !take(&line, 16, ' ', &minor)) {
		return false;
	}
	mapping->inode = strtoull(line, &line, 10);
	mapping->device = makedev(major, minor);
	mapping->writable = perms[1] == 'w';
	mapping->executable = perms[2] == 'x';
	if (!mapping->inode && !mapping->executable) {
		return false;
	}
	mapping->path = copy_path(line + strspn(line, " "));
	return true;
}

static FILE *
open_maps(pid_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/maps", process_alive(pid));
	return fopen(name, "re");
}

int
maps_check(pid_t pid)
{
	FILE *in = open_maps(pid);
	int error = 0;

	if (!in) {
		return -1;
	}
	errno = 0;
	if (fgetc(in) == EOF) {
		error = errno ? errno : ESRCH; /* a zombie's map is empty */
	}
	fclose(in);
	errno = error;
	return error ? -1 : 0;
}

int
maps_read(pid_t pid, struct maps *maps)
{
	FILE *in = open_maps(pid);
	char *line = NULL;
	size_t room = 0, capacity = 0;
	int error = 0;

	*maps = (struct maps) { 0 };
	if (!in) {
		return -1;
	}
	/* The kernel gives a page at a time, if it is asked for one. */
	setvbuf(in, NULL, _IOFBF, MAPS_BUFFER);
	while (getline(&line, &room, in) > 0) {
		maps->list = memory_grow(
		    maps->list, maps->count, &capacity, sizeof(*maps->list));
		if (parse(line, &maps->list[maps->count])) {
			maps->count++;
		}
	}
	if (ferror(in)) {
		error = errno;
	}
	free(line);
	fclose(in);
	if (!error && maps->count == 0) {
		error = ESRCH;
	}
	if (error) {
		maps_free(maps);
		errno = error;
		return -1;
	}
	return 0;
}

void
maps_free(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		free(maps->list[i].path);
	}
	free(maps->list);
	*maps = (struct maps) { 0 };
}

bool
maps_equal(const struct maps *a, const struct maps *b)
{
	if (a->count != b->count) {
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct mapping *x = &a->list[i];
		const struct mapping *y = &b->list[i];

		if (x->start != y->start || x->end != y->end ||
		    x->offset != y->offset || x->inode != y->inode ||
		    x->device != y->device || x->writable != y->writable ||
		    x->executable != y->executable ||
		    strcmp(x->path, y->path) != 0) {
			return false;
		}
	}
	return true;
}

struct mapping *
maps_find(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct mapping *mapping = &maps->list[middle];

		if (address < mapping->start) {
			high = middle;
		} else if (address >= mapping->end) {
			low = middle + 1;
		} else {
			return mapping;
		}
	}
	return NULL;
}
