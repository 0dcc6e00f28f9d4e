/*
 * fd_names.c: a thread that waits on each kind of descriptor there is, named by
 * it. Prints "ready", and the port of the TCP connections.
 *
 *     fd_names DIRECTORY
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "program.h"

static void *
wait_read(void *fd)
{
	char bytes[256];

	read((int) (intptr_t) fd, bytes, sizeof(bytes));
	return NULL;
}

static void *
wait_accept(void *fd)
{
	accept((int) (intptr_t) fd, NULL, NULL);
	return NULL;
}

static void *
wait_epoll(void *fd)
{
	struct epoll_event event;

	epoll_wait((int) (intptr_t) fd, &event, 1, -1);
	return NULL;
}

static void
start(const char *name, void *(*function)(void *), int fd)
{
	pthread_t thread;

	program_check(fd < 0 ? errno : 0, name);
	program_check(
	    pthread_create(&thread, NULL, function, (void *) (intptr_t) fd),
	    name);
	pthread_setname_np(thread, name);
}

/* One that waits for three others. */
static int
make_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	for (int i = 0; i < 3; i++) {
		epoll_ctl(fd, EPOLL_CTL_ADD, eventfd(0, 0), &event);
	}
	return fd;
}

static int
make_signalfd(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR2);
	return signalfd(-1, &signals, 0);
}

static int
make_fifo(void)
{
	program_check(mkfifo("fifo", 0600) == 0 ? 0 : errno, "fifo");
	return open("fifo", O_RDWR);
}

static int
make_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "socket");
	program_check(
	    bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0 &&
		    listen(fd, 1) == 0 ?
		0 :
		errno,
	    "unix");
	return fd;
}

static struct sockaddr_in
loopback(int fd)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	program_check(
	    bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0 &&
		    getsockname(fd, (struct sockaddr *) &address, &size) == 0 ?
		0 :
		errno,
	    "loopback");
	return address;
}

/* Somebody who listens, and one end of a connection there. */
static int
start_tcp(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = loopback(listener);

	listen(listener, 1);
	program_check(connect(client, (struct sockaddr *) &address,
			  sizeof(address)) == 0 ?
		0 :
		errno,
	    "connect");
	accept(listener, NULL, NULL);
	start("listener", wait_accept, listener);
	start("tcp", wait_read, client);
	return ntohs(address.sin_port);
}

int
main(int argc, char **argv)
{
	int pair[2], ends[2];
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int port;

	program_begin();
	program_check(argc > 1 && chdir(argv[1]) == 0 ? 0 : 1, "directory");
	program_check(pipe(ends) == 0 ? 0 : errno, "pipe");
	program_check(
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? 0 : errno, "pair");
	loopback(udp);
	start("pipe", wait_read, ends[0]);
	start("eventfd", wait_read, eventfd(0, 0));
	start("timerfd", wait_read, timerfd_create(CLOCK_MONOTONIC, 0));
	start("signalfd", wait_read, make_signalfd());
	start("inotify", wait_read, inotify_init());
	start("epoll", wait_epoll, make_epoll());
	start("fifo", wait_read, make_fifo());
	start("unix", wait_accept, make_unix());
	start("pair", wait_read, pair[0]);
	start("udp", wait_read, udp);
	port = start_tcp();
	printf("ready %d\n", port);
	while (getchar() != EOF) {
	}
	_exit(0);
}
