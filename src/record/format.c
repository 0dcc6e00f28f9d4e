/* format.c: see format.h. */
#include "record/format.h"

uint32_t
format_sum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0x811c9dc5;

	for (size_t i = 0; i < size; i++) {
		sum = (sum ^ bytes[i]) * 0x01000193;
	}
	return sum;
}
