/* unmarked.c: see unmarked.h. */
#include "proof/unmarked.h"

#include <stddef.h>
#include <stdlib.h>

#include "client/memory.h"
#include "doctor/image.h"

/* What they begin with: jemalloc's, and tcmalloc's. */
static const char *const functions[] = { "mallocx", "rallocx", "xallocx",
	"smallocx", "tc_" };

bool
unmarked_is_used(pid_t pid, const char *path)
{
	char *seen = memory_print("/proc/%d/root%s", (int) pid, path);
	struct image *image = image_open(seen);
	bool used = false;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		used |= image != NULL && image_wants(image, functions[i]);
	}
	image_close(image);
	free(seen);
	return used;
}
