/* view_help.c: what the keys do, from their table. */
#include <stdio.h>

#include "client/memory.h"
#include "top/keys.h"
#include "top/views.h"

#define NAMES_WIDTH 20
#define HELP_WIDTH  38 /* so that all of it fits into 60 columns */

/* "Down, j": the names of `key` and of those below that do the same. */
static void
name_keys(const struct key *key, char *text, size_t size)
{
	size_t used = (size_t) snprintf(text, size, "%s", key->name);

	for (key++;
	     key->code != KEY_CODE_NONE && key->help == NULL && used < size;
	     key++) {
		used += (size_t) snprintf(
		    text + used, size - used, ", %s", key->name);
	}
}

/* How much of `text` goes on one line, ending at a blank if it can. */
static int
line_length(const char *text)
{
	int end = 0;

	for (int i = 0; i <= HELP_WIDTH; i++) {
		if (text[i] == '\0') {
			return i;
		}
		if (text[i] == ' ') {
			end = i;
		}
	}
	return end > 0 ? end : HELP_WIDTH;
}

/* The keys, and beside them what they do, in lines that fit a narrow screen. */
static void
add_key(struct page *page, const char *names, const char *help)
{
	while (*help != '\0') {
		int length = line_length(help);

		page_add(page, 0, STYLE_PLAIN,
		    memory_print("%-*s %.*s", NAMES_WIDTH, names, length, help),
		    NULL);
		names = "";
		help += length;
		help += *help == ' ';
	}
}

bool
view_fill_help(
    struct page *page, const struct page_context *context, uint64_t key)
{
	for (const struct key *k = keys_table; k->code != KEY_CODE_NONE; k++) {
		char names[64];

		if (k->help != NULL) {
			name_keys(k, names, sizeof(names));
			add_key(page, names, k->help);
		}
	}
	return true;
}
