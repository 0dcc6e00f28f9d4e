/* sys.c: see sys.h. */
#include "probe/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "probe/probe.h"

int64_t
sys_now(void)
{
	struct timespec now;

	sys(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void *
sys_map(size_t size)
{
	long memory = sys(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory < 0 && memory > -4096 ? NULL : (void *) memory;
}

void
sys_unmap(void *memory, size_t size)
{
	sys(SYS_munmap, memory, size);
}

/* For kernels and filters that do not grant process_vm_readv(). */
static size_t
peek_by_file(const void *from, void *to, size_t size)
{
	long fd = sys(SYS_openat, AT_FDCWD, "/proc/thread-self/mem",
	    O_RDONLY | O_CLOEXEC);
	long got = sys(SYS_pread64, fd, to, size, from);

	if (fd >= 0) {
		sys(SYS_close, fd);
	}
	return got > 0 ? (size_t) got : 0;
}

size_t
sys_peek(const void *from, void *to, size_t size)
{
	struct iovec remote = { (void *) from, size };
	struct iovec local = { to, size };
	/* By the thread's id: once main has ended, the process's has none. */
	long got = sys(
	    SYS_process_vm_readv, sys(SYS_gettid), &local, 1, &remote, 1, 0);

	if (got == -EPERM || got == -ENOSYS) {
		return peek_by_file(from, to, size);
	}
	return got > 0 ? (size_t) got : 0;
}

bool
sys_write_all(int fd, const void *data, size_t size, int timeout_ms)
{
	const char *next = data;

	while (size > 0) {
		struct pollfd room = { fd, POLLOUT, 0 };
		struct timespec limit = { timeout_ms / 1000,
			timeout_ms % 1000 * NS_PER_MS };
		/* A pipe with room takes this much without blocking. */
		size_t part = size < 512 ? size : 512;

		if (sys(SYS_ppoll, &room, 1, &limit, NULL, 0) <= 0) {
			return false;
		}
		long wrote = sys(SYS_write, fd, next, part);

		if (wrote == -EINTR || wrote == -EAGAIN) {
			continue;
		}
		if (wrote <= 0) {
			return false;
		}
		next += wrote;
		size -= (size_t) wrote;
	}
	return true;
}
