/* earlier.c: see earlier.h. */
#include "cmd/earlier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/say.h"
#include "record/recording.h"
#include "render/render.h"

#define SIZE_LIMIT ((size_t) 1 << 30) /* of a dump: a million tasks */
#define CHUNK      ((size_t) 1 << 14)

/* Copies all that there is to read, but not without end. Returns an errno. */
static int
copy_file(FILE *in, FILE *out)
{
	char chunk[CHUNK];
	size_t total = 0;
	size_t got;

	while ((got = fread(chunk, 1, sizeof(chunk), in)) > 0) {
		total += got;
		if (total > SIZE_LIMIT) {
			return EFBIG;
		}
		if (fwrite(chunk, 1, got, out) != got) {
			return errno;
		}
	}
	return ferror(in) ? errno : 0;
}

/* What is in the file. Ends the program if it cannot be read. */
static char *
read_file(const char *path, size_t *size)
{
	char *text = NULL;
	FILE *in = fopen(path, "re");
	int error = in == NULL ? errno : 0;
	FILE *out = open_memstream(&text, size);

	if (in != NULL && out != NULL) {
		error = copy_file(in, out);
	}
	if (in != NULL) {
		fclose(in);
	}
	if (out == NULL || fclose(out) != 0 || error != 0) {
		say_die(EXIT_FAILED, "cannot read %s: %s", path,
		    strerror(error != 0 ? error : errno));
	}
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
