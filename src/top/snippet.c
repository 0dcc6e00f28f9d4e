/* snippet.c: see snippet.h. */
#include "top/snippet.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"

#define FILES          16        /* that are kept */
#define SIZE_MAX_FILE  (4 << 20) /* bytes of one; a larger one is left alone */
#define LEVELS         6         /* folders above the program */
#define TAB            8
#define LINE_MAX_SHOWN 400

/* One file, or that there is none. */
struct source_file {
	char *name;   /* as the frame has it; NULL: the place is free */
	char *module; /* as the frame has it, or "" */
	char *path;   /* where it was found; NULL: nowhere */
	char *text;   /* its bytes and a NUL */
	size_t size;
	struct timespec written;
	uint64_t used; /* when it was last asked for */
};

struct snippets {
	struct source_file files[FILES];
	uint64_t clock; /* counts questions */
};

struct snippets *
snippets_new(void)
{
	return memory_new(1, sizeof(struct snippets));
}

static void
forget(struct source_file *file)
{
	free(file->name);
	free(file->module);
	free(file->path);
	free(file->text);
	*file = (struct source_file) { 0 };
}

void
snippets_free(struct snippets *snippets)
{
	for (size_t i = 0; i < FILES; i++) {
		forget(&snippets->files[i]);
	}
	free(snippets);
}

/* ---- Reading ----------------------------------------------------------- */

/* Reads what is open; false if it is no file to show. */
static bool
read_open(struct source_file *file, int fd)
{
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > SIZE_MAX_FILE) {
		return false;
	}
	free(file->text);
	file->text = memory_new((size_t) status.st_size + 1, 1);
	got = pread(fd, file->text, (size_t) status.st_size, 0);
	file->size = got > 0 ? (size_t) got : 0;
	file->written = status.st_mtim;
	return got >= 0;
}

/* The file at `path`, which becomes the entry's. */
static bool
read_path(struct source_file *file, char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool done = fd >= 0 && read_open(file, fd);

	if (fd >= 0) {
		close(fd);
	}
	if (done && file->path != path) {
		free(file->path);
		file->path = path;
	}
	return done;
}

static bool
try_path(struct source_file *file, char *path)
{
	if (read_path(file, path)) {
		return true;
	}
	free(path);
	return false;
}

/* As it is named, or below a folder that the module is in. */
static void
look_for(struct source_file *file)
{
	size_t length = strlen(file->module);

	if (try_path(file, memory_print("%s", file->name)) ||
	    file->name[0] == '/') {
		return;
	}
	for (int i = 0; i < LEVELS; i++) {
		while (length > 0 && file->module[length - 1] != '/') {
			length--;
		}
		if (length == 0 ||
		    try_path(file,
			memory_print("%.*s%s", (int) length, file->module,
			    file->name))) {
			return;
		}
		length--;
	}
}

/* ---- Keeping ----------------------------------------------------------- */

static bool
is_same(const struct source_file *file, const struct frame *frame)
{
	return file->name != NULL && strcmp(file->name, frame->file) == 0 &&
	    strcmp(file->module, frame->module != NULL ? frame->module : "") ==
	    0;
}

/* Reads the file again if it has been written. */
static void
look_again(struct source_file *file)
{
	struct stat status;

	if (file->path != NULL && stat(file->path, &status) == 0 &&
	    (status.st_mtim.tv_sec != file->written.tv_sec ||
		status.st_mtim.tv_nsec != file->written.tv_nsec)) {
		(void) read_path(file, file->path);
	}
}

static const struct source_file *
find(struct snippets *snippets, const struct frame *frame)
{
	struct source_file *oldest = &snippets->files[0];

	snippets->clock++;
	for (size_t i = 0; i < FILES; i++) {
		struct source_file *file = &snippets->files[i];

		if (is_same(file, frame)) {
			look_again(file);
			file->used = snippets->clock;
			return file;
		}
		if (file->used < oldest->used) {
			oldest = file;
		}
	}
	forget(oldest);
	oldest->used = snippets->clock;
	oldest->name = memory_print("%s", frame->file);
	oldest->module =
	    memory_print("%s", frame->module != NULL ? frame->module : "");
	look_for(oldest);
	return oldest;
}

/* ---- Lines ------------------------------------------------------------- */

/* Where line `number`, from 1, begins; NULL if there is none. */
static const char *
find_line(const struct source_file *file, long number)
{
	const char *at = file->text;
	const char *end = file->text + file->size;

	while (number-- > 1) {
		at = memchr(at, '\n', (size_t) (end - at));
		if (at == NULL) {
			return NULL;
		}
		at++;
	}
	return at < end ? at : NULL;
}

static char *
expand(const char *line)
{
	char *text = memory_new(LINE_MAX_SHOWN + TAB + 1, 1);
	size_t used = 0;

	for (; *line != '\0' && *line != '\n' && used < LINE_MAX_SHOWN;
	     line++) {
		if (*line != '\t') {
			text[used++] = *line;
			continue;
		}
		do {
			text[used++] = ' ';
		} while (used % TAB != 0);
	}
	return text;
}

char *
snippets_line(struct snippets *snippets, const struct frame *frame, int by)
{
	const struct source_file *file;
	long number = (long) frame->line + by;
	const char *line;

	if (frame->file == NULL || frame->line == 0 || number < 1) {
		return NULL;
	}
	file = find(snippets, frame);
	line = file->text != NULL ? find_line(file, number) : NULL;
	return line != NULL ? expand(line) : NULL;
}
