/* view_help.c: what the keys do, from their table. */
#include <stdio.h>

#include "client/memory.h"
#include "top/keys.h"
#include "top/views.h"

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

bool
view_fill_help(
    struct page *page, const struct page_context *context, uint64_t key)
{
	for (const struct key *k = keys_table; k->code != KEY_CODE_NONE; k++) {
		char names[64];

		if (k->help != NULL) {
			name_keys(k, names, sizeof(names));
			page_add(page, 0, STYLE_PLAIN,
			    memory_print("%-20s %s", names, k->help), NULL);
		}
	}
	return true;
}
