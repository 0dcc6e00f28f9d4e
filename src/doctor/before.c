/* before.c: see before.h. */
#include "doctor/before.h"

#include <gnu/libc-version.h>
#include <string.h>

#include "doctor/company.h"
#include "doctor/executable.h"
#include "doctor/ground.h"
#include "doctor/image.h"

/* The glibc that is known is the one that this command uses itself. */
static void
check_libc(struct report *report, const struct image *image)
{
	struct image *self = image_open("/proc/self/exe");

	if (self != NULL &&
	    strcmp(image_linker(self), image_linker(image)) != 0) {
		report_add(report, REPORT_NOTE, "libc",
		    "its dynamic linker is %s: its glibc must not be older "
		    "than the one that the probe was built with",
		    image_linker(image));
		report_remedy(report, "build the probe with that glibc");
	} else {
		report_add(report, REPORT_OK, "libc",
		    "it is linked dynamically with glibc, here version %s",
		    gnu_get_libc_version());
	}
	image_close(self);
}

static void
check_image(struct report *report, const struct image *image)
{
	check_libc(report, image);
	for (size_t i = 0; i < image_library_count(image); i++) {
		company_check_library(report, image_library(image, i));
	}
	company_check_image(report, image);
	company_check_loading(report, image);
	company_check_symbols(report, image);
}

void
before_check(struct report *report, const char *path, const char *probe)
{
	struct executable executable;
	const struct obstacle *obstacle =
	    executable_look(path, probe, &executable);
	struct image *image = image_open(executable.path);

	if (executable.is_script) {
		report_add(report, REPORT_NOTE, "script",
		    "it is a script: the probe is loaded in %s, which runs "
		    "it, and in all that it starts",
		    executable.path);
	}
	if (obstacle != NULL) {
		report_add(
		    report, REPORT_PROBLEM, "program", "%s", obstacle->why);
		report_remedy(report, "%s", obstacle->remedy);
	} else if (image != NULL) {
		check_image(report, image);
	}
	image_close(image);
	ground_check(report);
}
