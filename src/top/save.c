/*
 * save.c: see save.h.
 *
 * A file that is there is never written to: whoever runs the viewer may be
 * root, and be in a folder where others can make links.
 */
#include "top/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/memory.h"
#include "render/render.h"

void
save_name(char *name, size_t size, const struct snapshot *snapshot)
{
	time_t now = (time_t) (snapshot->began_unix_ns / 1000000000);
	char stamp[32] = "";
	struct tm local;

	if (localtime_r(&now, &local) != NULL) {
		(void) strftime(stamp, sizeof(stamp), "-%Y%m%d-%H%M%S", &local);
	}
	snprintf(name, size, "stranded-%d%s.txt", (int) snapshot->pid, stamp);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) &&
	    strcmp(text + length - strlen(end), end) == 0;
}

static int
render(FILE *out, const struct snapshot *snapshot)
{
	const struct render_options options = { .all = false };
	struct groups *groups = analyze_groups(snapshot);
	int result = render_text(out, snapshot, groups, &options);

	analyze_groups_free(groups);
	return result;
}

int
save_dump(const char *path, const struct snapshot *snapshot)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	int error = 0;

	if (out == NULL) {
		error = errno;
		if (fd >= 0) {
			close(fd);
		}
		return error;
	}
	if ((ends_with(path, ".json") ? render_json(out, snapshot) :
					render(out, snapshot)) != 0) {
		error = errno;
	}
	if (fclose(out) != 0 && error == 0) {
		error = errno;
	}
	return error;
}

char *
save_page(const struct page *page)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		return memory_print("%s", "");
	}
	for (size_t i = 0; i < page->count; i++) {
		const struct page_line *line = &page->lines[i];

		fprintf(out, "%*s%s%s%s\n", line->indent, "", line->text,
		    line->tail != NULL ? "  " : "",
		    line->tail != NULL ? line->tail : "");
	}
	return fclose(out) == 0 ? text : memory_print("%s", "");
}
