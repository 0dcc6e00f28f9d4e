/*
 * receive.h: from the messages of one snapshot to a struct snapshot.
 *
 * Bounded in records, in bytes and in time, whatever the other end sends.
 */
#ifndef CLIENT_RECEIVE_H
#define CLIENT_RECEIVE_H

#include "client/snapshot.h"
#include "client/stream.h"

/*
 * Receives BEGIN, all that follows and END into `snapshot`, which is empty;
 * the arrays are sorted. Returns 0 or an error number as stream.h has them;
 * EFBIG if there is more than any process can have. In every case the snapshot
 * can be freed afterwards.
 */
int receive_snapshot(struct stream *stream, struct snapshot *snapshot);

#endif
