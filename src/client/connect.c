/*
 * connect.c: see connect.h.
 *
 * A process that has changed its user since the probe was loaded still listens
 * where it did, so the places of all its uids are tried, and root's. One that
 * lives in a container or a chroot listens in its own file system, which is
 * seen through /proc/PID/root.
 */
#include "client/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client/stream.h"
#include "common/place.h"

/* How often, and how far apart, a probe that is just beginning is tried. */
#define BEGIN_TRIES    20
#define BEGIN_PAUSE_MS 50

/* How long to try if the probe has more callers than it lets wait. */
#define BUSY_MS 5000

/* The users whose directories are looked at: the target's, root, the caller. */
#define USERS (PROCESS_UIDS + 2)

struct search {
	const struct process *process;
	uid_t uids[USERS];
	char why[512]; /* the first thing that looked like an answer; or "" */
};

static int
refuse(int fd, int error)
{
	close(fd);
	errno = error;
	return -1;
}

static bool
is_among(uid_t uid, const uid_t *uids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (uids[i] == uid) {
			return true;
		}
	}
	return uid == 0 || uid == geteuid();
}

int
connect_directory(const char *path, const uid_t *uids, size_t count)
{
	struct stat status;
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return -1;
	}
	if (fstat(fd, &status) != 0) {
		return refuse(fd, errno);
	}
	if ((status.st_mode & 077) != 0 ||
	    !is_among(status.st_uid, uids, count)) {
		return refuse(fd, EPERM);
	}
	return fd;
}

/* connect(), and again while the queue of those that wait is full. */
static int
connect_patiently(int fd, const struct sockaddr_un *address)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int64_t deadline = stream_now() + BUSY_MS;

	while (connect(fd, (const void *) address, sizeof(*address)) != 0) {
		if (errno != EAGAIN && errno != EINTR) {
			return -1;
		}
		if (stream_now() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
connect_socket(int directory, const char *name, struct ucred *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(*peer);
	struct stat status;
	int fd;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
		return -1;
	}
	if (!S_ISSOCK(status.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	/* An address holds 108 bytes, whatever the directory's path may be. */
	snprintf(address.sun_path, sizeof(address.sun_path),
	    "/proc/self/fd/%d/%s", directory, name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	if (connect_patiently(fd, &address) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) != 0) {
		return refuse(fd, errno);
	}
	return fd;
}

void
connect_user(uid_t uid, char *name, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL) {
		snprintf(name, size, "%s", user->pw_name);
	} else {
		snprintf(name, size, "%u", uid);
	}
}

const char *
connect_chosen(void)
{
	const char *chosen = getenv(PLACE_VARIABLE);

	/* The probe does not take an empty one for a choice either. */
	return chosen != NULL && chosen[0] != '\0' ? chosen : NULL;
}

int
connect_refused(const char *path, int error, struct failure *failure)
{
	switch (error) {
	case ENOENT:
		return failure_set(failure, EXIT_NO_TARGET,
		    "there is no directory %.200s, which %s names", path,
		    PLACE_VARIABLE);
	case EPERM:
		return failure_set(failure, EXIT_FAILED,
		    "%.200s is not a private directory (mode 0700) of the "
		    "user whose processes are asked for: remove it, or let "
		    "%s name another for both sides",
		    path, PLACE_VARIABLE);
	case ENOTDIR:
	case ELOOP:
		return failure_set(failure, EXIT_FAILED,
		    "%.200s is no directory, something else has taken its "
		    "place: remove it, or let %s name another for both sides",
		    path, PLACE_VARIABLE);
	case EACCES:
		return failure_set(failure, EXIT_FAILED,
		    "cannot look into %.200s: %s: run this command as the user "
		    "of the process, or as root with CAP_SYS_PTRACE",
		    path, strerror(error));
	default:
		return failure_set(failure, EXIT_FAILED,
		    "cannot look into %.200s: %s", path, strerror(error));
	}
}

/* Keeps the reason why a directory is of no use. */
static void
explain_directory(struct search *search, const char *directory, int error)
{
	const char *chosen = connect_chosen();
	struct failure failure;

	/* That one of the usual places is not there means nothing. */
	if (search->why[0] != '\0' ||
	    (error == ENOENT &&
		(chosen == NULL || strcmp(chosen, directory) != 0))) {
		return;
	}
	connect_refused(directory, error, &failure);
	if (error == ENOENT) {
		snprintf(search->why, sizeof(search->why),
		    "process %d is not under the probe, or hidden: %.400s",
		    search->process->pid, failure.text);
	} else {
		snprintf(search->why, sizeof(search->why), "%s", failure.text);
	}
}

/*
 * Was the socket made before the process was started? Then another has left it
 * that had the same number. The clock of files lags a little.
 */
static bool
is_older(int directory, const char *name, pid_t pid)
{
	struct stat status;

	return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    status.st_mtime + 2 < process_started(pid);
}

/* Keeps the reason why there is no connection by way of `directory`. */
static void
explain(
    struct search *search, const char *directory, const char *name, int error)
{
	pid_t pid = search->process->pid;
	char *why = search->why;
	size_t size = sizeof(search->why);

	/* In somebody else's directory we see as little as in none. */
	if (why[0] != '\0' || error == ENOENT || error == EACCES) {
		return;
	}
	switch (error) {
	case ESRCH:
		snprintf(why, size,
		    "another process than %d listens at %s/%s, perhaps one "
		    "with the same number in another pid namespace: let %s "
		    "name another directory for one of them",
		    pid, directory, name, PLACE_VARIABLE);
		break;
	case ENOTSOCK:
		snprintf(why, size,
		    "%s/%s is not the socket of the probe in "
		    "process %d, something else has taken its place: remove "
		    "it, and start the process again",
		    directory, name, pid);
		break;
	case ECONNREFUSED:
		snprintf(why, size,
		    "nobody listens at %s/%s: process %d had a probe there, "
		    "and has shut it out, or has executed another program; "
		    "`stranded doctor %d` says which",
		    directory, name, pid, pid);
		break;
	case ETIMEDOUT:
		snprintf(why, size,
		    "the probe in process %d does not answer: `stranded "
		    "doctor %d` may know why",
		    pid, pid);
		break;
	default:
		snprintf(why, size, "cannot connect to %s/%s: %s", directory,
		    name, strerror(error));
	}
}

/* Tries one directory; a connected socket or -1. */
static int
try_directory(struct search *search, const char *path)
{
	char name[PLACE_NAME_MAX];
	struct ucred peer;
	pid_t pid = search->process->pid;
	int directory = connect_directory(path, search->uids, USERS);
	int error;
	int fd;

	place_name((uint32_t) search->process->inner, name, sizeof(name));
	if (directory < 0) {
		explain_directory(search, path, errno);
		return -1;
	}
	fd = connect_socket(directory, name, &peer);
	if (fd < 0) {
		error = errno;
		if (error != ECONNREFUSED || !is_older(directory, name, pid)) {
			explain(search, path, name, error);
		}
	} else if (peer.pid != pid) {
		explain(search, path, name, ESRCH);
		close(fd);
		fd = -1;
	}
	close(directory);
	return fd;
}

/* Tries all places in the file system whose root is at `root`. */
static int
try_places(struct search *search, const char *root)
{
	const char *chosen = connect_chosen();
	char place[PLACE_MAX];
	char path[PLACE_MAX + 64];
	int fd = -1;

	if (chosen != NULL && (chosen[0] == '/' || root[0] == '\0')) {
		snprintf(path, sizeof(path), "%s%s", root, chosen);
		fd = try_directory(search, path);
	}
	for (unsigned int i = 0; fd < 0 && i < USERS * PLACE_COUNT; i++) {
		place_directory(i % PLACE_COUNT, search->uids[i / PLACE_COUNT],
		    place, sizeof(place));
		snprintf(path, sizeof(path), "%s%s", root, place);
		fd = try_directory(search, path);
	}
	return fd;
}

/* It is somebody else's process: whether it has a probe cannot be seen. */
static int
not_allowed(const struct process *process, struct failure *failure)
{
	char user[64];

	connect_user(process->uids[0], user, sizeof(user));
	return failure_set(failure, EXIT_NO_TARGET,
	    "process %d belongs to user %s: run this as %s%s", process->pid,
	    user, user, process->uids[0] != 0 ? " or as root" : "");
}

static int
not_found(const struct search *search, struct failure *failure)
{
	const struct process *process = search->process;

	if (geteuid() != 0 && process->uids[0] != geteuid()) {
		return not_allowed(process, failure);
	}
	if (search->why[0] != '\0') {
		return failure_set(failure, EXIT_NO_TARGET, "%s", search->why);
	}
	return failure_set(failure, EXIT_NO_TARGET,
	    "process %d is not under the probe: start it with `stranded run`, "
	    "or with LD_PRELOAD=/path/to/libstranded.so",
	    process->pid);
}

/* Tries all places, as the caller sees them and as the process does. */
static int
try_all(struct search *search)
{
	char root[64];
	int fd = try_places(search, "");

	if (fd < 0) {
		snprintf(root, sizeof(root), "/proc/%d/root",
		    process_alive(search->process->pid));
		fd = try_places(search, root);
	}
	return fd;
}

/* Is it just being started? The probe is there then, and will listen soon. */
static bool
is_beginning(const struct search *search)
{
	return search->why[0] == '\0' &&
	    process_has_mapped(search->process->pid, "/libstranded.so");
}

int
connect_process(const struct process *process, struct failure *failure)
{
	const struct timespec pause = { 0, BEGIN_PAUSE_MS * 1000000 };
	struct search search = { .process = process };
	int fd;

	for (int i = 0; i < PROCESS_UIDS; i++) {
		search.uids[i] = process->uids[i];
	}
	search.uids[PROCESS_UIDS] = 0;
	search.uids[PROCESS_UIDS + 1] = geteuid();
	fd = try_all(&search);
	for (int i = 0; fd < 0 && i < BEGIN_TRIES && is_beginning(&search);
	     i++) {
		nanosleep(&pause, NULL);
		fd = try_all(&search);
	}
	return fd >= 0 ? fd : not_found(&search, failure);
}
