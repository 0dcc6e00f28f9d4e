/*
 * libc.h: what must be known of the target's C library: where its data lies,
 * and how it keeps its threads.
 *
 * glibc says itself where the fields of its thread record are, in the symbols
 * _thread_db_*, which are there for debuggers.
 */
#ifndef PROOF_LIBC_H
#define PROOF_LIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proof/image.h"
#include "proof/stop.h"

struct libc {
	bool cancels;  /* some object calls pthread_cancel() */
	bool known;    /* it is a glibc that says what is needed */
	uint64_t data; /* its writable data */
	uint64_t data_end;
	uint64_t size;      /* of a thread record */
	uint64_t list_at;   /* in it: the list of threads that it is in */
	uint64_t tid_at;    /* its kernel thread, 0: it has ended */
	uint64_t dtv_at;    /* the vector of its thread-local storage */
	uint64_t keys_at;   /* its thread-specific data, ... */
	uint64_t keys_size; /* ... as far as it lies in the record itself */
	uint64_t used;      /* lists of the stacks that are in use, */
	uint64_t user;      /* that the application has provided, */
	uint64_t cached;    /* and that are kept for later */
	struct stop_quiet *quiet; /* its code, and that of others that say so */
	size_t quiet_count;
	size_t quiet_room;
	uint64_t tls_size; /* of all objects' thread-local storage, at most */
};

/*
 * Finds out, by the mappings that `image` has and the files behind them. The
 * process need not be stopped.
 */
void libc_find(struct libc *libc, const struct image *image, pid_t pid);
void libc_free(struct libc *libc);

#endif
