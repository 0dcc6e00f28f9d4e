/*
 * bookkeeping.h: where the probe keeps what it knows, for those who ask what
 * still refers to an object: its own records do not count.
 *
 * Not among them is what lies in the probe's data: none of it points at an
 * object of the application.
 */
#ifndef PROBE_BOOKKEEPING_H
#define PROBE_BOOKKEEPING_H

#include <stddef.h>

/*
 * Writes the answer, a struct wire_bookkeeping, and returns its size. What
 * there is no room for is left out.
 */
size_t bookkeeping_tell(void *out, size_t room);

#endif
