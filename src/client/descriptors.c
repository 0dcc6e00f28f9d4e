/*
 * descriptors.c: see descriptors.h.
 *
 * Ten thousand tasks may wait on as many sockets. Each descriptor is looked at
 * once, and the kernel's tables of sockets are read once, and only those that
 * there is a socket for; they are of the target's network namespace.
 */
#include "client/descriptors.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/process.h"
#include "client/sockets.h"
#include "client/text.h"

#define UNIX_LISTENS 0x10000u /* a flag in the table of Unix sockets */

struct descriptor {
	uint64_t fd;
	uint64_t inode; /* of the socket that it is, or 0 */
	char *name;     /* NULL: not known */
};

struct descriptors {
	struct descriptor *list; /* by number; later by inode */
	size_t count;
	pid_t pid;
	size_t sockets; /* that have no name yet */
};

/* ---- Which there are --------------------------------------------------- */

static int
compare_fds(const void *left, const void *right)
{
	const struct descriptor *a = left;
	const struct descriptor *b = right;

	return (a->fd > b->fd) - (a->fd < b->fd);
}

static int
compare_inodes(const void *left, const void *right)
{
	const struct descriptor *a = left;
	const struct descriptor *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* Each once, in order. */
static void
collect(struct descriptors *all, const struct snapshot *snapshot)
{
	size_t kept = 0;

	all->list = memory_new(snapshot->task_count, sizeof(*all->list));
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if ((task->flags & WIRE_TASK_FD) && task->object <= INT_MAX) {
			all->list[all->count++].fd = task->object;
		}
	}
	qsort(all->list, all->count, sizeof(*all->list), compare_fds);
	for (size_t i = 0; i < all->count; i++) {
		if (kept == 0 || all->list[i].fd != all->list[kept - 1].fd) {
			all->list[kept++] = all->list[i];
		}
	}
	all->count = kept;
}

/* ---- What is not a socket ---------------------------------------------- */

/* How many descriptors an epoll waits for: a line each. */
static char *
epoll_name(pid_t pid, uint64_t fd)
{
	char path[64];
	char line[256];
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, (int) fd);
	file = fopen(path, "re");
	if (file == NULL) {
		return memory_print("epoll %d", (int) fd);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		count += strncmp(line, "tfd:", 4) == 0;
	}
	fclose(file);
	return memory_print("epoll %d (%zu descriptor%s)", (int) fd, count,
	    count == 1 ? "" : "s");
}

/* "anon_inode:[eventfd]" is an eventfd, "anon_inode:inotify" an inotify. */
static char *
anonymous_name(pid_t pid, uint64_t fd, const char *kind)
{
	kind += *kind == '[';
	if (strcmp(kind, "eventpoll]") == 0) {
		return epoll_name(pid, fd);
	}
	return memory_print("%.*s", (int) strcspn(kind, "]"), kind);
}

static void
look_at(struct descriptors *all, int directory, struct descriptor *descriptor)
{
	char number[16];
	char link[PATH_MAX];
	ssize_t length;
	unsigned long long inode;

	snprintf(number, sizeof(number), "%d", (int) descriptor->fd);
	length = readlinkat(directory, number, link, sizeof(link) - 1);
	if (length < 0) {
		return;
	}
	link[length] = '\0';
	if (sscanf(link, "socket:[%llu]", &inode) == 1) {
		descriptor->inode = inode;
		all->sockets++;
	} else if (strncmp(link, "pipe:", 5) == 0) {
		descriptor->name = memory_print("pipe");
	} else if (strncmp(link, "anon_inode:", 11) == 0) {
		descriptor->name =
		    anonymous_name(all->pid, descriptor->fd, link + 11);
	} else {
		descriptor->name = memory_print("%s", link);
	}
}

/* ---- Sockets ----------------------------------------------------------- */

/* The one that has that inode, and no name yet. */
static struct descriptor *
find_socket(const struct descriptors *all, uint64_t inode)
{
	const struct descriptor key = { .inode = inode };
	struct descriptor *found = inode == 0 ?
	    NULL :
	    bsearch(&key, all->list, all->count, sizeof(key), compare_inodes);

	return found != NULL && found->name == NULL ? found : NULL;
}

/* The same socket may have several numbers: they are neighbours. */
static void
name_socket(struct descriptors *all, struct descriptor *found, char *name)
{
	const struct descriptor *end = all->list + all->count;
	uint64_t inode = found->inode;

	while (found > all->list && found[-1].inode == inode) {
		found--;
	}
	for (; found < end && found->inode == inode; found++) {
		if (found->name == NULL) {
			found->name = memory_print("%s", name);
			all->sockets--;
		}
	}
	free(name);
}

/* "0100007F": words of the machine, 4 digits to two bytes, as they lie. */
static void
parse_words(const char *digits, uint8_t *bytes)
{
	char word[9] = "";

	for (; strlen(digits) >= 8; digits += 8, bytes += 4) {
		uint32_t value;

		memcpy(word, digits, 8);
		value = (uint32_t) strtoul(word, NULL, 16);
		memcpy(bytes, &value, 4);
	}
}

/* "127.0.0.1:5432", of an address as the tables have it. malloc'ed. */
static char *
inet_name(const char *digits, unsigned int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (strlen(digits) == 8) {
		parse_words(digits, (uint8_t *) &four.sin_addr);
		four.sin_port = htons((uint16_t) port);
		return sockets_name((const uint8_t *) &four, sizeof(four));
	}
	parse_words(digits, six.sin6_addr.s6_addr);
	six.sin6_port = htons((uint16_t) port);
	return sockets_name((const uint8_t *) &six, sizeof(six));
}

static const char *
tcp_state(unsigned int state)
{
	/* As the kernel numbers them, and as all tools call them. */
	static const char *const names[] = { "", "ESTABLISHED", "SYN_SENT",
		"SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
		"CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "";
}

/* A line of the tables of TCP and UDP. */
static void
take_inet(struct descriptors *all, const char *protocol, const char *line)
{
	char local[33], remote[33];
	unsigned int local_port, remote_port, state;
	unsigned long long inode;
	struct descriptor *found;
	bool connected, tcp = strcmp(protocol, "tcp") == 0;
	char *name;

	if (sscanf(line,
		" %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x "
		"%*u %*d %llu",
		local, &local_port, remote, &remote_port, &state,
		&inode) != 6) {
		return;
	}
	found = find_socket(all, inode);
	if (found == NULL) {
		return;
	}
	connected = remote_port != 0;
	name = inet_name(
	    connected ? remote : local, connected ? remote_port : local_port);
	name_socket(all, found,
	    tcp ? memory_print("tcp %s (%s)", name, tcp_state(state)) :
		  memory_print("%s %s", protocol, name));
	free(name);
}

/* Of a Unix socket only its own name is told, not its peer's. */
static void
take_unix(struct descriptors *all, const char *protocol, const char *line)
{
	unsigned int flags;
	unsigned long long inode;
	struct descriptor *found;
	int end = 0;

	if (sscanf(line, "%*x: %*x %*x %x %*x %*x %llu %n", &flags, &inode,
		&end) != 2) {
		return;
	}
	found = find_socket(all, inode);
	if (found == NULL) {
		return;
	}
	line += end;
	name_socket(all, found,
	    memory_print("%s%s%.*s%s", protocol, *line != '\0' ? " " : "",
		(int) strcspn(line, "\n"), line,
		flags & UNIX_LISTENS ? " (LISTEN)" : ""));
}

static void
look_into(struct descriptors *all, const char *table, const char *protocol,
    void (*take)(struct descriptors *, const char *, const char *))
{
	char path[64];
	char line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", all->pid, table);
	file = all->sockets > 0 ? fopen(path, "re") : NULL;
	if (file == NULL) {
		return;
	}
	while (all->sockets > 0 && fgets(line, sizeof(line), file) != NULL) {
		take(all, protocol, line);
	}
	fclose(file);
}

static void
name_sockets(struct descriptors *all)
{
	if (all->sockets == 0) {
		return;
	}
	qsort(all->list, all->count, sizeof(*all->list), compare_inodes);
	look_into(all, "tcp", "tcp", take_inet);
	look_into(all, "tcp6", "tcp", take_inet);
	look_into(all, "unix", "unix", take_unix);
	look_into(all, "udp", "udp", take_inet);
	look_into(all, "udp6", "udp", take_inet);
	for (size_t i = 0; i < all->count; i++) {
		if (all->list[i].inode != 0 && all->list[i].name == NULL) {
			all->list[i].name = memory_print("socket");
		}
	}
	qsort(all->list, all->count, sizeof(*all->list), compare_fds);
}

/* ---- The whole --------------------------------------------------------- */

static void
give_names(const struct descriptors *all, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		struct task *task = &snapshot->tasks[i];
		const struct descriptor key = { .fd = task->object };
		const struct descriptor *found = NULL;

		if (task->flags & WIRE_TASK_FD) {
			found = bsearch(&key, all->list, all->count,
			    sizeof(key), compare_fds);
		}
		task->fd_name = found != NULL ? found->name : NULL;
	}
}

/* The names belong to the snapshot from now on. */
static void
keep_names(const struct descriptors *all, struct snapshot *snapshot)
{
	snapshot->fd_names = memory_new(all->count, sizeof(char *));
	for (size_t i = 0; i < all->count; i++) {
		char *name = all->list[i].name;

		if (name != NULL) {
			text_clean(name);
			snapshot->fd_names[snapshot->fd_name_count++] = name;
		}
	}
}

void
descriptors_name(struct snapshot *snapshot)
{
	struct descriptors all = { .pid = process_alive(snapshot->pid) };
	char path[64];
	int directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", all.pid);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		return;
	}
	collect(&all, snapshot);
	for (size_t i = 0; i < all.count; i++) {
		look_at(&all, directory, &all.list[i]);
	}
	close(directory);
	name_sockets(&all);
	give_names(&all, snapshot);
	keep_names(&all, snapshot);
	free(all.list);
}
