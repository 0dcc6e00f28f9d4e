/*
 * remote.c: see remote.h.
 *
 * The kernel is asked first, as it needs nobody's help. It refuses where a
 * security module restricts the reading of other processes, although the probe
 * has let us in: then the probe is asked. Both are asked for whole chunks,
 * because tables are read word by word.
 */
#include "analyze/remote.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "analyze/table.h"
#include "client/client.h"
#include "client/memory.h"
#include "client/process.h"

/* The unit of reading: a page on every machine, so that a chunk is either
   mapped or not. */
#define CHUNK 4096

struct remote {
	pid_t pid;
	struct client *client; /* or NULL */
	struct table chunks;   /* by address; an unreadable one is `absent` */
};

/* Stands for a chunk that cannot be read. */
static uint8_t absent;

struct remote *
remote_new(pid_t pid, struct client *client)
{
	struct remote *remote = memory_new(1, sizeof(*remote));

	remote->pid = pid;
	remote->client = client;
	return remote;
}

static void
free_chunk(void *chunk)
{
	if (chunk != &absent) {
		free(chunk);
	}
}

void
remote_forget(struct remote *remote)
{
	table_clear(&remote->chunks, free_chunk);
}

void
remote_free(struct remote *remote)
{
	if (remote != NULL) {
		remote_forget(remote);
		free(remote);
	}
}

static bool
fetch(struct remote *remote, uint64_t address, uint8_t *chunk)
{
	struct iovec here = { .iov_base = chunk, .iov_len = CHUNK };
	struct iovec there = {
		.iov_base = (void *) (uintptr_t) address,
		.iov_len = CHUNK,
	};

	if (process_vm_readv(
		process_alive(remote->pid), &here, 1, &there, 1, 0) == CHUNK) {
		return true;
	}
	return remote->client &&
	    client_read(remote->client, address, chunk, CHUNK) == CHUNK;
}

static const uint8_t *
chunk_at(struct remote *remote, uint64_t address)
{
	uint8_t *chunk = table_find(&remote->chunks, address);

	if (chunk) {
		return chunk == &absent ? NULL : chunk;
	}
	chunk = memory_new(1, CHUNK);
	if (!fetch(remote, address, chunk)) {
		free(chunk);
		chunk = &absent;
	}
	table_add(&remote->chunks, address, chunk);
	return chunk == &absent ? NULL : chunk;
}

bool
remote_read(struct remote *remote, uint64_t address, void *buffer, size_t size)
{
	uint8_t *to = buffer;

	if (address + size < address) {
		return false;
	}
	while (size > 0) {
		size_t skip = address % CHUNK;
		size_t part = size < CHUNK - skip ? size : CHUNK - skip;
		const uint8_t *chunk = chunk_at(remote, address - skip);

		if (!chunk) {
			return false;
		}
		memcpy(to, chunk + skip, part);
		to += part;
		address += part;
		size -= part;
	}
	return true;
}
