/* channel.h: the channels that runtimes have reported. */
#ifndef PROBE_CHANNEL_H
#define PROBE_CHANNEL_H

#include <stdint.h>

#include "probe/capture.h"
#include "probe/table.h"
#include "stranded_observer.h"

#define CHANNEL_CAPTURE 384 /* bytes of stack kept of the making */

struct channel {
	uint64_t id;                /* never reused; 0: the record is free */
	uint64_t link;              /* the table's, while it is free */
	struct stranded_channel is; /* as it was reported */
	int64_t created_ns;
	const struct stranded_user *sender; /* the last; NULL: not told */
	const struct stranded_user *receiver;
	struct capture created_by;
	uint8_t created_by_bytes[CHANNEL_CAPTURE];
};

extern struct table channel_table;

void channel_init(void);

/* Returns a handle, or 0. */
uint64_t channel_create(
    const struct stranded_channel *is, const struct stranded_place *by);
void channel_destroy(uint64_t handle);

/* Where its last users stand. */
void channel_users(uint64_t handle, const struct stranded_user *sender,
    const struct stranded_user *receiver);

#endif
