/* prompt.c: see prompt.h. */
#include "top/prompt.h"

#include <stdio.h>
#include <string.h>

#include "top/keys.h"

#define CTRL(letter) ((letter) &0x1f)

void
prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
	prompt->kind = kind;
	snprintf(prompt->text, sizeof(prompt->text), "%s", text);
}

/* Writes a character as UTF-8; returns how many bytes. */
static size_t
encode(unsigned int code, char bytes[4])
{
	if (code < 0x80) {
		bytes[0] = (char) code;
		return 1;
	}
	if (code < 0x800) {
		bytes[0] = (char) (0xc0 | code >> 6);
		bytes[1] = (char) (0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		bytes[0] = (char) (0xe0 | code >> 12);
		bytes[1] = (char) (0x80 | (code >> 6 & 0x3f));
		bytes[2] = (char) (0x80 | (code & 0x3f));
		return 3;
	}
	bytes[0] = (char) (0xf0 | code >> 18);
	bytes[1] = (char) (0x80 | (code >> 12 & 0x3f));
	bytes[2] = (char) (0x80 | (code >> 6 & 0x3f));
	bytes[3] = (char) (0x80 | (code & 0x3f));
	return 4;
}

static enum prompt_news
type(struct prompt *prompt, int code)
{
	size_t used = strlen(prompt->text);
	char bytes[4];
	size_t size;

	if (code < ' ' || code == KEY_CODE_BACKSPACE || code >= KEY_CODE_UP) {
		return PROMPT_SAME;
	}
	size = encode((unsigned int) code, bytes);
	if (used + size >= sizeof(prompt->text)) {
		return PROMPT_SAME;
	}
	memcpy(prompt->text + used, bytes, size);
	prompt->text[used + size] = '\0';
	return PROMPT_CHANGED;
}

/* Takes the last character away, all of its bytes. */
static enum prompt_news
erase(struct prompt *prompt)
{
	size_t used = strlen(prompt->text);

	if (used == 0) {
		return PROMPT_CANCELLED;
	}
	do {
		used--;
	} while (used > 0 && (prompt->text[used] & 0xc0) == 0x80);
	prompt->text[used] = '\0';
	return PROMPT_CHANGED;
}

static enum prompt_news
erase_word(struct prompt *prompt)
{
	size_t used = strlen(prompt->text);

	while (used > 0 && prompt->text[used - 1] == ' ') {
		used--;
	}
	while (used > 0 && prompt->text[used - 1] != ' ') {
		used--;
	}
	prompt->text[used] = '\0';
	return PROMPT_CHANGED;
}

enum prompt_news
prompt_key(struct prompt *prompt, int code)
{
	switch (code) {
	case KEY_CODE_ENTER:
		return PROMPT_DONE;
	case KEY_CODE_ESCAPE:
	case CTRL('g'):
		return PROMPT_CANCELLED;
	case KEY_CODE_BACKSPACE:
		return erase(prompt);
	case CTRL('u'):
		prompt->text[0] = '\0';
		return PROMPT_CHANGED;
	case CTRL('w'):
		return erase_word(prompt);
	default:
		return type(prompt, code);
	}
}
