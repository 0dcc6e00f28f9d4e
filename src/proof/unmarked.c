/* unmarked.c: see unmarked.h. */
#include "proof/unmarked.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/memory.h"
#include "doctor/binary.h"

/* What they begin with: jemalloc's, and tcmalloc's. */
static const char *const functions[] = { "mallocx", "rallocx", "xallocx",
	"smallocx", "tc_" };

bool
unmarked_is_used(pid_t pid, const char *path)
{
	char *seen = memory_print("/proc/%d/root%s", (int) pid, path);
	struct binary *binary = binary_open(seen);
	bool used = binary == NULL && access(seen, R_OK) != 0;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		used |= binary != NULL && binary_wants(binary, functions[i]);
	}
	binary_close(binary);
	free(seen);
	return used;
}
