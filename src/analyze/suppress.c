/* suppress.c: see suppress.h. */
#include "analyze/suppress.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/maps.h"
#include "client/memory.h"
#include "common/states.h"

#define SECTION "stranded_suppressions"

enum key { KEY_FUNCTION, KEY_FILE, KEY_MODULE, KEY_STATE, KEY_NAME, KEY_LABEL };

static const char *const keys[] = {
	[KEY_FUNCTION] = "function",
	[KEY_FILE] = "file",
	[KEY_MODULE] = "module",
	[KEY_STATE] = "state",
	[KEY_NAME] = "name",
	[KEY_LABEL] = "label",
};

#define KEYS (sizeof(keys) / sizeof(*keys))

void
suppress_free(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		free(suppressions->list[i].line);
	}
	free(suppressions->list);
	*suppressions = (struct suppressions) { 0 };
}

/* ---- Reading ----------------------------------------------------------- */

static int
key_of(const char *line)
{
	size_t length = strcspn(line, ":");

	for (size_t i = 0; i < KEYS; i++) {
		if (line[length] == ':' && strlen(keys[i]) == length &&
		    strncmp(line, keys[i], length) == 0) {
			return (int) i;
		}
	}
	return -1;
}

static bool
is_known(const struct suppressions *suppressions, const char *line)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		if (strcmp(suppressions->list[i].line, line) == 0) {
			return true;
		}
	}
	return false;
}

int
suppress_add(struct suppressions *suppressions, const char *line,
    struct failure *failure)
{
	struct suppression *one;
	int key;

	line += strspn(line, " \t");
	if (line[0] == '\0' || line[0] == '#' || is_known(suppressions, line)) {
		return 0;
	}
	key = key_of(line);
	if (key < 0 || strchr(line, ':')[1] == '\0') {
		return failure_set(failure, EXIT_FAILED,
		    "\"%.100s\" is no suppression: one begins with function:, "
		    "file:, module:, state:, name: or label:",
		    line);
	}
	suppressions->list =
	    memory_grow(suppressions->list, suppressions->count,
		&suppressions->capacity, sizeof(*suppressions->list));
	one = &suppressions->list[suppressions->count++];
	*one = (struct suppression) { .line = memory_print("%s", line),
		.key = key };
	one->pattern = strchr(one->line, ':') + 1;
	return 0;
}

int
suppress_add_file(struct suppressions *suppressions, const char *path,
    struct failure *failure)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int result = 0;

	if (file == NULL) {
		return failure_set(failure, EXIT_FAILED,
		    "cannot read the suppressions in %s: %s", path,
		    strerror(errno));
	}
	while (result == 0 && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		result = suppress_add(suppressions, line, failure);
	}
	free(line);
	fclose(file);
	return result;
}

/* ---- Compiled into the program ----------------------------------------- */

/* Strings, each with its NUL. */
static int
add_strings(struct suppressions *suppressions, const char *bytes, size_t size,
    struct failure *failure)
{
	for (size_t at = 0; at < size;) {
		size_t length = strnlen(bytes + at, size - at);

		if (at + length == size) {
			break; /* it does not end */
		}
		if (suppress_add(suppressions, bytes + at, failure) != 0) {
			return -1;
		}
		at += length + 1;
	}
	return 0;
}

static bool
is_ours(Elf *elf, Elf_Scn *section, size_t names)
{
	Elf64_Shdr *header = elf64_getshdr(section);
	const char *name =
	    header ? elf_strptr(elf, names, header->sh_name) : NULL;

	return name != NULL && strcmp(name, SECTION) == 0;
}

static int
add_elf(struct suppressions *suppressions, Elf *elf, struct failure *failure)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf == NULL || elf_getshdrstrndx(elf, &names) != 0) {
		return 0;
	}
	while ((section = elf_nextscn(elf, section)) != NULL) {
		Elf_Data *data = is_ours(elf, section, names) ?
		    elf_getdata(section, NULL) :
		    NULL;

		if (data != NULL && data->d_buf != NULL) {
			return add_strings(
			    suppressions, data->d_buf, data->d_size, failure);
		}
	}
	return 0;
}

/* Of a file that the process has mapped; one that is gone is passed over. */
static int
add_module(struct suppressions *suppressions, pid_t pid, const char *path,
    struct failure *failure)
{
	char *seen = memory_print("/proc/%d/root%s", (int) pid, path);
	int fd = open(seen, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result = 0;
	Elf *elf;

	free(seen);
	if (fd < 0) {
		return 0;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	result = add_elf(suppressions, elf, failure);
	elf_end(elf);
	close(fd);
	return result;
}

int
suppress_add_process(
    struct suppressions *suppressions, pid_t pid, struct failure *failure)
{
	struct maps maps;
	int result = 0;

	if (maps_read(pid, &maps) != 0) {
		return 0;
	}
	for (size_t i = 0; i < maps.count && result == 0; i++) {
		const char *path = maps.list[i].path;

		if (maps.list[i].executable && path[0] == '/') {
			result = add_module(suppressions, pid, path, failure);
		}
	}
	maps_free(&maps);
	return result;
}

/* ---- Matching ---------------------------------------------------------- */

static bool
matches(const struct suppression *one, const char *text)
{
	return text != NULL && fnmatch(one->pattern, text, 0) == 0;
}

/* "file:chan.c" means it in any directory. */
static bool
path_matches(const struct suppression *one, const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return matches(one, path) || (slash != NULL && matches(one, slash + 1));
}

static bool
frame_matches(const struct suppression *one, const struct frame *frame)
{
	switch (one->key) {
	case KEY_FUNCTION:
		return matches(one, frame->function);
	case KEY_FILE:
		return path_matches(one, frame->file);
	case KEY_MODULE:
		return path_matches(one, frame->module);
	default:
		return false;
	}
}

static bool
task_matches(const struct suppression *one, const struct task *task)
{
	if (one->key == KEY_STATE) {
		return matches(one, state_name(task->state));
	}
	if (one->key == KEY_NAME) {
		return matches(one, task->name);
	}
	if (one->key == KEY_LABEL) {
		return matches(one, task->label);
	}
	for (size_t i = 0; i < task->stack.frame_count; i++) {
		if (!task->stack.frames[i]->probe &&
		    frame_matches(one, task->stack.frames[i])) {
			return true;
		}
	}
	return false;
}

bool
suppress_match(struct suppressions *suppressions, const struct task *task)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		if (task_matches(&suppressions->list[i], task)) {
			suppressions->list[i].used++;
			return true;
		}
	}
	return false;
}
