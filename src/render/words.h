/*
 * words.h: small things in words: how long, which state, where. The one place
 * that has them, for text, JSON, and viewer alike.
 */
#ifndef RENDER_WORDS_H
#define RENDER_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "client/snapshot.h"

#define WORDS_SECOND INT64_C(1000000000)
#define WORDS_MINUTE (60 * WORDS_SECOND)
#define WORDS_HOUR   (60 * WORDS_MINUTE)
#define WORDS_DAY    (24 * WORDS_HOUR)

#define WORDS_MAX 32 /* bytes of a duration as text */

/*
 * For sentences: "4s", "12 minutes", "5 hours", "3 days": no more precise than
 * is of use. Returns `text`.
 */
const char *words_duration(char text[WORDS_MAX], int64_t ns);

/*
 * For columns: "4s", "12m05s", "3h05m", "2d03h"; "-" if negative: not known.
 * Returns `text`.
 */
const char *words_age(char text[WORDS_MAX], int64_t ns);

/*
 * What the task is doing: the name of its state or, if all that is known is
 * which system call it sleeps in, that one's. Never NULL.
 */
const char *words_state(const struct task *task);

/* What sort of thing the task waits for: "mutex", "descriptor", "object". */
const char *words_object(const struct task *task);

/* "open", "peer closed", "closed". */
const char *words_session_state(enum session_state state);

/* "socket", "registry", "connect". */
const char *words_session_kind(enum wire_session_kind kind);

/* "accepted", "received", "inherited", "connected", "opened". */
const char *words_session_origin(enum wire_session_kind kind);

/* "ok", "suspect", "leaked". */
const char *words_verdict(enum verdict verdict);

/* "unreachable", "cycle", ...; NULL for none. */
const char *words_rule(enum rule rule);

/* "reader session_server.c:58": as much of it as is known. "" for NULL. */
void words_place(char *text, size_t size, const struct frame *frame);

/* "tests/session_server.c:58", or "libfoo.so+0x1234": where a frame is. */
void words_location(char *text, size_t size, const struct frame *frame);

/* "reader", or "??". */
const char *words_function(const struct frame *frame);

/* What follows the noun of so many. */
const char *words_plural(size_t count);

#endif
