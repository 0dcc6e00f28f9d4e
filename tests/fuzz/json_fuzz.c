/*
 * json_fuzz.c: whatever a file holds, reading it as a dump ends, with a
 * snapshot or an error, and what was read can be compared, shown and freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/diff.h"
#include "fuzz/fuzz.h"
#include "render/diff.h"
#include "render/json_read.h"

static void
show(const struct snapshot *snapshot)
{
	struct diff *diff = diff_new(snapshot, snapshot);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		render_diff_text(out, diff);
		render_diff_json(out, diff);
		fclose(out);
	}
	free(text);
	diff_free(diff);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_reader *reader = json_reader_new();
	struct failure failure;
	struct snapshot *snapshot =
	    json_read(reader, (const char *) data, size, &failure);

	if (snapshot) {
		show(snapshot);
		snapshot_free(snapshot);
	}
	json_reader_free(reader);
	return 0;
}

size_t
fuzz_seed(unsigned int index, uint8_t data[FUZZ_SIZE_MAX])
{
	static const char *const seeds[] = {
		"{\"version\":1,\"tasks\":[]}",
		"{\"version\":1,\"dump_id\":\"01\",\"began_ns\":9,\"ended_ns\":"
		"10,\"pid\":7,\"exe\":\"/srv/a\",\"name\":\"a\",\"tasks\":[{"
		"\"id\":3,\"tid\":8,\"name\":\"r\",\"state\":\"chan send\","
		"\"wait_id\":\"3.9\",\"since_ms\":4,\"object\":\"0x10\","
		"\"fd\":null,\"cases\":[{\"state\":\"chan send\",\"object\":"
		"\"0x1\"}],\"holder\":4,\"verdict\":\"leaked\",\"why\":\"w\","
		"\"stack\":[{\"pc\":\"0x1\",\"function\":\"f\",\"file\":"
		"\"f.c\",\"line\":1,\"module\":\"/m\",\"offset\":\"0x1\","
		"\"inlined\":false}],\"created_by\":[]}],\"sessions\":[{"
		"\"id\":1,\"kind\":\"socket\",\"name\":\"n\",\"fd\":3,"
		"\"state\":\"open\",\"tasks\":[3],\"opened_by\":[]}],"
		"\"channels\":[{\"object\":\"0x10\",\"length\":0,\"capacity\":"
		"0,\"closed\":false,\"senders\":[3],\"receivers\":[],"
		"\"last_sender\":null,\"last_receiver\":{\"task\":3,"
		"\"ended\":true,\"frames\":[{\"pc\":\"0x10\"}]}}]}",
	};
	size_t size;

	if (index >= sizeof(seeds) / sizeof(*seeds)) {
		return 0;
	}
	size = strlen(seeds[index]);
	memcpy(data, seeds[index], size);
	return size;
}
