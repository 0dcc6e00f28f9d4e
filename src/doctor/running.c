/* running.c: see running.h. */
#include "doctor/running.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/maps.h"
#include "client/client.h"
#include "client/connect.h"
#include "client/process.h"
#include "doctor/absence.h"
#include "doctor/company.h"
#include "doctor/ground.h"
#include "doctor/binary.h"
#include "doctor/mapped.h"
#include "doctor/thread.h"

#define AGENT "stranded-agent"

/* The probe follows descriptors up to this number. */
#define DESCRIPTOR_MAX (1 << 20)

/* As many descriptors of its own the agent may have open at a time. */
#define DESCRIPTORS_NEEDED 8

/* What is known of a process's threads, the agent's aside. */
struct crowd {
	unsigned int count;
	unsigned int confined; /* under a seccomp filter */
	bool agent;            /* it is among them */
	bool agent_confined;
	uint64_t blocked; /* the signals that all of them block */
	struct thread first;
};

static void
add_thread(struct crowd *crowd, const struct thread *thread)
{
	if (strcmp(thread->name, AGENT) == 0) {
		crowd->agent = true;
		crowd->agent_confined = thread->seccomp != 0;
		return;
	}
	crowd->blocked &= thread->blocked;
	crowd->confined += thread->seccomp != 0;
	crowd->count++;
}

static void
read_crowd(pid_t pid, struct crowd *crowd)
{
	char path[64];
	struct dirent *entry;
	struct thread thread;
	DIR *directory;

	*crowd = (struct crowd) { .blocked = ~UINT64_C(0) };
	thread_read(pid, process_alive(pid), &crowd->first);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		pid_t tid = (pid_t) strtol(entry->d_name, NULL, 10);

		if (tid > 0 && thread_read(pid, tid, &thread)) {
			add_thread(crowd, &thread);
		}
	}
	if (directory != NULL) {
		closedir(directory);
	}
}

/* ---- The probe --------------------------------------------------------- */

static void
check_agent(struct report *report, const struct crowd *crowd)
{
	if (crowd->agent) {
		report_add(
		    report, REPORT_OK, "agent", "the probe's thread is alive");
	} else if (crowd->confined > 0) {
		report_add(report, REPORT_PROBLEM, "agent",
		    "the probe's thread has ended: a seccomp filter was put "
		    "on all threads, and its system calls are not for it");
		report_remedy(report,
		    "start the program without that filter, to look at it");
	} else {
		report_add(report, REPORT_PROBLEM, "agent",
		    "the probe's thread is not there: it could not be made, "
		    "or the process is about to end");
		report_remedy(report,
		    "see whether the user may have more threads (`ulimit "
		    "-u`), and start the program again");
	}
}

/* Does the process run the library that this command would load? */
static void
check_version(
    struct report *report, const struct mapping *mapping, const char *probe)
{
	struct stat status;

	if (mapping == NULL) {
		report_add(report, REPORT_OK, "probe",
		    "the probe is in the process, under another name");
	} else if (strstr(mapping->path, " (deleted)") != NULL) {
		report_add(report, REPORT_NOTE, "probe",
		    "%s has been replaced since the program was started: the "
		    "old one goes on in it",
		    mapping->path);
		report_remedy(report, "start the program again");
	} else if (probe != NULL && stat(probe, &status) == 0 &&
	    status.st_ino != mapping->inode) {
		report_add(report, REPORT_NOTE, "probe",
		    "the probe in the process is %s, not the one of this "
		    "command, %s",
		    mapping->path, probe);
	} else {
		report_add(report, REPORT_OK, "probe",
		    "the probe is in the process: %s", mapping->path);
	}
}

/* ---- What the probe says ----------------------------------------------- */

/* False if the probe does not tell. */
static bool
check_tasks(struct report *report, struct client *client)
{
	struct failure failure;
	struct snapshot *snapshot = client_snapshot(client, 0, &failure);
	size_t unseen = 0;

	if (snapshot == NULL) {
		report_add(report, REPORT_PROBLEM, "tasks", "%s", failure.text);
		return false;
	}
	for (size_t i = 0; i < snapshot->task_count; i++) {
		unseen += (snapshot->tasks[i].flags & WIRE_TASK_KERNEL) != 0;
	}
	report_add(report, REPORT_OK, "tasks", "%zu task%s and %zu session%s",
	    snapshot->task_count, snapshot->task_count == 1 ? "" : "s",
	    snapshot->session_count, snapshot->session_count == 1 ? "" : "s");
	if (unseen > 0) {
		report_add(report, REPORT_NOTE, "tasks",
		    "%zu of them wait%s where the probe does not see it: what "
		    "for is the kernel's word, and the stack is cut where "
		    "more than that would be needed",
		    unseen, unseen == 1 ? "s" : "");
	}
	for (size_t i = 0; i < snapshot->uncovered_count && i < 8; i++) {
		report_add(report, REPORT_NOTE, "tasks",
		    "thread %u is not covered: %s", snapshot->uncovered[i].tid,
		    snapshot->uncovered[i].why);
	}
	if (snapshot->uncovered_count > 8) {
		report_add(report, REPORT_NOTE, "tasks",
		    "%zu threads are not covered in all",
		    snapshot->uncovered_count);
	}
	snapshot_free(snapshot);
	return true;
}

static const char *
signal_name(int number, char *text, size_t size)
{
	const char *name = sigabbrev_np(number);

	if (name != NULL) {
		snprintf(text, size, "SIG%s", name);
	} else {
		snprintf(text, size, "signal %d", number);
	}
	return text;
}

static void
check_signal(
    struct report *report, struct client *client, const struct crowd *crowd)
{
	struct wire_signal signal;
	struct failure failure;
	char name[24];

	if (client_signal(client, &signal, &failure) != 0) {
		report_add(report, REPORT_NOTE, "signal", "%s", failure.text);
		return;
	}
	if (signal.number == 0) {
		report_add(
		    report, REPORT_OK, "signal", "no signal asks for a dump");
		return;
	}
	signal_name((int) signal.number, name, sizeof(name));
	if ((signal.flags & WIRE_SIGNAL_TAKEN) == 0) {
		report_add(report, REPORT_NOTE, "signal",
		    "the program has taken %s back, past the probe, or is in "
		    "system(3), for which libc does so: it asks for no dump",
		    name);
		report_remedy(report,
		    "use `stranded dump`, or start it with another "
		    "--signal");
	} else if (thread_has_signal(crowd->blocked, (int) signal.number)) {
		report_add(report, REPORT_NOTE, "signal",
		    "all threads block %s: it asks for no dump until one "
		    "of them lets it through",
		    name);
		report_remedy(report,
		    "use `stranded dump`, or start it with another "
		    "--signal");
	} else {
		report_add(report, REPORT_OK, "signal", "%s asks for a dump%s",
		    name,
		    (signal.flags & WIRE_SIGNAL_CHAINED) != 0 ?
			", and the program's own handler runs as well" :
			"");
	}
}

/* ---- What the kernel says ---------------------------------------------- */

static void
check_state(struct report *report, pid_t pid, const struct crowd *crowd)
{
	char state = crowd->first.state;

	if (crowd->first.tracer != 0) {
		report_add(report, REPORT_NOTE, "process",
		    "process %d traces it, as a debugger does",
		    crowd->first.tracer);
	}
	if (state == 'T' || state == 't') {
		report_add(report, REPORT_PROBLEM, "process",
		    "it is stopped, and the probe's thread with it");
		report_remedy(report, "`kill -CONT %d` lets it go on", pid);
	}
}

static void
check_seccomp(struct report *report, const struct crowd *crowd)
{
	if (crowd->confined == 0) {
		return;
	}
	report_add(report, REPORT_NOTE, "seccomp",
	    "%u of %u threads are under a seccomp filter%s", crowd->confined,
	    crowd->count,
	    crowd->agent_confined ?
		", and the probe's thread is too: what the filter forbids "
		"it cannot do" :
		"; the probe's thread is not");
}

static void
check_namespaces(struct report *report, pid_t pid)
{
	static const struct {
		const char *file;
		const char *what;
	} kinds[] = {
		{ "pid", "it has its own numbers of processes" },
		{ "mnt", "it has its own file system" },
		{ "net", "it has its own network" },
		{ "user", "it has its own users" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char path[64];
		struct stat theirs;
		struct stat own;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s",
		    process_alive(pid), kinds[i].file);
		if (stat(path, &theirs) != 0) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].file);
		if (stat(path, &own) == 0 && own.st_ino != theirs.st_ino) {
			report_add(report, REPORT_NOTE, "namespace",
			    "%s (namespace %s:[%ju])", kinds[i].what,
			    kinds[i].file, (uintmax_t) theirs.st_ino);
		}
	}
}

/* Seen from here; one in another file system has its own root there. */
static void
check_root(struct report *report, pid_t pid)
{
	char link[64];
	char root[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/root", process_alive(pid));
	length = readlink(link, root, sizeof(root) - 1);
	root[length > 0 ? length : 0] = '\0';
	if (length > 1) {
		report_add(report, REPORT_NOTE, "root",
		    "its root directory is %s; the probe's thread has the one "
		    "that it was started with",
		    root);
	}
}

static void
check_descriptors(struct report *report, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	unsigned int above = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", process_alive(pid));
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		above += strtol(entry->d_name, NULL, 10) >= DESCRIPTOR_MAX;
	}
	if (directory != NULL) {
		closedir(directory);
	}
	if (above > 0) {
		report_add(report, REPORT_NOTE, "sessions",
		    "%u descriptors have numbers from %d upward: connections "
		    "there are no sessions",
		    above, DESCRIPTOR_MAX);
	}
}

static void
check_binary(struct report *report, pid_t pid)
{
	char path[64];
	char *exe = process_exe(pid);
	struct binary *binary;

	snprintf(path, sizeof(path), "/proc/%d/exe", process_alive(pid));
	binary = binary_open(path);
	if (binary != NULL) {
		company_check_binary(report, binary);
		company_check_symbols(report, binary);
	}
	if (strstr(exe, " (deleted)") != NULL) {
		report_add(report, REPORT_NOTE, "program",
		    "%s: its file has been replaced or removed since it was "
		    "started; stacks are unwound by what is in memory, and "
		    "have no names",
		    exe);
		report_remedy(report, "start the program again");
	}
	binary_close(binary);
	free(exe);
}

/* Why does it not answer? */
static void
check_limit(struct report *report, pid_t pid)
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0 &&
	    limit.rlim_cur < DESCRIPTORS_NEEDED) {
		report_add(report, REPORT_PROBLEM, "limits",
		    "it may open no descriptors with numbers from %ju upward, "
		    "nor may the probe's thread, which needs some of its own",
		    (uintmax_t) limit.rlim_cur);
		report_remedy(report,
		    "let the program leave itself a higher limit "
		    "(RLIMIT_NOFILE)");
	}
}

/* All that can be said once the probe is known to be there. */
static int
check_probe(struct report *report, pid_t pid, const struct crowd *crowd)
{
	struct failure failure;
	struct client *client;

	check_agent(report, crowd);
	client = client_open(pid, &failure);
	if (client == NULL) {
		report_add(
		    report, REPORT_PROBLEM, "socket", "%s", failure.text);
		check_limit(report, pid);
		return failure.status;
	}
	report_add(report, REPORT_OK, "socket",
	    "it answers, in version %u of the protocol",
	    client_hello(client)->version);
	if (check_tasks(report, client)) {
		check_signal(report, client, crowd);
	}
	client_close(client);
	return EXIT_DONE;
}

/* Is it there, and may we look at it? */
static int
find_process(struct report *report, pid_t pid, struct process *process)
{
	char user[64];

	if (process_read(pid, process) != 0 || process->state == 'Z' ||
	    process->state == 'X' || process->leader != pid) {
		return EXIT_NO_TARGET;
	}
	if (geteuid() != 0 && process->uids[0] != geteuid()) {
		connect_user(process->uids[0], user, sizeof(user));
		report_add(report, REPORT_PROBLEM, "process",
		    "process %d belongs to user %s", pid, user);
		report_remedy(report, "run this command as %s%s", user,
		    process->uids[0] != 0 ? " or as root" : "");
		return EXIT_NO_TARGET;
	}
	return EXIT_DONE;
}

int
running_check(struct report *report, pid_t pid, const char *probe)
{
	struct process process;
	struct crowd crowd;
	struct maps maps;
	const struct mapping *mapping;
	struct failure failure;
	bool present;
	int status = find_process(report, pid, &process);

	if (status != EXIT_DONE) {
		return status;
	}
	if (maps_read(pid, &maps) != 0) {
		report_add(report, REPORT_PROBLEM, "process",
		    "the map of process %d cannot be read: %s", pid,
		    strerror(errno));
		report_remedy(
		    report, "run this command as root, with CAP_SYS_PTRACE");
		return EXIT_NO_TARGET;
	}
	read_crowd(pid, &crowd);
	mapping = mapped_probe(&maps);
	present = mapping != NULL || client_reach(pid, &failure) == 0;
	check_state(report, pid, &crowd);
	if (present) {
		check_version(report, mapping, probe);
		status = check_probe(report, pid, &crowd);
	} else {
		absence_explain(report, pid, probe);
		status = EXIT_NO_TARGET;
	}
	check_seccomp(report, &crowd);
	check_namespaces(report, pid);
	check_root(report, pid);
	check_descriptors(report, pid);
	mapped_check(report, &maps);
	check_binary(report, pid);
	ground_check_memory(report, ground_scope(), ground_is_capable());
	maps_free(&maps);
	if (status == EXIT_DONE && report_count(report, REPORT_PROBLEM) > 0) {
		status = EXIT_FAILED;
	}
	return status;
}
