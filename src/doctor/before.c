/* before.c: see before.h. */
#include "doctor/before.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <string.h>
#include <unistd.h>

#include "doctor/company.h"
#include "doctor/executable.h"
#include "doctor/ground.h"
#include "doctor/binary.h"

/* The glibc that is known is the one that this command uses itself. */
static void
check_libc(struct report *report, const struct binary *binary)
{
	struct binary *self = binary_open("/proc/self/exe");

	if (self != NULL &&
	    strcmp(binary_linker(self), binary_linker(binary)) != 0) {
		report_add(report, REPORT_NOTE, "libc",
		    "its dynamic linker is %s: its glibc must not be older "
		    "than the one that the probe was built with",
		    binary_linker(binary));
		report_remedy(report, "build the probe with that glibc");
	} else {
		report_add(report, REPORT_OK, "libc",
		    "it is linked dynamically with glibc, here version %s",
		    gnu_get_libc_version());
	}
	binary_close(self);
}

static void
check_binary(struct report *report, const struct binary *binary)
{
	check_libc(report, binary);
	for (size_t i = 0; i < binary_library_count(binary); i++) {
		company_check_library(report, binary_library(binary, i));
	}
	company_check_binary(report, binary);
	company_check_loading(report, binary);
	company_check_symbols(report, binary);
}

void
before_check(struct report *report, const char *path, const char *probe)
{
	struct executable executable;
	const struct obstacle *obstacle =
	    executable_look(path, probe, &executable);
	struct binary *binary = binary_open(executable.path);

	if (executable.is_script) {
		report_add(report, REPORT_NOTE, "script",
		    "it is a script: the probe is loaded in %s, which runs "
		    "it, and in all that it starts",
		    executable.path);
	}
	if (executable.is_script && access(executable.path, X_OK) != 0) {
		report_add(report, REPORT_PROBLEM, "script",
		    "%s cannot be run: %s", executable.path, strerror(errno));
		report_remedy(report, "mend the first line of the script");
	} else if (obstacle != NULL) {
		report_add(
		    report, REPORT_PROBLEM, "program", "%s", obstacle->why);
		report_remedy(report, "%s", obstacle->remedy);
	} else if (binary != NULL) {
		check_binary(report, binary);
	}
	binary_close(binary);
	ground_check(report);
}
