/*
 * taker.h: a thread that takes snapshots, so that the keys never wait for a
 * target.
 *
 * The loop asks, goes on, and is told through a descriptor when there is an
 * answer. At most one question is open at a time. Everything in a snapshot is
 * the loop's from then on; frames are not changed once they are made.
 */
#ifndef TOP_TAKER_H
#define TOP_TAKER_H

#include "top/source.h"

struct taker;

/* Starts the thread; the source is the taker's. NULL: errno says why not. */
struct taker *taker_new(struct source *source);

/*
 * Ends the thread, and closes the source. If an answer is still to come, both
 * are left to the end of the process, which must not wait for a target that
 * takes its time.
 */
void taker_free(struct taker *taker);

/* Is a question open? */
bool taker_is_busy(const struct taker *taker);

/* Asks for a snapshot, or a proof too; not while a question is open. */
void taker_ask(struct taker *taker, bool prove);

/* Becomes readable when the answer is there. */
int taker_fd(const struct taker *taker);

/* The answer, if it is there: see source_take(). */
bool taker_answer(struct taker *taker, struct taken *taken);

#endif
