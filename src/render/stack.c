/* stack.c: see stack.h. */
#include "render/stack.h"

#include <inttypes.h>

#include "render/output.h"

#define INDENT "        " /* before a file's name */

static void
put_module(FILE *out, const struct frame *frame)
{
	if (frame->module) {
		output_clean(out, frame->module);
		fprintf(out, "+0x%" PRIx64, frame->offset);
	} else {
		fprintf(out, "0x%" PRIx64, frame->pc);
	}
}

/* The second line of a frame. */
static void
put_place(FILE *out, const struct frame *frame, bool with_offset)
{
	fputs(INDENT, out);
	if (frame->file) {
		output_clean(out, frame->file);
		fprintf(out, ":%u", frame->line);
	} else {
		put_module(out, frame);
	}
	if (with_offset && frame->function_offset > 0) {
		fprintf(out, " +0x%" PRIx64, frame->function_offset);
	}
	fputc('\n', out);
}

static void
put_frame(FILE *out, const struct frame *frame, bool leaf)
{
	output_clean(out, frame->function != NULL ? frame->function : "??");
	fputs(frame->inlined ? "(...) (inlined)\n" : "(...)\n", out);
	put_place(out, frame, !leaf);
}

/* Why there is nothing to show of a task that waits. */
static void
put_no_stack(FILE *out, const struct task *task)
{
	const char *why = "the stack is not known";

	if (task->state == STRANDED_RUNNING) {
		return;
	}
	if (task->stack.raw.flags & WIRE_STACK_MOVED) {
		why = "it went on while its stack was copied";
	} else if (task->stack.raw.flags & WIRE_STACK_UNREADABLE) {
		why = "its stack could not be read";
	}
	fprintf(out, INDENT "(%s)\n", why);
}

void
stack_put(FILE *out, const struct task *task)
{
	const struct stack *stack = &task->stack;
	size_t count = 0;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct frame *frame = stack->frames[i];

		if (!frame->probe) {
			put_frame(out, frame, output_is_leaf(stack, frame));
			count++;
		}
	}
	if (count == 0) {
		put_no_stack(out, task);
	} else if (stack->cut) {
		fputs(INDENT "...additional frames elided...\n", out);
	}
}

void
stack_put_maker(FILE *out, const char *what, const struct stack *made)
{
	const struct frame *frame = output_creator(made);

	if (frame != NULL) {
		fprintf(out, "%s ", what);
		output_clean(
		    out, frame->function != NULL ? frame->function : "??");
		fputc('\n', out);
		put_place(out, frame, false);
	}
}

void
stack_put_creator(FILE *out, const struct task *task)
{
	stack_put_maker(out, "created by", &task->created_by);
}
