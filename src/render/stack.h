/*
 * stack.h: a task's stack, and who created it, for people: two lines for each
 * frame, the innermost first.
 */
#ifndef RENDER_STACK_H
#define RENDER_STACK_H

#include <stdio.h>

#include "client/snapshot.h"

/* If there is none, and the task waits, it says why. */
void stack_put(FILE *out, const struct task *task);

/* "created by serve", and where; nothing if that is not known. */
void stack_put_creator(FILE *out, const struct task *task);

/* The same of something else: "what serve", and where. */
void stack_put_maker(FILE *out, const char *what, const struct stack *made);

#endif
