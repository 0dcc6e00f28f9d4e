/* mapped.c: see mapped.h. */
#include "doctor/mapped.h"

#include <string.h>

#include "doctor/company.h"

static const char *
base_name(const struct mapping *mapping)
{
	const char *slash = strrchr(mapping->path, '/');

	return slash != NULL ? slash + 1 : "";
}

/* Is this where a file begins? Each copy of a library begins once. */
static bool
is_beginning(const struct mapping *mapping)
{
	return mapping->inode != 0 && mapping->offset == 0 &&
	    !mapping->writable;
}

const struct mapping *
mapped_probe(const struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		if (strncmp(base_name(&maps->list[i]), "libstranded.so",
			strlen("libstranded.so")) == 0) {
			return &maps->list[i];
		}
	}
	return NULL;
}

void
mapped_check(struct report *report, const struct maps *maps)
{
	unsigned int libcs = 0;
	unsigned int deleted = 0;
	bool tracked = false;
	const char *example = NULL;

	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->list[i];
		const char *name = base_name(mapping);

		if (!is_beginning(mapping) || strstr(name, ".so") == NULL) {
			continue;
		}
		company_check_library(report, name);
		tracked |= strcmp(name, "libstranded_heap.so") == 0;
		libcs += strncmp(name, "libc.so.", 8) == 0;
		if (strstr(name, " (deleted)") != NULL) {
			deleted++;
			example = name;
		}
	}
	if (tracked) {
		report_add(report, REPORT_OK, "heap",
		    "the place of each block is noted (--track-heap)");
	}
	if (libcs > 1) {
		report_add(report, REPORT_NOTE, "libraries",
		    "libc is there %u times, as dlmopen() makes it: calls to "
		    "a copy are not seen",
		    libcs);
	}
	if (deleted > 0) {
		report_add(report, REPORT_NOTE, "libraries",
		    "%u librar%s been replaced or removed since the program "
		    "was started (%s): stacks through %s have no names",
		    deleted, deleted == 1 ? "y has" : "ies have", example,
		    deleted == 1 ? "it" : "them");
		report_remedy(report, "start the program again");
	}
}
