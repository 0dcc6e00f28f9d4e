/* text.c: see text.h. */
#include "client/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The least character that a sequence of so many bytes may stand for. */
static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

/* How many bytes the character has that begins with `lead`; 0: none does. */
static size_t
sequence_length(uint8_t lead)
{
	if (lead < 0x80) {
		return 1;
	}
	if (lead < 0xc0) {
		return 0;
	}
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
}

static bool
is_printable(uint32_t character, size_t length)
{
	bool control =
	    character < 0x20 || (character >= 0x7f && character < 0xa0);
	bool surrogate = character >= 0xd800 && character < 0xe000;
	/* Marks that reverse the direction of what follows them. */
	bool turns = (character >= 0x202a && character <= 0x202e) ||
	    (character >= 0x2066 && character <= 0x2069);

	return character >= least[length] && character <= 0x10ffff &&
	    !control && !surrogate && !turns;
}

/* The length of the printable character at `text`, 0 if there is none. */
static size_t
printable_length(const uint8_t *text)
{
	size_t length = sequence_length(text[0]);
	uint32_t character =
	    length == 1 ? text[0] : text[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80) {
			return 0;
		}
		character = character << 6 | (text[i] & 0x3fu);
	}
	return length > 0 && is_printable(character, length) ? length : 0;
}

void
text_clean(char *text)
{
	while (*text != '\0') {
		size_t length = printable_length((const uint8_t *) text);

		if (length == 0) {
			*text = '?';
			length = 1;
		}
		text += length;
	}
}
