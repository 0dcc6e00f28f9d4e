/*
 * words.h: small things as text, short enough for a column.
 */
#ifndef TOP_WORDS_H
#define TOP_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "client/snapshot.h"

/* "4s", "12m", "3h05m", "2d03h"; "-" if negative: not known. */
void words_age(char *text, size_t size, int64_t ns);

/* "reader session_server.c:58": as much of it as is known. "" for NULL. */
void words_place(char *text, size_t size, const struct frame *frame);

/* "tests/session_server.c:58", or "libfoo.so+0x1234": where a frame is. */
void words_location(char *text, size_t size, const struct frame *frame);

/* "reader", or "??". */
const char *words_function(const struct frame *frame);

/* "open", "peer closed", "closed". */
const char *words_session_state(enum session_state state);
const char *words_session_kind(enum wire_session_kind kind);

#endif
