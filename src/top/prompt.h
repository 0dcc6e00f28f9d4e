/*
 * prompt.h: one line that is being typed.
 */
#ifndef TOP_PROMPT_H
#define TOP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#define PROMPT_MAX 256

/* What the line is for. */
enum prompt_kind {
	PROMPT_NONE, /* nothing is typed */
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_DUMP, /* the name of a file */
	PROMPT_PROOF /* y, or another key */
};

struct prompt {
	enum prompt_kind kind;
	char text[PROMPT_MAX]; /* UTF-8 */
};

enum prompt_news {
	PROMPT_SAME,    /* the key changed nothing */
	PROMPT_CHANGED, /* the text */
	PROMPT_DONE,    /* it shall be used */
	PROMPT_CANCELLED
};

void prompt_open(
    struct prompt *prompt, enum prompt_kind kind, const char *text);

/* What a key does to the text. The caller closes the prompt. */
enum prompt_news prompt_key(struct prompt *prompt, int code);

#endif
