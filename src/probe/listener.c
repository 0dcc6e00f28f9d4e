/*
 * listener.c: see listener.h.
 *
 * The directory must be the user's own and closed to others; a link in its
 * place is not followed. What stands in the socket's place is only removed if
 * it is a socket too, at which nobody listens: one that an earlier process of
 * the same number has left.
 *
 * A process may end while its agent is about to make the socket, and would
 * leave it behind. Of the two whoever comes second sees the other: the agent
 * makes none any more, or the end waits until it is made, for a moment at most.
 */
#include "probe/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "common/place.h"
#include "probe/config.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "probe/text.h"

#define BACKLOG        16
#define LOOK_AGAIN_NS  (10 * NS_PER_SECOND)
#define MOMENT_NS      (100 * NS_PER_MS)
#define PLACE_PATH_MAX (PLACE_MAX + PLACE_NAME_MAX)

int listener_fd = -1;

static char path[PLACE_PATH_MAX]; /* of the socket; "": there is none */
static uint64_t inode;            /* of its file */
static int64_t next_look;         /* when to look at it again */
static uint32_t making;           /* a futex: 1 while it is being made */
static uint32_t removed;          /* the process ends */
static bool moved;                /* the process has changed its user */

static bool
is_own_directory(const char *directory)
{
	struct stat status;

	return sys(SYS_newfstatat, AT_FDCWD, directory, &status,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode) &&
	    status.st_uid == (uid_t) sys(SYS_geteuid) &&
	    (status.st_mode & 077) == 0;
}

static bool
have_directory(const char *directory)
{
	if (sys(SYS_mkdirat, AT_FDCWD, directory, 0700) == 0) {
		/* The umask may have taken our own rights away. */
		sys(SYS_fchmodat, AT_FDCWD, directory, 0700);
	}
	return is_own_directory(directory);
}

static bool
find_directory(char *directory, size_t size)
{
	uint32_t uid = (uint32_t) sys(SYS_geteuid);

	if (config.directory[0] != '\0') {
		text_copy(directory, config.directory, size);
		if (have_directory(directory) || !moved) {
			return is_own_directory(directory);
		}
		/* It is the former user's: nobody else may use it. */
	}
	for (unsigned int i = 0; i < PLACE_COUNT; i++) {
		if (place_directory(i, uid, directory, size) > 0 &&
		    have_directory(directory)) {
			return true;
		}
	}
	return false;
}

static uint64_t
socket_inode(const char *at)
{
	struct stat status;

	return sys(SYS_newfstatat, AT_FDCWD, at, &status,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISSOCK(status.st_mode) ?
	    status.st_ino :
	    0;
}

/*
 * The address of `name` in `directory`. A path that is too long for a socket's
 * address is shortened through the descriptor of its directory, `*held`.
 */
static bool
make_address(struct sockaddr_un *address, const char *directory, int *held)
{
	char name[PLACE_NAME_MAX];
	struct text text;

	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	*held = -1;
	if (place_socket(directory, (uint32_t) init_pid, address->sun_path,
		sizeof(address->sun_path)) > 0) {
		return true;
	}
	*held = (int) sys(
	    SYS_openat, AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*held < 0) {
		return false;
	}
	text_begin(&text, address->sun_path, sizeof(address->sun_path));
	text_add(&text, "/proc/thread-self/fd/");
	text_add_number(&text, (uint64_t) *held);
	text_add(&text, "/");
	place_name((uint32_t) init_pid, name, sizeof(name));
	text_add(&text, name);
	return !text.overflowed;
}

/*
 * What stands in our place is only removed if nobody listens there: it may be
 * the socket of a process that has our number in another pid namespace.
 */
static void
clear_place(const struct sockaddr_un *address)
{
	int fd;

	if (socket_inode(address->sun_path) == 0) {
		return;
	}
	fd = (int) sys(
	    SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sys(SYS_connect, fd, address, sizeof(*address)) == -ECONNREFUSED) {
		sys(SYS_unlinkat, AT_FDCWD, address->sun_path, 0);
	}
	sys(SYS_close, fd);
}

static int
listen_at(const char *directory)
{
	struct sockaddr_un address;
	int held;
	int fd = (int) sys(
	    SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return -1;
	}
	if (!make_address(&address, directory, &held)) {
		sys(SYS_close, fd);
		return -1;
	}
	clear_place(&address);
	if (sys(SYS_bind, fd, &address, sizeof(address)) != 0 ||
	    sys(SYS_listen, fd, BACKLOG) != 0) {
		sys(SYS_close, fd);
		fd = -1;
	}
	if (held >= 0) {
		sys(SYS_close, held);
	}
	return fd;
}

static void
open_socket(void)
{
	char directory[PLACE_MAX];
	char at[PLACE_PATH_MAX];
	int fd;

	if (!find_directory(directory, sizeof(directory)) ||
	    place_socket(directory, (uint32_t) init_pid, at, sizeof(at)) == 0) {
		return;
	}
	fd = listen_at(directory);
	if (fd >= 0) {
		text_copy(path, at, sizeof(path));
		inode = socket_inode(path);
		listener_fd = fd;
	}
}

void
listener_keep(int64_t now)
{
	if (now < next_look) {
		return;
	}
	next_look = now + LOOK_AGAIN_NS;
	if (listener_fd >= 0 && socket_inode(path) != inode) {
		/* Somebody has tidied up: nobody could find us any more. */
		sys(SYS_close, listener_fd);
		listener_fd = -1;
	}
	if (listener_fd < 0) {
		__atomic_store_n(&making, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&removed, __ATOMIC_SEQ_CST)) {
			open_socket();
		}
		store_release(&making, 0);
		sys(SYS_futex, &making, FUTEX_WAKE_PRIVATE, 1);
	}
}

void
listener_remove(void)
{
	struct timespec limit = { 0, MOMENT_NS };

	__atomic_store_n(&removed, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&making, __ATOMIC_SEQ_CST)) {
		sys(SYS_futex, &making, FUTEX_WAIT_PRIVATE, 1, &limit);
	}
	if (path[0] != '\0' && socket_inode(path) == inode) {
		sys(SYS_unlinkat, AT_FDCWD, path, 0);
	}
	path[0] = '\0';
}

void
listener_move(void)
{
	moved = true;
	if (path[0] != '\0' && socket_inode(path) == inode) {
		sys(SYS_unlinkat, AT_FDCWD, path, 0);
	}
	path[0] = '\0';
	if (listener_fd >= 0) {
		sys(SYS_close, listener_fd);
		listener_fd = -1;
	}
	next_look = 0;
}

void
listener_reset(void)
{
	listener_fd = -1;
	path[0] = '\0';
	next_look = 0;
	making = 0;
	removed = 0;
}
