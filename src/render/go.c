/*
 * go.c: exactly as Go's runtime prints its goroutines (GOTRACEBACK=all).
 *
 * Readers of that format know nothing but functions, files and lines. So a
 * frame whose function is not known is named by its module and offset, and one
 * whose line is not known stands at "??:0", as Go prints foreign code. A wait
 * is told in whole minutes, and only from the first on.
 */
#include "render/render.h"

#include <inttypes.h>
#include <string.h>

#include "common/states.h"
#include "render/output.h"
#include "render/words.h"

static void
put_function(FILE *out, const struct frame *frame)
{
	const char *slash;

	if (frame->function) {
		output_clean(out, frame->function);
	} else if (frame->module) {
		slash = strrchr(frame->module, '/');
		output_clean(out, slash ? slash + 1 : frame->module);
		fprintf(out, "+0x%" PRIx64, frame->offset);
	} else {
		fprintf(out, "0x%" PRIx64, frame->pc);
	}
}

static void
put_place(FILE *out, const struct frame *frame, bool with_offset)
{
	fputc('\t', out);
	output_clean(out, frame->file != NULL ? frame->file : "??");
	fprintf(out, ":%u", frame->line);
	if (with_offset && frame->function_offset > 0) {
		fprintf(out, " +0x%" PRIx64, frame->function_offset);
	}
	fputc('\n', out);
}

static size_t
put_frames(FILE *out, const struct stack *stack)
{
	size_t count = 0;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct frame *frame = stack->frames[i];

		if (frame->probe) {
			continue;
		}
		put_function(out, frame);
		fputs("(...)\n", out);
		put_place(out, frame, !output_is_leaf(stack, frame));
		count++;
	}
	return count;
}

static void
put_task(FILE *out, const struct task *task)
{
	const struct frame *creator = output_creator(&task->created_by);

	fprintf(out, "goroutine %" PRIu64 " [%s", task->id, words_state(task));
	if (task->state != STRANDED_RUNNING && task->since_ns >= WORDS_MINUTE) {
		fprintf(out, ", %" PRId64 " minutes",
		    task->since_ns / WORDS_MINUTE);
	}
	fputs("]:\n", out);
	if (put_frames(out, &task->stack) == 0) {
		fputs("\tgoroutine running on other thread; "
		      "stack unavailable\n",
		    out);
	} else if (task->stack.cut) {
		fputs("...additional frames elided...\n", out);
	}
	if (creator) {
		fputs("created by ", out);
		put_function(out, creator);
		fputc('\n', out);
		put_place(out, creator, true);
	}
}

int
render_go(FILE *out, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count && !ferror(out); i++) {
		if (i > 0) {
			fputc('\n', out);
		}
		put_task(out, &snapshot->tasks[i]);
	}
	return output_end(out);
}
