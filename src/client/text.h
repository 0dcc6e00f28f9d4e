/*
 * text.h: names that come from the target.
 *
 * A program may call its threads and sessions what it likes, terminal escapes
 * included, and whoever looks at it may be root: nothing that a terminal or a
 * JSON parser would take for more than text gets past here.
 */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

/*
 * Replaces in place, with '?', what is not printable UTF-8: control characters,
 * and bytes that belong to no character.
 */
void text_clean(char *text);

#endif
