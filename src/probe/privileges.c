/*
 * privileges.c: see privileges.h.
 *
 * setuid() is made to concern all threads by libc, which does not know the
 * agent. A user id that goes from root to another takes capabilities with it,
 * so the main thread's capabilities are all that has to be looked at.
 */
#include "probe/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "probe/init.h"
#include "probe/listener.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "probe/text.h"

static bool
get_capabilities(int tid, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = tid,
	};

	return sys(SYS_capget, &header, data) == 0;
}

/* The three numbers that follow `label` in /proc/PID/status. */
static bool
read_ids(const char *status, const char *label, uint32_t ids[3])
{
	const char *next;

	for (; (next = text_after(status, label)) == NULL; status++) {
		if (*status == '\0') {
			return false;
		}
	}
	for (int i = 0; i < 3; i++) {
		ids[i] = 0;
		for (; *next == ' ' || *next == '\t'; next++) {
		}
		for (; *next >= '0' && *next <= '9'; next++) {
			ids[i] = ids[i] * 10 + (uint32_t) (*next - '0');
		}
	}
	return true;
}

static void
follow_ids(void)
{
	char status[4096];
	uint32_t uids[3], gids[3];
	long fd = sys(
	    SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
	long size, dumpable;

	if (fd < 0) {
		return;
	}
	size = sys(SYS_read, fd, status, sizeof(status) - 1);
	sys(SYS_close, fd);
	if (size <= 0) {
		return;
	}
	status[size] = '\0';
	if (!read_ids(status, "\nUid:", uids) ||
	    !read_ids(status, "\nGid:", gids)) {
		return;
	}
	/* The kernel takes a change of ids as a reason to forbid core dumps. */
	dumpable = sys(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (uids[1] != 0) {
		sys(SYS_setgroups, 0, NULL);
	}
	sys(SYS_setresgid, gids[0], gids[1], gids[2]);
	sys(SYS_setresuid, uids[0], uids[1], uids[2]);
	sys(SYS_prctl, PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

void
privileges_follow(void)
{
	struct __user_cap_data_struct theirs[2] = { 0 }, own[2] = { 0 };
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	if (!get_capabilities(init_pid, theirs) || !get_capabilities(0, own) ||
	    __builtin_memcmp(theirs, own, sizeof(own)) == 0) {
		return;
	}
	/* The new user has a directory of his own for the socket. */
	listener_move();
	follow_ids();
	sys(SYS_capset, &header, theirs);
}
