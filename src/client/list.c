/*
 * list.c: which processes are under the probe. See client.h.
 *
 * Found by their sockets: in the directory that the environment names, if it
 * does; else in the caller's own directories, or in everybody's, if the caller
 * is root. A process in a container has its socket there, where no list finds
 * it, but it can be named by its pid.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client.h"
#include "client/connect.h"
#include "client/memory.h"
#include "client/process.h"
#include "common/place.h"

struct list {
	struct target *targets;
	size_t count;
	size_t room;
};

static void
list_add(struct list *list, pid_t pid)
{
	struct target *target;

	list->targets = memory_grow(
	    list->targets, list->count, &list->room, sizeof(*list->targets));
	target = &list->targets[list->count++];
	target->pid = pid;
	process_name(pid, target->name, sizeof(target->name));
	process_comm(pid, target->comm, sizeof(target->comm));
}

/* The pid in "<pid>.sock", or 0 if that is not what the name is like. */
static pid_t
socket_pid(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return isdigit((unsigned char) name[0]) && pid > 0 &&
		pid <= INT32_MAX && strcmp(end, ".sock") == 0 ?
	    (pid_t) pid :
	    0;
}

/*
 * Removes a socket that a killed process has left behind. Nobody may listen
 * there yet because its process has only just made it, so that must be gone.
 */
static void
remove_stale(int directory, const char *name)
{
	struct stat status;

	if (fstat(directory, &status) == 0 && status.st_uid == geteuid() &&
	    kill(socket_pid(name), 0) != 0 && errno == ESRCH) {
		unlinkat(directory, name, 0);
	}
}

static void
look_at_socket(struct list *list, int directory, const char *name)
{
	struct ucred peer;
	int fd;

	if (socket_pid(name) == 0) {
		return;
	}
	fd = connect_socket(directory, name, &peer);
	if (fd >= 0) {
		close(fd);
		/* 0: of a pid namespace that we cannot see into. */
		if (peer.pid > 0) {
			list_add(list, peer.pid);
		}
	} else if (errno == ECONNREFUSED) {
		remove_stale(directory, name);
	}
}

/* Returns 0, or the error number for which the directory is of no use. */
static int
look_at_directory(struct list *list, const char *path, uid_t owner)
{
	int fd = connect_directory(path, &owner, 1);
	char itself[32];
	struct dirent *entry;
	DIR *directory;

	if (fd < 0) {
		return errno;
	}
	/* Opened by its descriptor: it is the one that was checked. */
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", fd);
	directory = opendir(itself);
	if (directory != NULL) {
		while ((entry = readdir(directory)) != NULL) {
			look_at_socket(list, fd, entry->d_name);
		}
		closedir(directory);
	}
	close(fd);
	return 0;
}

/* The places of one user. */
static void
look_at_user(struct list *list, uid_t uid)
{
	char path[PLACE_MAX];

	for (unsigned int i = 0; i < PLACE_COUNT; i++) {
		place_directory(i, uid, path, sizeof(path));
		look_at_directory(list, path, uid);
	}
}

/* The uid that ends the path "/run/user/1000" or "/tmp/stranded-1000". */
static bool
path_uid(const char *path, uid_t *uid)
{
	const char *digits = path + strcspn(path, "0123456789");
	char *end;
	unsigned long number = strtoul(digits, &end, 10);

	*uid = (uid_t) number;
	return end != digits && *end == '\0' && number < UINT32_MAX;
}

/* The places of all users, for root; its own are among them. */
static void
look_at_everybody(struct list *list)
{
	glob_t paths;
	uid_t uid;

	glob("/tmp/stranded-*", 0, NULL, &paths);
	glob("/run/user/*", GLOB_APPEND, NULL, &paths);
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		if (path_uid(paths.gl_pathv[i], &uid)) {
			look_at_user(list, uid);
		}
	}
	globfree(&paths);
}

static int
target_order(const void *left, const void *right)
{
	const struct target *a = left;
	const struct target *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* Sorts by pid, and drops what was found twice. */
static void
list_sort(struct list *list)
{
	size_t kept = 0;

	if (list->count == 0) {
		return;
	}
	qsort(list->targets, list->count, sizeof(*list->targets), target_order);
	for (size_t i = 1; i < list->count; i++) {
		if (list->targets[i].pid != list->targets[kept].pid) {
			list->targets[++kept] = list->targets[i];
		}
	}
	list->count = kept + 1;
}

struct target *
client_list(size_t *count, struct failure *failure)
{
	const char *chosen = connect_chosen();
	struct list list = { 0 };
	int error;

	failure->status = 0;
	if (chosen != NULL) {
		error = look_at_directory(&list, chosen, geteuid());
		if (error != 0) {
			connect_refused(chosen, error, failure);
		}
	} else if (geteuid() == 0) {
		look_at_everybody(&list);
	} else {
		look_at_user(&list, geteuid());
	}
	list_sort(&list);
	*count = list.count;
	return list.targets;
}

/* ---- Finding one ------------------------------------------------------- */

/* "12 (server), 34 (server), ...", as far as it fits. */
static void
enumerate(const struct target *targets, size_t count, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < size - 100; i++) {
		used += (size_t) snprintf(text + used, size - used, "%s%d (%s)",
		    i > 0 ? ", " : "", targets[i].pid, targets[i].name);
	}
}

/* Keeps of the targets those that `word` names; returns how many. */
static size_t
keep_named(struct target *targets, size_t count, const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(targets[i].comm, word) == 0 ||
		    strcmp(targets[i].name, word) == 0 ||
		    process_is_called(targets[i].pid, word)) {
			targets[kept++] = targets[i];
		}
	}
	return kept;
}

static pid_t
choose(const struct target *targets, size_t count, const char *word,
    struct failure *failure)
{
	char text[400];

	if (count == 1) {
		return targets[0].pid;
	}
	if (count > 1) {
		enumerate(targets, count, text, sizeof(text));
		return failure_set(failure, EXIT_USAGE,
		    "several processes are under the probe, name one by its "
		    "pid: %s",
		    text);
	}
	if (word != NULL && connect_chosen() != NULL) {
		return failure_set(failure, EXIT_NO_TARGET,
		    "no process called \"%.100s\" has its probe in the "
		    "directory that %s names: `stranded ps` lists those that "
		    "have, and one elsewhere is found by its pid",
		    word, PLACE_VARIABLE);
	}
	if (word != NULL) {
		return failure_set(failure, EXIT_NO_TARGET,
		    "no process called \"%.100s\" is under the probe: "
		    "`stranded ps` lists those that are",
		    word);
	}
	return failure_set(failure, EXIT_NO_TARGET,
	    "no process is under the probe: start one with `stranded run`");
}

/* A word of digits is a pid; 0 if it is none, and -1 if it cannot be one. */
static pid_t
parse_pid(const char *word, struct failure *failure)
{
	char *end;
	long pid = strtol(word, &end, 10);

	if (!isdigit((unsigned char) word[0]) || *end != '\0') {
		return 0;
	}
	if (pid < 1 || pid > INT32_MAX) {
		return failure_set(
		    failure, EXIT_NO_TARGET, "there is no process %.40s", word);
	}
	return (pid_t) pid;
}

pid_t
client_find(const char *word, struct failure *failure)
{
	struct target *targets;
	size_t count;
	pid_t pid = word != NULL ? parse_pid(word, failure) : 0;

	if (pid != 0) {
		return pid;
	}
	targets = client_list(&count, failure);
	if (failure->status != 0) {
		free(targets);
		return -1;
	}
	if (word != NULL) {
		count = keep_named(targets, count, word);
	}
	pid = choose(targets, count, word, failure);
	free(targets);
	return pid;
}
