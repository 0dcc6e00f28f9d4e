/*
 * fake_probe.h: a probe for tests of the client, served by a thread of the test
 * itself: the process under the probe is the test. What it answers is a script
 * of bytes, so it can be as slow, as wrong and as hostile as a test wants it.
 *
 * The script of a conversation is a list of steps; each waits for one request
 * (of any kind) and sends its bytes. After the last step the conversation ends
 * as `ending` says.
 */
#ifndef FAKE_PROBE_H
#define FAKE_PROBE_H

#include <assert.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/place.h"
#include "common/wire.h"

#define FAKE_STEPS_MAX 8

enum fake_ending {
	FAKE_HANG_UP,
	FAKE_SAY_NOTHING, /* keeps the connection, and is silent */
	FAKE_REPEAT       /* sends the last step over and over again */
};

struct fake_probe {
	char directory[64];
	char path[96]; /* of the socket */
	int listener;
	pthread_t thread;
	struct {
		uint8_t *bytes;
		size_t size;
		size_t room;
		bool unasked; /* do not wait for a request */
		size_t piece; /* send so many bytes at once; 0: all */
	} steps[FAKE_STEPS_MAX];
	size_t step_count;
	enum fake_ending ending;
};

static inline void
fake_pause(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* Makes the directory, and names it in the environment. */
static inline void
fake_init(struct fake_probe *fake)
{
	memset(fake, 0, sizeof(*fake));
	snprintf(fake->directory, sizeof(fake->directory), "%s",
	    "/tmp/stranded-test-XXXXXX");
	assert(mkdtemp(fake->directory) != NULL);
	setenv(PLACE_VARIABLE, fake->directory, 1);
	place_socket(fake->directory, (uint32_t) getpid(), fake->path,
	    sizeof(fake->path));
	fake->listener = -1;
}

static inline void
fake_next_step(struct fake_probe *fake)
{
	assert(fake->step_count < FAKE_STEPS_MAX);
	fake->step_count++;
}

/* Adds bytes to what the last step sends. */
static inline void
fake_add(struct fake_probe *fake, const void *bytes, size_t size)
{
	size_t last = fake->step_count - 1;
	size_t need = fake->steps[last].size + size;

	if (need > fake->steps[last].room) {
		fake->steps[last].room = need * 2;
		fake->steps[last].bytes =
		    realloc(fake->steps[last].bytes, need * 2);
	}
	memcpy(fake->steps[last].bytes + fake->steps[last].size, bytes, size);
	fake->steps[last].size = need;
}

/* A step that greets as a probe of this version does. */
static inline void
fake_add_hello(struct fake_probe *fake)
{
	const struct wire_hello hello = {
		.header = { sizeof(hello), WIRE_HELLO, 0 },
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.pid = (uint32_t) getpid(),
	};

	fake_next_step(fake);
	fake_add(fake, &hello, sizeof(hello));
}

static inline struct wire_counts
fake_counts(void)
{
	return (struct wire_counts) {
		.header = { sizeof(struct wire_counts), WIRE_COUNTS, 0 },
		.tasks = 3,
		.sessions = 2,
		.by_state = { 1, 2 },
	};
}

static inline void
fake_add_counts(struct fake_probe *fake)
{
	const struct wire_counts counts = fake_counts();

	fake_next_step(fake);
	fake_add(fake, &counts, sizeof(counts));
}

/* A step that begins a snapshot; records are added to it. */
static inline void
fake_add_begin(struct fake_probe *fake, uint64_t began_ns)
{
	const struct wire_begin begin = {
		.header = { sizeof(begin), WIRE_BEGIN, 0 },
		.dump_id = 77,
		.began_ns = began_ns,
		.counts = fake_counts(),
	};

	fake_next_step(fake);
	fake_add(fake, &begin, sizeof(begin));
}

static inline void
fake_add_end(struct fake_probe *fake, uint32_t tasks, uint32_t sessions,
    uint32_t channels, uint32_t uncovered)
{
	const struct wire_end end = {
		.header = { sizeof(end), WIRE_END, 0 },
		.ended_ns = UINT64_MAX / 2,
		.tasks = tasks,
		.sessions = sessions,
		.channels = channels,
		.uncovered = uncovered,
	};

	fake_add(fake, &end, sizeof(end));
}

/* Sends in pieces; false if the other end has gone. */
static inline bool
fake_send(int fd, const uint8_t *bytes, size_t size, size_t piece)
{
	while (size > 0) {
		size_t now = piece != 0 && piece < size ? piece : size;
		ssize_t sent = send(fd, bytes, now, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		bytes += sent;
		size -= (size_t) sent;
	}
	return true;
}

static inline void
fake_converse(struct fake_probe *fake, int fd)
{
	uint8_t request[WIRE_MAX / 16];
	bool there = true;

	for (size_t i = 0; i < fake->step_count && there; i++) {
		if (!fake->steps[i].unasked &&
		    recv(fd, request, sizeof(request), 0) <= 0) {
			return;
		}
		there = fake_send(fd, fake->steps[i].bytes, fake->steps[i].size,
		    fake->steps[i].piece);
	}
	while (there && fake->ending == FAKE_REPEAT) {
		size_t last = fake->step_count - 1;

		there = fake_send(
		    fd, fake->steps[last].bytes, fake->steps[last].size, 0);
	}
	while (there && fake->ending == FAKE_SAY_NOTHING) {
		there = recv(fd, request, sizeof(request), 0) > 0;
	}
}

static inline void *
fake_serve(void *arg)
{
	struct fake_probe *fake = arg;
	int fd;

	while ((fd = accept(fake->listener, NULL, NULL)) >= 0) {
		fake_converse(fake, fd);
		close(fd);
	}
	return NULL;
}

/* Binds the socket and listens, without anybody who answers. */
static inline void
fake_listen(struct fake_probe *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->path);
	fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert(bind(fake->listener, (void *) &address, sizeof(address)) == 0);
	assert(listen(fake->listener, 4) == 0);
}

static inline void
fake_start(struct fake_probe *fake)
{
	fake_listen(fake);
	pthread_create(&fake->thread, NULL, fake_serve, fake);
}

/* Removes the directory with all that is in it. */
static inline void
fake_remove(const struct fake_probe *fake)
{
	DIR *directory = opendir(fake->directory);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
	rmdir(fake->directory);
}

/* Ends it, and removes all traces. */
static inline void
fake_stop(struct fake_probe *fake)
{
	if (fake->listener >= 0) {
		shutdown(fake->listener, SHUT_RDWR);
		if (fake->thread != 0) {
			pthread_join(fake->thread, NULL);
		}
		close(fake->listener);
	}
	fake_remove(fake);
	for (size_t i = 0; i < fake->step_count; i++) {
		free(fake->steps[i].bytes);
	}
}

#endif
