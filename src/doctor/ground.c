/* ground.c: see ground.h. */
#include "doctor/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/memory.h"
#include "common/place.h"
#include "common/signals.h"

/* ---- The environment --------------------------------------------------- */

void
ground_check_preload(struct report *report, const char *value)
{
	if (value == NULL || value[0] == '\0') {
		return;
	}
	if (strstr(value, "libstranded.so") != NULL) {
		report_add(report, REPORT_OK, "preload",
		    "LD_PRELOAD names the probe already: %s", value);
		return;
	}
	report_add(report, REPORT_NOTE, "preload",
	    "LD_PRELOAD names other libraries (%s), which `stranded run` "
	    "loads after the probe: calls that one of them answers by itself "
	    "are seen, calls that it makes past libc are not",
	    value);
}

void
ground_check_signal(struct report *report, const char *value)
{
	int number = signals_number(value != NULL ? value : SIGNALS_DEFAULT);

	if (number < 0) {
		report_add(report, REPORT_NOTE, "signal",
		    "STRANDED_SIGNAL is \"%s\", which is no signal that can "
		    "ask for a dump: none does",
		    value);
		report_remedy(
		    report, "name one as in STRANDED_SIGNAL=USR2, or `none`");
	} else if (number == 0) {
		report_add(report, REPORT_OK, "signal",
		    "no signal asks for a dump: STRANDED_SIGNAL is %s", value);
	} else {
		report_add(report, REPORT_OK, "signal",
		    "SIG%s asks for a dump, and ends nothing; a handler that "
		    "the program has for it runs as well",
		    sigabbrev_np(number) != NULL ? sigabbrev_np(number) :
						   "RTMIN+n");
	}
}

/* The directory that a path lies in; malloc'ed. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return memory_print(".");
	}
	return memory_print(
	    "%.*s", slash > path ? (int) (slash - path) : 1, path);
}

void
ground_check_dump(struct report *report, const char *value)
{
	char *directory;

	if (value == NULL || value[0] == '\0') {
		return;
	}
	directory = directory_of(value);
	if (access(value, W_OK) == 0 ||
	    (errno == ENOENT && access(directory, W_OK | X_OK) == 0)) {
		report_add(report, REPORT_OK, "dumps",
		    "dumps that the signal asks for go to %s", value);
	} else {
		report_add(report, REPORT_NOTE, "dumps",
		    "STRANDED_DUMP names %s, which cannot be written to: %s",
		    value, strerror(errno));
		report_remedy(report, "name another file");
	}
	free(directory);
}

/* ---- The socket's place ------------------------------------------------ */

/* Why no socket can be made in the directory, which need not be there yet. */
static const char *
unfit(const char *path, uid_t uid)
{
	char *above = directory_of(path);
	bool there = true;
	struct stat status;
	struct statvfs space;
	const char *why = NULL;

	if (lstat(path, &status) != 0) {
		there = false;
		why = access(above, W_OK | X_OK) != 0 ? strerror(errno) : NULL;
	} else if (!S_ISDIR(status.st_mode)) {
		why = "something else has taken its place";
	} else if (status.st_uid != uid || (status.st_mode & 077) != 0) {
		why = "it is not a private directory (mode 0700) of the user";
	} else if (access(path, W_OK | X_OK) != 0) {
		why = strerror(errno);
	}
	if (why == NULL && statvfs(there ? path : above, &space) == 0) {
		if ((space.f_flag & ST_RDONLY) != 0) {
			why = strerror(EROFS);
		} else if (space.f_blocks != 0 && space.f_bfree == 0) {
			why = "the file system is full";
		}
	}
	free(above);
	return why;
}

void
ground_check_place(struct report *report, const char *chosen, uid_t uid)
{
	char path[PLACE_MAX];
	const char *why = NULL;

	if (chosen != NULL && chosen[0] != '\0') {
		snprintf(path, sizeof(path), "%s", chosen);
		why = unfit(path, uid);
	} else {
		for (unsigned int i = 0; i < PLACE_COUNT; i++) {
			place_directory(i, uid, path, sizeof(path));
			why = unfit(path, uid);
			if (why == NULL) {
				break;
			}
		}
	}
	if (why == NULL) {
		report_add(report, REPORT_OK, "socket",
		    "the probe listens in %s", path);
		return;
	}
	report_add(report, REPORT_PROBLEM, "socket",
	    "the probe cannot listen in %s: %s; nothing but a signal could "
	    "ask for a dump",
	    path, why);
	report_remedy(report,
	    "let " PLACE_VARIABLE " name a directory of the user's own with "
	    "mode 0700, for the program and for this command");
}

/* ---- The machine ------------------------------------------------------- */

int
ground_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = -1;

	if (file != NULL) {
		if (fscanf(file, "%d", &scope) != 1) {
			scope = -1;
		}
		fclose(file);
	}
	return scope;
}

bool
ground_is_capable(void)
{
	struct __user_cap_data_struct data[2] = { { 0 } };
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capget, &header, data) == 0 &&
	    (data[0].effective & (1u << CAP_SYS_PTRACE)) != 0;
}

void
ground_check_memory(struct report *report, int scope, bool capable)
{
	if (scope == 3) {
		report_add(report, REPORT_NOTE, "memory",
		    "kernel.yama.ptrace_scope is 3: nobody may read the "
		    "memory of another process, not even root, so a leak can "
		    "be suspected but not proved by it");
		report_remedy(
		    report, "only a reboot with another setting changes that");
	} else if (scope >= 1 && !capable) {
		report_add(report, REPORT_NOTE, "memory",
		    "kernel.yama.ptrace_scope is %d: you may not read the "
		    "memory of the process, so a leak can be suspected but "
		    "not proved by it",
		    scope);
		report_remedy(
		    report, "run this command as root, or with CAP_SYS_PTRACE");
	} else {
		report_add(report, REPORT_OK, "memory",
		    "you may read the memory of a process of your own");
	}
}

/* The probe's thread counts as one of the user's processes. */
static void
check_limits(struct report *report)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) == 0 && geteuid() != 0 &&
	    limit.rlim_cur <= 2) {
		report_add(report, REPORT_PROBLEM, "limits",
		    "the user may have %llu processes and threads: the probe "
		    "needs one thread",
		    (unsigned long long) limit.rlim_cur);
		report_remedy(report, "raise it with `ulimit -u`");
	}
}

void
ground_check(struct report *report)
{
	ground_check_preload(report, getenv("LD_PRELOAD"));
	ground_check_signal(report, getenv("STRANDED_SIGNAL"));
	ground_check_dump(report, getenv("STRANDED_DUMP"));
	ground_check_place(report, getenv(PLACE_VARIABLE), geteuid());
	check_limits(report);
	ground_check_memory(report, ground_scope(), ground_is_capable());
}
