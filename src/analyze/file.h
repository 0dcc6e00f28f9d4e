/*
 * file.h: a file that is mapped in the target, opened with care.
 *
 * What stands under a mapping's path today need not be what is mapped: the file
 * may have been replaced by an upgrade, or the path may mean another file in
 * the mount namespace of the target. A file that is not proved to be the one
 * that is mapped is not used at all: wrong names are worse than none.
 */
#ifndef ANALYZE_FILE_H
#define ANALYZE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/maps.h"
#include "analyze/remote.h"

struct file {
	dev_t device;
	uint64_t inode;
	char *path;          /* as the map says */
	int fd;              /* -1: it cannot be had */
	const uint8_t *data; /* all of it; NULL if fd is -1 */
	size_t size;
};

/* The file behind a mapping of `pid`; its fd is -1 if there is none. */
struct file *file_open(
    pid_t pid, const struct mapping *mapping, struct remote *remote);
void file_free(struct file *file);

#endif
