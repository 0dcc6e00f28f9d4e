/*
 * symbolizer.h: stacks as lists of frames, each equal one once.
 */
#ifndef ANALYZE_SYMBOLIZER_H
#define ANALYZE_SYMBOLIZER_H

#include "analyze/analyze.h"

/* Looks again at what is mapped in the target, if it can. */
void symbolizer_refresh(struct symbolizer *symbolizer);

/* Fills frames, frame_count and cut. Equal stacks get the same list. */
void symbolizer_fill(struct symbolizer *symbolizer, struct stack *stack);

/* The same of a stack of which only the innermost return address is known. */
void symbolizer_fill_place(struct symbolizer *symbolizer, struct stack *stack);

/* Was there code at the address when it last looked at what is mapped? */
bool symbolizer_has_code(const struct symbolizer *symbolizer, uint64_t pc);

#endif
