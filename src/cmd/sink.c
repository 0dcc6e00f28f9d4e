/* sink.c: see sink.h. */
#include "cmd/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"

/* How long a full pipe that does not block is waited for. */
#define PATIENCE_MS 10000

static int
fail(const char *path, int error, struct failure *failure)
{
	if (error == EPIPE) {
		return failure_set(failure, EXIT_FAILED, "%s", "");
	}
	return failure_set(failure, EXIT_FAILED, "cannot write to %s: %s%s",
	    path, strerror(error),
	    error == ENOSPC ? " (make room, or choose another place)" : "");
}

/* Waits for room if `error` says that there is none; 0 or an error number. */
static int
wait_for_room(int fd, int error)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

	if (error == EINTR) {
		return 0;
	}
	if (error != EAGAIN) {
		return error;
	}
	return poll(&pollfd, 1, PATIENCE_MS) == 0 ? ETIMEDOUT : 0;
}

static int
write_all(int fd, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	int error = 0;

	while (size > 0 && error == 0) {
		ssize_t written = write(fd, bytes, size);

		if (written >= 0) {
			bytes += written;
			size -= (size_t) written;
		} else {
			error = wait_for_room(fd, errno);
		}
	}
	return error;
}

/* close() tells of errors that write() could not know yet. */
static int
write_and_close(int fd, const void *data, size_t size)
{
	int error = write_all(fd, data, size);

	if (close(fd) != 0 && error == 0) {
		error = errno;
	}
	return error;
}

/* Writes to what is there, be it a file to append to or a device. */
static int
write_there(const struct sink *sink, const void *data, size_t size)
{
	int fd = open(sink->path,
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
		(sink->append ? O_APPEND : O_TRUNC),
	    0666);

	return fd < 0 ? errno : write_and_close(fd, data, size);
}

/* The permissions of the file that is replaced, or of one that is made. */
static mode_t
file_mode(const struct stat *old)
{
	mode_t mask;

	if (old != NULL) {
		return old->st_mode & 07777;
	}
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/*
 * Gives a new file the owner and the permissions of the one that it replaces.
 * Only root can give files away; fchown() may clear bits that fchmod() sets.
 */
static void
dress(int fd, const struct stat *old)
{
	if (old != NULL) {
		(void) !fchown(fd, old->st_uid, old->st_gid);
	}
	fchmod(fd, file_mode(old));
}

/* Writes a new file beside `path`, and puts it in its place. */
static int
replace(const char *path, const struct stat *old, const void *data, size_t size)
{
	char *draft = memory_print("%s.XXXXXX", path);
	int fd = mkostemp(draft, O_CLOEXEC);
	int error = 0;

	if (fd < 0) {
		error = errno;
		free(draft);
		return error;
	}
	dress(fd, old);
	error = write_and_close(fd, data, size);
	if (error == 0 && rename(draft, path) != 0) {
		error = errno;
	}
	if (error != 0) {
		unlink(draft);
	}
	free(draft);
	return error;
}

/*
 * A file that may be written, in a directory where no other may be made, is
 * written in place: better not at once than not at all.
 */
static int
overwrite(const struct sink *sink, const struct stat *old, const void *data,
    size_t size)
{
	int error = replace(sink->path, old, data, size);

	return error == EACCES || error == EPERM || error == EROFS ?
	    write_there(sink, data, size) :
	    error;
}

/*
 * Only a file that bears the very name is replaced. What a link leads to is
 * written in place: /dev/stdout is one, and so is what a shell makes of >(...).
 */
static int
write_file(const struct sink *sink, const void *data, size_t size)
{
	struct stat status;

	if (sink->append) {
		return write_there(sink, data, size);
	}
	if (lstat(sink->path, &status) != 0) {
		return errno == ENOENT ? replace(sink->path, NULL, data, size) :
					 errno;
	}
	return S_ISREG(status.st_mode) ? overwrite(sink, &status, data, size) :
					 write_there(sink, data, size);
}

int
sink_write(const struct sink *sink, const void *data, size_t size,
    struct failure *failure)
{
	int error;

	if (sink->path == NULL) {
		error = write_all(STDOUT_FILENO, data, size);
		return error == 0 ? 0 : fail("standard output", error, failure);
	}
	error = write_file(sink, data, size);
	return error == 0 ? 0 : fail(sink->path, error, failure);
}
