/* output.c: see output.h. */
#include "render/output.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/analyze.h"
#include "client/memory.h"
#include "client/text.h"
#include "render/render.h"

void
output_clean(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *) text;
	char *copy;

	while (*at >= ' ' && *at < 0x7f) {
		at++;
	}
	if (*at == '\0') {
		fputs(text, out);
		return;
	}
	copy = memory_print("%s", text);
	text_clean(copy);
	fputs(copy, out);
	free(copy);
}

void
output_quoted(FILE *out, const char *text)
{
	char *copy = memory_print("%s", text);

	text_clean(copy);
	fputc('"', out);
	for (const char *at = copy; *at; at++) {
		if (*at == '"' || *at == '\\') {
			fputc('\\', out);
		}
		fputc(*at, out);
	}
	fputc('"', out);
	free(copy);
}

void
output_name(FILE *out, const char *name)
{
	if (name[0] != '\0') {
		fputc(' ', out);
		output_quoted(out, name);
	}
}

void
output_color(FILE *out, const struct render_options *options, const char *color)
{
	if (options->color) {
		fputs(color, out);
	}
}

bool
output_is_leaf(const struct stack *stack, const struct frame *frame)
{
	return frame->pc == stack->raw.leaf_pc;
}

const struct frame *
output_creator(const struct stack *created_by)
{
	const struct frame *own =
	    analyze_own_frame(created_by, STRANDED_RUNNING);

	for (size_t i = 0; !own && i < created_by->frame_count; i++) {
		const struct frame *frame = created_by->frames[i];

		own = frame->probe ? NULL : frame;
	}
	return own;
}

int
output_end(FILE *out)
{
	int error = ferror(out) ? errno : 0;

	if (!error && fflush(out)) {
		error = errno;
	}
	if (!error && !ferror(out)) {
		return 0;
	}
	errno = error ? error : EIO;
	return -1;
}
