/*
 * file.c: see file.h.
 *
 * The ways to the file, in order: its path as the target sees it; the link that
 * the kernel keeps to the program, which works for a deleted one as well; and
 * the link that it keeps to each mapping, which only the privileged may follow.
 *
 * Device and inode prove a file: as long as it is mapped, its inode is not used
 * again. There are file systems that tell another device number to stat() than
 * they write into the map (overlayfs, btrfs). There the code itself is compared
 * as well.
 *
 * The kernel's own object, [vdso], has no file. The tool has the same one, so a
 * copy of that is as good.
 */
#include "analyze/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/process.h"

#define COMPARED 4096 /* bytes of code */

/* Is the code in the file that of the mapping? */
static bool
same_code(int fd, const struct mapping *mapping, struct remote *remote)
{
	uint8_t here[COMPARED], there[COMPARED];
	size_t size = mapping->end - mapping->start;

	if (mapping->writable) {
		return false;
	}
	size = size < COMPARED ? size : COMPARED;
	return pread(fd, here, size, mapping->offset) == (ssize_t) size &&
	    remote_read(remote, mapping->start, there, size) &&
	    memcmp(here, there, size) == 0;
}

static bool
is_the_one(int fd, const struct mapping *mapping, struct remote *remote)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode) ||
	    status.st_ino != mapping->inode) {
		return false;
	}
	return status.st_dev == mapping->device ||
	    same_code(fd, mapping, remote);
}

static int
open_checked(
    const char *path, const struct mapping *mapping, struct remote *remote)
{
	/* Something else may stand there now: do not wait for a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && !is_the_one(fd, mapping, remote)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int
open_mapped(pid_t pid, const struct mapping *mapping, struct remote *remote)
{
	pid_t alive = process_alive(pid);
	char *ways[] = {
		memory_print("/proc/%d/root%s", alive, mapping->path),
		memory_print("/proc/%d/exe", alive),
		memory_print("/proc/%d/map_files/%llx-%llx", alive,
		    (unsigned long long) mapping->start,
		    (unsigned long long) mapping->end),
	};
	int fd = -1;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (fd < 0) {
			fd = open_checked(ways[i], mapping, remote);
		}
		free(ways[i]);
	}
	return fd;
}

static int
open_vdso(const struct mapping *mapping)
{
	const void *own = (const void *) getauxval(AT_SYSINFO_EHDR);
	size_t size = mapping->end - mapping->start;
	int fd;

	if (own == NULL || size > 64 * COMPARED) {
		return -1;
	}
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, own, size) != (ssize_t) size) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
map_whole(struct file *file)
{
	struct stat status;
	void *data = MAP_FAILED;

	if (fstat(file->fd, &status) == 0 && status.st_size > 0) {
		data = mmap(
		    NULL, status.st_size, PROT_READ, MAP_PRIVATE, file->fd, 0);
	}
	if (data == MAP_FAILED) {
		close(file->fd);
		file->fd = -1;
		return;
	}
	file->data = data;
	file->size = status.st_size;
}

struct file *
file_open(pid_t pid, const struct mapping *mapping, struct remote *remote)
{
	struct file *file = memory_new(1, sizeof(*file));

	file->device = mapping->device;
	file->inode = mapping->inode;
	file->path = memory_print("%s", mapping->path);
	file->fd = -1;
	if (mapping->inode && mapping->path[0] == '/') {
		file->fd = open_mapped(pid, mapping, remote);
	} else if (strcmp(mapping->path, "[vdso]") == 0) {
		file->fd = open_vdso(mapping);
	}
	if (file->fd >= 0) {
		map_whole(file);
	}
	return file;
}

void
file_free(struct file *file)
{
	if (file->fd >= 0) {
		munmap((void *) file->data, file->size);
		close(file->fd);
	}
	free(file->path);
	free(file);
}
