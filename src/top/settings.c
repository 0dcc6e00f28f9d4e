/* settings.c: see settings.h. */
#include "top/settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"

#define LINE_SIZE 256

/* ---- Reading ----------------------------------------------------------- */

static struct view *
find_view(struct viewer *viewer, const char *name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (strcmp(viewer->views[i].ops->name, name) == 0) {
			return &viewer->views[i];
		}
	}
	return NULL;
}

static void
read_screen(struct settings *settings, struct viewer *viewer, char *value)
{
	struct view *view = find_view(viewer, value);

	if (view != NULL) {
		viewer->screen = (size_t) (view - viewer->views);
	}
}

static void
read_window(struct settings *settings, struct viewer *viewer, char *value)
{
	for (size_t i = 0; i < HISTORY_WINDOWS; i++) {
		if (strcmp(history_windows[i].name, value) == 0) {
			viewer->window = i;
		}
	}
}

static bool
is_yes(const char *value)
{
	return strcmp(value, "yes") == 0;
}

static void
read_source(struct settings *settings, struct viewer *viewer, char *value)
{
	viewer->pages.source = is_yes(value);
}

static void
read_interval(struct settings *settings, struct viewer *viewer, char *value)
{
	long ms = strtol(value, NULL, 10);

	if (ms >= SETTINGS_INTERVAL_MIN && ms <= SETTINGS_INTERVAL_MAX) {
		settings->interval_ms = (int) ms;
	}
}

static void
read_ascii(struct settings *settings, struct viewer *viewer, char *value)
{
	settings->ascii = is_yes(value);
}

static void
read_mouse(struct settings *settings, struct viewer *viewer, char *value)
{
	settings->no_mouse = !is_yes(value);
}

/* "tasks SINCE", "tasks -SINCE": the screen, the column, and which way. */
static void
read_sort(struct settings *settings, struct viewer *viewer, char *value)
{
	char *title = strchr(value, ' ');
	struct view *view;
	bool inverted;

	if (title == NULL) {
		return;
	}
	*title++ = '\0';
	inverted = *title == '-';
	title += inverted;
	view = find_view(viewer, value);
	for (size_t i = 0; view != NULL && i < view->ops->grid->column_count;
	     i++) {
		if (strcmp(view->ops->grid->columns[i].title, title) == 0) {
			view->sorted = i;
			view->inverted = inverted;
		}
	}
}

/* "tasks by holder". */
static void
read_tree(struct settings *settings, struct viewer *viewer, char *value)
{
	char *name = strchr(value, ' ');
	struct view *view;

	if (name == NULL) {
		return;
	}
	*name++ = '\0';
	view = find_view(viewer, value);
	for (size_t i = 0; view != NULL && i < VIEW_TREES; i++) {
		const char *tree = view->ops->trees[i].name;

		if (tree != NULL && strcmp(tree, name) == 0) {
			view->tree = i + 1;
		}
	}
}

static const struct {
	const char *word;
	void (*read)(
	    struct settings *settings, struct viewer *viewer, char *value);
} readers[] = {
	{ "interval", read_interval },
	{ "ascii", read_ascii },
	{ "mouse", read_mouse },
	{ "screen", read_screen },
	{ "window", read_window },
	{ "source", read_source },
	{ "sort", read_sort },
	{ "tree", read_tree },
};

static void
read_line(struct settings *settings, struct viewer *viewer, char *line)
{
	char *value = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (value == NULL || *line == '#') {
		return;
	}
	*value++ = '\0';
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (strcmp(readers[i].word, line) == 0) {
			readers[i].read(settings, viewer, value);
		}
	}
}

void
settings_read(struct settings *settings, struct viewer *viewer, FILE *file)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), file) != NULL) {
		read_line(settings, viewer, line);
	}
}

/* ---- Writing ----------------------------------------------------------- */

static void
write_view(const struct view *view, FILE *file)
{
	const struct view_ops *ops = view->ops;

	fprintf(file, "sort %s %s%s\n", ops->name, view->inverted ? "-" : "",
	    ops->grid->columns[view->sorted].title);
	if (view->tree > 0) {
		fprintf(file, "tree %s %s\n", ops->name,
		    ops->trees[view->tree - 1].name);
	}
}

void
settings_write(
    const struct settings *settings, const struct viewer *viewer, FILE *file)
{
	fprintf(file, "# Choices of `stranded top`; it writes this file.\n");
	if (settings->interval_ms > 0) {
		fprintf(file, "interval %d\n", settings->interval_ms);
	}
	fprintf(file, "ascii %s\n", settings->ascii ? "yes" : "no");
	fprintf(file, "mouse %s\n", settings->no_mouse ? "no" : "yes");
	fprintf(file, "screen %s\n", viewer->views[viewer->screen].ops->name);
	fprintf(file, "window %s\n", history_windows[viewer->window].name);
	fprintf(file, "source %s\n", viewer->pages.source ? "yes" : "no");
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		write_view(&viewer->views[i], file);
	}
}

/* ---- The file ---------------------------------------------------------- */

/* Root in another user's home, as with sudo, leaves nothing there. */
static bool
is_anothers(const char *folder)
{
	struct stat status;

	return stat(folder, &status) == 0 && status.st_uid != geteuid();
}

/*
 * The file's path, malloc'ed. With `make`, its folders are made. NULL if there
 * is no place for it.
 */
static char *
find_path(bool make)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	bool own = config != NULL && config[0] == '/';
	char *path;

	if (!own && (home == NULL || home[0] != '/')) {
		return NULL;
	}
	if (make) {
		if (is_anothers(own ? config : home)) {
			return NULL;
		}
		path = memory_print(
		    "%s%s", own ? config : home, own ? "" : "/.config");
		(void) mkdir(path, 0700);
		free(path);
		path = memory_print("%s%s/stranded", own ? config : home,
		    own ? "" : "/.config");
		(void) mkdir(path, 0700);
		free(path);
	}
	return memory_print("%s%s/stranded/top.conf", own ? config : home,
	    own ? "" : "/.config");
}

/* NULL if it is not there, or no file: a device or a pipe might never end. */
static FILE *
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	FILE *file = NULL;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		file = fdopen(fd, "r");
	}
	if (fd >= 0 && file == NULL) {
		(void) close(fd);
	}
	return file;
}

void
settings_load(struct settings *settings, struct viewer *viewer)
{
	char *path = find_path(false);
	FILE *file = path != NULL ? open_file(path) : NULL;

	*settings = (struct settings) { 0 };
	if (file != NULL) {
		settings_read(settings, viewer, file);
		fclose(file);
	}
	free(path);
}

/* Is that what the file says already? */
static bool
is_written(const char *path, const char *text, size_t size)
{
	FILE *file = open_file(path);
	char *there = memory_new(size + 2, 1);
	size_t got = file != NULL ? fread(there, 1, size + 1, file) : 0;
	bool same = got == size && memcmp(there, text, size) == 0;

	if (file != NULL) {
		fclose(file);
	}
	free(there);
	return same;
}

/*
 * The file that a link at `path` leads to, malloc'ed, so that the link stays;
 * or `path` itself. NULL if something is there that is no file.
 */
static char *
find_file(const char *path)
{
	char *target = realpath(path, NULL);
	struct stat status;

	if (target == NULL) {
		return memory_print("%s", path);
	}
	if (stat(target, &status) != 0 || !S_ISREG(status.st_mode)) {
		free(target);
		return NULL;
	}
	return target;
}

/* A new file takes the old one's place, so that it is whole at any time. */
static void
write_file(const char *path, const char *text, size_t size)
{
	char *draft = memory_print("%s.XXXXXX", path);
	int fd = mkostemp(draft, O_CLOEXEC);

	if (fd >= 0) {
		bool whole = write(fd, text, size) == (ssize_t) size;

		if (close(fd) != 0 || !whole || rename(draft, path) != 0) {
			(void) unlink(draft);
		}
	}
	free(draft);
}

void
settings_save(const struct settings *settings, const struct viewer *viewer)
{
	char *path = find_path(true);
	char *file;
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (memory != NULL) {
		settings_write(settings, viewer, memory);
		fclose(memory);
	}
	file = path != NULL ? find_file(path) : NULL;
	if (file != NULL && text != NULL && !is_written(file, text, size)) {
		write_file(file, text, size);
	}
	free(text);
	free(file);
	free(path);
}
