/* text.c: see text.h. */
#include "probe/text.h"

void
text_begin(struct text *text, char *data, size_t size)
{
	*text = (struct text) { .data = data, .size = size };
	if (size > 0) {
		data[0] = '\0';
	}
}

void
text_add_bytes(struct text *text, const char *bytes, size_t count)
{
	for (; count > 0; count--, bytes++) {
		if (text->length + 1 >= text->size) {
			text->overflowed = true;
			return;
		}
		text->data[text->length++] = *bytes;
		text->data[text->length] = '\0';
	}
}

void
text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, text_length(string));
}

static void
add_in_base(struct text *text, uint64_t number, unsigned int base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0);
	text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void
text_add_number(struct text *text, uint64_t number)
{
	add_in_base(text, number, 10);
}

void
text_add_hex(struct text *text, uint64_t number)
{
	text_add(text, "0x");
	add_in_base(text, number, 16);
}

size_t
text_length(const char *string)
{
	size_t length = 0;

	while (string[length] != '\0') {
		length++;
	}
	return length;
}

bool
text_equal(const char *a, const char *b)
{
	const char *rest = text_after(a, b);

	return rest != NULL && *rest == '\0';
}

const char *
text_after(const char *string, const char *prefix)
{
	for (; *prefix != '\0'; string++, prefix++) {
		if (*string != *prefix) {
			return NULL;
		}
	}
	return string;
}

int64_t
text_number(const char *string)
{
	int64_t number = 0;

	if (*string == '\0') {
		return -1;
	}
	for (; *string != '\0'; string++) {
		if (*string < '0' || *string > '9' ||
		    number > (INT64_MAX - 9) / 10) {
			return -1;
		}
		number = number * 10 + (*string - '0');
	}
	return number;
}

void
text_copy(char *to, const char *from, size_t size)
{
	struct text text;

	text_begin(&text, to, size);
	text_add(&text, from);
}
