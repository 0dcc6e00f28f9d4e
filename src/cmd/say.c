/* say.c: see say.h. */
#include "cmd/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One call of write(), so that the lines of several processes stay whole. */
static void
say(const char *format, va_list list)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, list);
	fprintf(stderr, "stranded: %s\n", text);
}

void
say_warn(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
}

void
say_die(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
	exit(status);
}

void
say_failure(const struct failure *failure)
{
	say_die(failure->status, "%s", failure->text);
}

int
say_flush(void)
{
	bool failed = ferror(stdout) != 0;
	int error = 0;

	if (fflush(stdout) != 0) {
		failed = true;
		error = errno;
	}
	if (failed && error != EPIPE) {
		say_warn(
		    "cannot write to standard output: %s", strerror(error));
	}
	return failed ? EXIT_FAILED : EXIT_DONE;
}

bool
say_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(fd) && (no_color == NULL || no_color[0] == '\0') &&
	    (terminal == NULL || strcmp(terminal, "dumb") != 0);
}
