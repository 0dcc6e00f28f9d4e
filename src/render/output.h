/*
 * output.h: what the formats have in common.
 */
#ifndef RENDER_OUTPUT_H
#define RENDER_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "client/snapshot.h"

#define OUTPUT_BOLD  "\033[1m"
#define OUTPUT_RED   "\033[31m"
#define OUTPUT_PLAIN "\033[0m"

struct render_options;

/* Writes a string of the target's, made harmless. */
void output_clean(FILE *out, const char *text);

/* The same in quotation marks; a "\" goes before those within. */
void output_quoted(FILE *out, const char *text);

/* The same as a name that follows a word; nothing if it is empty. */
void output_name(FILE *out, const char *name);

/* Changes how a terminal shows what follows, if that is wanted. */
void output_color(
    FILE *out, const struct render_options *options, const char *color);

/* Is the frame where the wait itself stands, and no call that is to return? */
bool output_is_leaf(const struct stack *stack, const struct frame *frame);

/*
 * The frame to name as the creator: not of the probe, nor of a library, which
 * made the task on somebody's behalf, if there is another. NULL if there is
 * none at all.
 */
const struct frame *output_creator(const struct stack *created_by);

/* To be called at the end: 0, or -1 and errno if something was not written. */
int output_end(FILE *out);

#endif
