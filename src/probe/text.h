/*
 * text.h: text without stdio. A buffer of fixed size that is never overrun:
 * what does not fit is left out.
 */
#ifndef PROBE_TEXT_H
#define PROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;      /* always ends in NUL, if there is room for one */
	size_t size;     /* of the memory at data */
	size_t length;   /* used, the NUL not counted */
	bool overflowed; /* something was left out */
};

void text_begin(struct text *text, char *data, size_t size);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_add_number(struct text *text, uint64_t number);
void text_add_hex(struct text *text, uint64_t number);

size_t text_length(const char *string);
bool text_equal(const char *a, const char *b);
/* The rest of `string` after `prefix`, NULL if it does not begin so. */
const char *text_after(const char *string, const char *prefix);
/* A decimal number and nothing else; -1 if it is none. */
int64_t text_number(const char *string);
/* Copies at most size - 1 bytes, and ends them with NUL. */
void text_copy(char *to, const char *from, size_t size);

#endif
