/*
 * kernel.c: see kernel.h.
 *
 * Data that lies in a pipe or in a local socket is looked at without taking it
 * out: by tee() and by MSG_PEEK. Where only the head of a queue can be seen,
 * and there may be more behind it, that is said.
 */
#include "proof/kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "client/memory.h"
#include "proof/image.h"
#include "proof/stop.h"

#define PENDING   16         /* signals that are asked for at a time */
#define QUEUE_MAX (1u << 20) /* bytes that are looked at of one queue */

#define HIDDEN_IN_URING "what it has given to io_uring is not to be seen"

#define QUEUE_MAGIC 0x19800202 /* the file system of POSIX message queues */

struct look {
	struct kernel *kernel;
	pid_t pid;
	const struct stop *stop;
	int pid_fd; /* or -1 */
	int fds;    /* /proc/PID/fd */
	int fdinfo; /* /proc/PID/fdinfo */
};

/* ---- What is found ----------------------------------------------------- */

static void
add_word(struct kernel *kernel, uint64_t word)
{
	kernel->words = memory_grow(kernel->words, kernel->word_count,
	    &kernel->word_room, sizeof(word));
	kernel->words[kernel->word_count++] = word;
}

static void
add_bytes(struct kernel *kernel, const uint8_t *bytes, size_t size)
{
	while (kernel->byte_room - kernel->byte_count < size) {
		kernel->bytes = memory_grow(
		    kernel->bytes, kernel->byte_room, &kernel->byte_room, 1);
	}
	memcpy(kernel->bytes + kernel->byte_count, bytes, size);
	kernel->byte_count += size;
}

static FILE *
open_in(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file == NULL && fd >= 0) {
		close(fd);
	}
	return file;
}

/* ---- Descriptors ------------------------------------------------------- */

static void
look_at_epoll(struct look *look, const char *name)
{
	FILE *file = open_in(look->fdinfo, name);
	char line[256];
	uint64_t data;

	if (file == NULL) {
		look->kernel->hidden = "what an epoll holds cannot be read";
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = strstr(line, "data:");

		if (strncmp(line, "tfd:", 4) == 0 && at != NULL &&
		    sscanf(at, "data: %" SCNx64, &data) == 1) {
			add_word(look->kernel, data);
		}
	}
	fclose(file);
}

/* Copies what is in the pipe into one of ours. */
static void
peek_pipe(struct look *look, int fd, size_t unread)
{
	uint8_t *bytes = memory_new(QUEUE_MAX, 1);
	ssize_t copied = -1;
	ssize_t got;
	int ours[2];

	if (pipe2(ours, O_CLOEXEC | O_NONBLOCK) == 0) {
		fcntl(ours[1], F_SETPIPE_SZ, QUEUE_MAX);
		copied = tee(fd, ours[1], QUEUE_MAX, SPLICE_F_NONBLOCK);
		while (
		    copied > 0 && (got = read(ours[0], bytes, QUEUE_MAX)) > 0) {
			add_bytes(look->kernel, bytes, (size_t) got);
		}
		close(ours[0]);
		close(ours[1]);
	}
	if (copied < 0 || (size_t) copied < unread) {
		look->kernel->hidden = "what lies in a pipe cannot be read";
	}
	free(bytes);
}

/* The process reads from it already: to open it once more changes nothing. */
static void
look_at_pipe(struct look *look, const char *name)
{
	struct stat status;
	int unread = 0;
	int fd;

	if (fstatat(look->fds, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (status.st_mode & S_IRUSR) == 0) {
		return;
	}
	fd = openat(look->fds, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, FIONREAD, &unread) != 0) {
		look->kernel->hidden = "what lies in a pipe cannot be read";
	} else if (unread > 0) {
		peek_pipe(look, fd, (size_t) unread);
	}
	if (fd >= 0) {
		close(fd);
	}
}

static void
peek_socket(struct look *look, int fd)
{
	uint8_t *bytes = memory_new(QUEUE_MAX, 1);
	ssize_t got = recv(fd, bytes, QUEUE_MAX, MSG_PEEK | MSG_DONTWAIT);
	socklen_t size = sizeof(int);
	int type = 0;

	if (got > 0) {
		add_bytes(look->kernel, bytes, (size_t) got);
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
		if (type != SOCK_STREAM || (size_t) got == QUEUE_MAX) {
			look->kernel->hidden =
			    "what lies in a local socket cannot all be read";
		}
	}
	free(bytes);
}

/* Of sockets only those within the machine carry addresses. */
static void
look_at_socket(struct look *look, const char *name)
{
	socklen_t size = sizeof(int);
	int domain = 0;
	int fd = (int) syscall(
	    SYS_pidfd_getfd, look->pid_fd, (int) strtol(name, NULL, 10), 0);

	if (fd < 0) {
		look->kernel->hidden =
		    "what lies in its sockets cannot be read";
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	    domain == AF_UNIX) {
		peek_socket(look, fd);
	}
	close(fd);
}

/*
 * What lies in a POSIX message queue nobody can see but who takes it out. That
 * something does, its file says: "QSIZE:8 NOTIFY:0 ...".
 */
static void
look_at_queue(struct look *look, const char *name)
{
	FILE *file = open_in(look->fds, name);
	unsigned long size = 0;

	if (file == NULL || fscanf(file, "QSIZE:%lu", &size) != 1 || size > 0) {
		look->kernel->hidden =
		    "what lies in a message queue cannot be read";
	}
	if (file != NULL) {
		fclose(file);
	}
}

/* Only the file systems know which file is a queue; its name is "/name". */
static bool
is_queue(const struct look *look, const char *name, const char *link)
{
	char path[sizeof("/proc//fd/") + 10 + NAME_MAX];
	struct statfs status;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", look->pid, name);
	return link[0] == '/' && strchr(link + 1, '/') == NULL &&
	    statfs(path, &status) == 0 && status.f_type == QUEUE_MAGIC;
}

/* A pipe with a name. Nobody far away is asked what kind of file it is. */
static bool
is_fifo(const struct look *look, const char *name, const char *link)
{
	struct statx status;

	return link[0] == '/' &&
	    statx(look->fds, name, AT_STATX_DONT_SYNC, STATX_TYPE, &status) ==
	    0 &&
	    S_ISFIFO(status.stx_mode);
}

static void
look_at_fd(struct look *look, const char *name)
{
	char link[64];
	ssize_t length = readlinkat(look->fds, name, link, sizeof(link) - 1);

	if (length <= 0) {
		return;
	}
	link[length] = '\0';
	if (strcmp(link, "anon_inode:[eventpoll]") == 0) {
		look_at_epoll(look, name);
	} else if (strcmp(link, "anon_inode:[io_uring]") == 0) {
		look->kernel->hidden = HIDDEN_IN_URING;
	} else if (strncmp(link, "pipe:", 5) == 0) {
		look_at_pipe(look, name);
	} else if (strncmp(link, "socket:", 7) == 0) {
		look_at_socket(look, name);
	} else if (is_fifo(look, name, link)) {
		look_at_pipe(look, name);
	} else if (is_queue(look, name, link)) {
		look_at_queue(look, name);
	}
}

static void
look_at_fds(struct look *look)
{
	struct dirent *entry;
	DIR *directory = fdopendir(dup(look->fds));

	if (directory == NULL) {
		look->kernel->hidden = "its descriptors cannot be listed";
		return;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (stop_is_over(look->stop)) {
			look->kernel->hidden = "it has too many descriptors";
			break;
		}
		if (entry->d_name[0] != '.') {
			look_at_fd(look, entry->d_name);
		}
	}
	closedir(directory);
}

/*
 * System V's queues have no descriptors: those count in which something lies
 * that the process has sent last. (One in another IPC namespace is not listed.)
 */
static void
look_at_sysv_queues(struct kernel *kernel, pid_t pid)
{
	FILE *file = fopen("/proc/sysvipc/msg", "re");
	unsigned long size;
	char line[256];
	int sender;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*d %*d %*o %lu %*u %d", &size, &sender) ==
			2 &&
		    size > 0 && sender == pid) {
			kernel->hidden =
			    "what lies in a message queue cannot be read";
		}
	}
	if (file != NULL) {
		fclose(file);
	}
}

/* ---- Timers and signals ------------------------------------------------ */

/* "signal: 34/00005581c2a3f2a0", for each timer */
static void
look_at_timers(struct look *look, int process)
{
	FILE *file = open_in(process, "timers");
	char line[256];
	uint64_t value;

	if (file == NULL) {
		look->kernel->hidden = "its timers cannot be listed";
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "signal: %*d/%" SCNx64, &value) == 1) {
			add_word(look->kernel, value);
		}
	}
	fclose(file);
}

/* Signals that wait to be taken may carry an address. */
static void
look_at_pending(
    struct kernel *kernel, const struct stop_thread *thread, uint32_t flags)
{
	siginfo_t infos[PENDING];
	struct __ptrace_peeksiginfo_args ask = { 0, flags, PENDING };
	long got;

	while (
	    (got = ptrace(PTRACE_PEEKSIGINFO, thread->tid, &ask, infos)) > 0) {
		add_bytes(kernel, (const uint8_t *) infos,
		    (size_t) got * sizeof(infos[0]));
		ask.off += (uint64_t) got;
	}
}

static void
look_at_all_pending(struct kernel *kernel, const struct stop *stop)
{
	for (size_t i = 0; i < stop->count; i++) {
		if (i == 0) {
			look_at_pending(kernel, &stop->threads[i],
			    PTRACE_PEEKSIGINFO_SHARED);
		}
		look_at_pending(kernel, &stop->threads[i], 0);
	}
}

static void
look_at_signals(struct look *look, int process)
{
	FILE *file = open_in(process, "status");
	char line[256];

	look->kernel->caught = UINT64_MAX;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "SigCgt: %" SCNx64, &look->kernel->caught) ==
		    1) {
			break;
		}
	}
	if (file != NULL) {
		fclose(file);
	}
}

void
kernel_look(struct kernel *kernel, const struct stop *stop)
{
	struct look look = {
		.kernel = kernel,
		.stop = stop,
		/* A main thread that has ended has no descriptors. */
		.pid = stop->count > 0 ? stop->threads[0].tid : stop->pid,
	};
	char path[64];
	int process;

	*kernel = (struct kernel) { 0 };
	snprintf(path, sizeof(path), "/proc/%d", look.pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	look.fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look.fdinfo =
	    openat(process, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look.pid_fd = (int) syscall(SYS_pidfd_open, stop->pid, 0);
	look_at_fds(&look);
	look_at_sysv_queues(kernel, stop->pid);
	look_at_signals(&look, process);
	look_at_all_pending(kernel, stop);
	close(process);
	snprintf(path, sizeof(path), "/proc/%d", stop->pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	look_at_timers(&look, process);
	close(process);
	close(look.fds);
	close(look.fdinfo);
	if (look.pid_fd >= 0) {
		close(look.pid_fd);
	}
}

void
kernel_look_at_maps(struct kernel *kernel, const struct image *image)
{
	for (size_t i = 0; i < image->map_count; i++) {
		const char *path = image->maps[i].path;

		if (strncmp(path, "/[aio]", 6) == 0) {
			kernel->hidden = "what it has given to io_submit() is "
					 "not to be seen";
		} else if (strcmp(path, "anon_inode:[io_uring]") == 0) {
			kernel->hidden = HIDDEN_IN_URING;
		}
	}
}

void
kernel_free(struct kernel *kernel)
{
	free(kernel->words);
	free(kernel->bytes);
	*kernel = (struct kernel) { 0 };
}
