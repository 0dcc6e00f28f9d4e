/* failure.c: why something did not work. See client.h. */
#include <stdarg.h>
#include <stdio.h>

#include "client/client.h"

int
failure_set(struct failure *failure, int status, const char *format, ...)
{
	va_list arguments;

	failure->status = status;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return -1;
}
