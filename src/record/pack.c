/* pack.c: see pack.h. */
#include "record/pack.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "client/text.h"

#define ROOM_FIRST 256

void
pack_fini(struct pack *pack)
{
	free(pack->bytes);
	*pack = (struct pack) { 0 };
}

/* Room for so many more; returns where they go. */
static uint8_t *
make_room(struct pack *pack, size_t size)
{
	uint8_t *at;

	while (pack->room - pack->size < size) {
		size_t room = pack->room == 0 ? ROOM_FIRST : 2 * pack->room;
		uint8_t *bytes = memory_new(room, 1);

		if (pack->size > 0) {
			memcpy(bytes, pack->bytes, pack->size);
		}
		free(pack->bytes);
		pack->bytes = bytes;
		pack->room = room;
	}
	at = pack->bytes + pack->size;
	pack->size += size;
	return at;
}

void
pack_bytes(struct pack *pack, const void *bytes, size_t size)
{
	if (size > 0) {
		memcpy(make_room(pack, size), bytes, size);
	}
}

void
pack_number(struct pack *pack, uint64_t number)
{
	uint8_t bytes[10];
	size_t size = 0;

	while (number >= 0x80) {
		bytes[size++] = (uint8_t) (number | 0x80);
		number >>= 7;
	}
	bytes[size++] = (uint8_t) number;
	pack_bytes(pack, bytes, size);
}

void
pack_text(struct pack *pack, const char *text)
{
	size_t length;

	if (text == NULL) {
		pack_number(pack, 0);
		return;
	}
	length = strlen(text);
	pack_number(pack, length + 1);
	pack_bytes(pack, text, length);
}

void
pack_word(struct pack *pack, uint32_t word)
{
	for (int i = 0; i < 4; i++) {
		uint8_t byte = (uint8_t) (word >> (8 * i));

		pack_bytes(pack, &byte, 1);
	}
}

/* ---- Reading ----------------------------------------------------------- */

const uint8_t *
unpack_bytes(struct unpack *unpack, uint64_t size)
{
	const uint8_t *at = unpack->at;

	if (unpack->failed || (uint64_t) (unpack->end - at) < size) {
		unpack->failed = true;
		return NULL;
	}
	unpack->at += size;
	return at;
}

uint64_t
unpack_number(struct unpack *unpack)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		const uint8_t *byte = unpack_bytes(unpack, 1);

		if (byte == NULL) {
			return 0;
		}
		number |= (uint64_t) (*byte & 0x7f) << shift;
		if (!(*byte & 0x80)) {
			return number;
		}
	}
	unpack->failed = true;
	return 0;
}

char *
unpack_text(struct unpack *unpack)
{
	uint64_t size = unpack_number(unpack);
	const uint8_t *bytes = size > 0 ? unpack_bytes(unpack, size - 1) : NULL;
	char *text;

	if (bytes == NULL) {
		return NULL;
	}
	text = memory_new((size_t) size, 1);
	memcpy(text, bytes, (size_t) size - 1);
	text_clean(text);
	return text;
}

uint32_t
unpack_word(struct unpack *unpack)
{
	const uint8_t *bytes = unpack_bytes(unpack, 4);

	return bytes == NULL ? 0 :
			       (uint32_t) bytes[0] | (uint32_t) bytes[1] << 8 |
		(uint32_t) bytes[2] << 16 | (uint32_t) bytes[3] << 24;
}
