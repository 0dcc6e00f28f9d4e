/*
 * pack.h: numbers and texts as bytes, and back.
 *
 * A number is as short as it can be: seven bits a byte, the lowest first, the
 * eighth bit of all but the last byte set. A text is its length plus one, and
 * its bytes; no text at all is a 0. Reading never goes beyond the end: what is
 * not there is 0, and the reader has failed.
 */
#ifndef RECORD_PACK_H
#define RECORD_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that are being written; all zeroes is empty. */
struct pack {
	uint8_t *bytes;
	size_t size;
	size_t room;
};

void pack_fini(struct pack *pack);
void pack_number(struct pack *pack, uint64_t number);
void pack_text(struct pack *pack, const char *text);
void pack_bytes(struct pack *pack, const void *bytes, size_t size);

/* Four bytes, the lowest first. */
void pack_word(struct pack *pack, uint32_t word);

/* Bytes that are being read. */
struct unpack {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

uint64_t unpack_number(struct unpack *unpack);

/* The text, cleaned, malloc'ed; NULL if there is none. */
char *unpack_text(struct unpack *unpack);

/* So many bytes; NULL if there are not that many left. */
const uint8_t *unpack_bytes(struct unpack *unpack, uint64_t size);

uint32_t unpack_word(struct unpack *unpack);

#endif
