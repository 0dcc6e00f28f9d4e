/* earlier.c: see earlier.h. */
#include "cmd/earlier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/say.h"
#include "record/recording.h"
#include "render/render.h"

#define SIZE_MAX_READ ((size_t) 1 << 30) /* bytes of a dump: a million tasks */
#define CHUNK         ((size_t) 1 << 16)

/* All that there is to read. Ends the program if it cannot be read. */
static char *
read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;

	*size = 0;
	while (file != NULL && !feof(file) && !ferror(file)) {
		if (capacity - *size < CHUNK) {
			capacity = capacity == 0 ? CHUNK : 2 * capacity;
			text = realloc(text, capacity);
		}
		if (text == NULL || capacity > SIZE_MAX_READ) {
			say_die(
			    EXIT_FAILED, "%s is too large for a dump", path);
		}
		*size += fread(text + *size, 1, CHUNK, file);
	}
	if (file == NULL || ferror(file)) {
		say_die(
		    EXIT_FAILED, "cannot read %s: %s", path, strerror(errno));
	}
	fclose(file);
	return text;
}

/*
 * The last moment of a recording, in JSON: so its frames become those of the
 * reader, which the other dump's are, too.
 */
static char *
read_recording(const char *path, size_t *size)
{
	struct recording *recording;
	struct failure failure;
	struct snapshot *snapshot =
	    recording_snapshot(path, 0, &recording, &failure);
	char *text = NULL;
	FILE *memory;

	if (snapshot == NULL) {
		say_failure(&failure);
	}
	memory = open_memstream(&text, size);
	if (memory == NULL || render_json(memory, snapshot) != 0 ||
	    fclose(memory) != 0) {
		say_die(
		    EXIT_FAILED, "cannot read %s: %s", path, strerror(errno));
	}
	snapshot_free(snapshot);
	recording_close(recording);
	return text;
}

struct snapshot *
earlier_read(struct json_reader *reader, const char *path)
{
	struct failure failure;
	size_t size;
	char *text = recording_is_one(path) ? read_recording(path, &size) :
					      read_file(path, &size);
	struct snapshot *snapshot = json_read(reader, text, size, &failure);

	free(text);
	if (snapshot == NULL) {
		say_die(failure.status, "%s is no dump in JSON: %s", path,
		    failure.text);
	}
	return snapshot;
}
