/*
 * json.h: what everything that is written as JSON has in common.
 */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include <jansson.h>

#include "client/snapshot.h"

/* What is no UTF-8 is made so. */
json_t *json_string_or_null(const char *string);

/* A stack's frames, without the probe's. */
json_t *json_frames(const struct stack *stack);

#endif
