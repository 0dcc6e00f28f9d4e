/* memory.c: see memory.h. */
#include "client/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/client.h"

static void *
need(void *memory)
{
	if (memory == NULL) {
		fputs("stranded: out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return memory;
}

void *
memory_new(size_t count, size_t size)
{
	return need(calloc(count == 0 ? 1 : count, size));
}

void *
memory_grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity) {
		return array;
	}
	*capacity = *capacity == 0 ? 16 : *capacity * 2;
	return need(reallocarray(array, *capacity, size));
}

char *
memory_print(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL;
	}
	va_end(arguments);
	return need(text);
}
