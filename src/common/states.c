/* states.c: see states.h. */
#include "common/states.h"

static const char *const names[STRANDED_STATE_COUNT] = {
#define STATE_NAME(name, number, text) [STRANDED_##name] = text,
	STRANDED_STATES(STATE_NAME)
#undef STATE_NAME
};

const char *
state_name(uint32_t state)
{
	if (state >= STRANDED_STATE_COUNT) {
		state = STRANDED_UNKNOWN;
	}
	return names[state];
}
