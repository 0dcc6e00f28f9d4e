/* servers.c: see servers.h. */
#include "servers.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 200 /* between two dumps under load */

/* ---- Starting ---------------------------------------------------------- */

void
servers_need(const char *path)
{
	if (access(path, X_OK) != 0) {
		print_message("no %s here\n", path);
		skip();
	}
}

const char *
servers_user(void)
{
	const char *user = geteuid() == 0 ? "root" : getenv("USER");

	return user ? user : "nobody";
}

static int
loopback(struct sockaddr_in *address, int port)
{
	*address = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

struct servers_port
servers_free_port(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	struct servers_port port;
	int fd = loopback(&address, 0);

	assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
	getsockname(fd, (struct sockaddr *) &address, &size);
	close(fd);
	port.number = ntohs(address.sin_port);
	snprintf(port.text, sizeof port.text, "%u", ntohs(address.sin_port));
	return port;
}

static bool
is_listening(int port)
{
	struct sockaddr_in address;
	int fd = loopback(&address, port);
	int error = connect(fd, (struct sockaddr *) &address, sizeof address);

	close(fd);
	return error == 0;
}

void
servers_await(int port)
{
	HARNESS_UNTIL(is_listening(port));
}

/* ---- Processes --------------------------------------------------------- */

static bool
is_probed(pid_t pid)
{
	char path[192];

	snprintf(path, sizeof path, "%s/%d.sock", harness_directory(), pid);
	return access(path, F_OK) == 0;
}

/* The process and its children, so far as they can be asked. */
static struct servers_family
family_now(pid_t pid)
{
	struct servers_family family = { 0 };
	char path[64];
	FILE *children;
	int child;

	if (is_probed(pid)) {
		family.pids[family.count++] = pid;
	}
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	children = fopen(path, "r");
	while (children && family.count < SERVERS_PROCESSES &&
	    fscanf(children, "%d", &child) == 1) {
		if (is_probed(child)) {
			family.pids[family.count++] = child;
		}
	}
	if (children) {
		fclose(children);
	}
	return family;
}

struct servers_family
servers_family(pid_t pid, size_t count)
{
	struct servers_family family;

	HARNESS_UNTIL((family = family_now(pid)).count == count);
	return family;
}

size_t
servers_sessions(const struct servers_family *family)
{
	size_t count = 0;

	for (size_t i = 0; i < family->count; i++) {
		count += harness_sessions(
		    harness_dump_of(family->pids[i]), "socket");
	}
	return count;
}

size_t
servers_tasks(const struct servers_family *family, const char *state)
{
	size_t count = 0;

	for (size_t i = 0; i < family->count; i++) {
		count += harness_count(
		    harness_dump_of(family->pids[i]), state, NULL);
	}
	return count;
}

size_t
servers_threads(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	size_t count = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		count += entry->d_name[0] != '.';
	}
	closedir(tasks);
	return count;
}

/* ---- Talking ----------------------------------------------------------- */

void
servers_connect(
    int port, const char *line, const char *answer, int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = harness_connect(port);
		harness_ask(fds[i], line, answer);
	}
}

void
servers_talk(int port, const char *commands, char *answer, size_t size)
{
	int fd = harness_connect(port);
	size_t length = 0;
	ssize_t got;

	assert_int_equal(
	    send(fd, commands, strlen(commands), 0), (int) strlen(commands));
	while (length + 1 < size &&
	    (got = recv(fd, answer + length, size - 1 - length, 0)) > 0) {
		length += got;
	}
	answer[length] = '\0';
	assert_int_equal(got, 0);
	shutdown(fd, SHUT_RDWR);
}

/* Writes N for each number. */
static void
mask_numbers(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		size_t digits = strspn(from, "0123456789");

		*to++ = digits > 0 ? 'N' : *from;
		from += digits > 0 ? digits : 1;
	}
	*to = '\0';
}

char *
servers_log(const char *path, const char *only)
{
	FILE *file = fopen(path, "r");
	char line[1024], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(file);
	assert_non_null(out);
	while (fgets(line, sizeof line, file)) {
		if (!only || strstr(line, only)) {
			mask_numbers(line);
			fputs(line, out);
		}
	}
	fclose(file);
	fclose(out);
	return text;
}

/* ---- Load -------------------------------------------------------------- */

const char *
servers_load_list(
    const struct servers_family *family, int signal, const char *const argv[])
{
	struct harness_program *load = harness_start_list(HARNESS_BARE, argv);
	int status;

	while (harness_alive(load)) {
		for (size_t i = 0; i < family->count; i++) {
			harness_dump_of(family->pids[i]);
			kill(family->pids[i], signal);
		}
		/* Whoever talks must be listened to. */
		harness_said(load);
		harness_sleep_ms(PAUSE_MS);
	}
	status = harness_stop(load);
	if (status != 0) {
		fail_msg("%s ends with %d:\n%s%s", argv[0], status,
		    harness_said(load), harness_errors(load));
	}
	return harness_said(load);
}
