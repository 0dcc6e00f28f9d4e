/* storms_module.c: what storms.c loads and unloads; blocks for a moment. */
#include <time.h>

int block(int ms);

int
block(int ms)
{
	struct timespec time = { 0, ms * 1000000L };

	return nanosleep(&time, NULL) == 0;
}
