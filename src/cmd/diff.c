/* diff.c: `stranded diff`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/diff.h"
#include "client/memory.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/earlier.h"
#include "cmd/say.h"
#include "render/diff.h"
#include "render/json_read.h"
#include "render/render.h"

static const struct command_option option_table[] = {
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default) or JSON (json)." },
	{ 0 },
};

struct diff_options {
	enum format format;
	const char *paths[2]; /* before, after */
};

static struct diff_options
parse(struct arguments *arguments)
{
	struct diff_options options = { 0 };
	const char *value;

	while (arguments_next(arguments, &value) != 0) {
		options.format = arguments_format(arguments, value);
	}
	for (int i = 0; i < 2; i++) {
		options.paths[i] = arguments_operand(arguments);
		if (options.paths[i] == NULL) {
			arguments_misused(arguments,
			    "two dumps are needed, as `stranded dump "
			    "--format=json` writes them");
		}
	}
	arguments_end(arguments);
	return options;
}

static int
compare(const struct diff_options *options, const struct snapshot *before,
    const struct snapshot *after)
{
	struct diff *diff = diff_new(before, after);
	int status = diff_has_grown(diff) ? EXIT_FOUND : EXIT_DONE;
	int flushed;

	if (options->format == FORMAT_JSON) {
		render_diff_json(stdout, diff);
	} else {
		render_diff_text(stdout, diff);
	}
	diff_free(diff);
	flushed = say_flush();
	return flushed != EXIT_DONE ? flushed : status;
}

static int
diff_run(struct arguments *arguments)
{
	struct diff_options options = parse(arguments);
	struct json_reader *reader = json_reader_new();
	struct snapshot *before = earlier_read(reader, options.paths[0]);
	struct snapshot *after = earlier_read(reader, options.paths[1]);
	int status = compare(&options, before, after);

	snapshot_free(before);
	snapshot_free(after);
	json_reader_free(reader);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.operands = "A.json B.json",
	.summary = "compare two dumps: what is new, gone, grown, or stuck",
	.text = "Compares two dumps that `stranded dump --format=json` has "
		"written, or recordings of `stranded top` as they end, the "
		"earlier first: which groups of tasks are new, "
		"have grown, or have gone, which tasks are still in the very "
		"same wait, and which sessions have come and gone. Ends with "
		"status 1 if something is new or has grown.",
	.options = option_table,
	.run = diff_run,
};
