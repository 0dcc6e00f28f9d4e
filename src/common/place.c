/* place.c: see place.h. */
#include "common/place.h"

/* What is being written: `length` counts on where it no longer fits. */
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

static void
add_char(struct text *text, char c)
{
	if (text->length < text->size) {
		text->buffer[text->length] = c;
	}
	text->length++;
}

static void
add(struct text *text, const char *string)
{
	while (*string != '\0') {
		add_char(text, *string++);
	}
}

static void
add_number(struct text *text, uint32_t number)
{
	char digits[10];
	unsigned int count = 0;

	do {
		digits[count++] = (char) ('0' + number % 10);
		number /= 10;
	} while (number != 0);
	while (count > 0) {
		add_char(text, digits[--count]);
	}
}

static size_t
finish(struct text *text)
{
	add_char(text, '\0');
	return text->length <= text->size ? text->length - 1 : 0;
}

size_t
place_directory(unsigned int index, uint32_t uid, char *buffer, size_t size)
{
	struct text text = { buffer, size, 0 };

	switch (index) {
	case 0:
		add(&text, "/run/user/");
		add_number(&text, uid);
		add(&text, "/stranded");
		return finish(&text);
	case 1:
		add(&text, "/tmp/stranded-");
		add_number(&text, uid);
		return finish(&text);
	default:
		return 0;
	}
}

static void
add_name(struct text *text, uint32_t pid)
{
	add_number(text, pid);
	add(text, ".sock");
}

size_t
place_name(uint32_t pid, char *buffer, size_t size)
{
	struct text text = { buffer, size, 0 };

	add_name(&text, pid);
	return finish(&text);
}

size_t
place_socket(const char *directory, uint32_t pid, char *buffer, size_t size)
{
	struct text text = { buffer, size, 0 };

	add(&text, directory);
	add_char(&text, '/');
	add_name(&text, pid);
	return finish(&text);
}
