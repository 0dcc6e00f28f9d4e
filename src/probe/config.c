/* config.c: see config.h. */
#include "probe/config.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/place.h"
#include "common/signals.h"
#include "probe/probe.h"
#include "probe/text.h"

struct config config = { .handshake = -1 };

/* What the tool takes of the environment; everything else stays behind. */
static const char *const inherited[] = {
	"PATH",
	"HOME",
	"LANG",
	"LC_ALL",
	"LC_CTYPE",
	"TZ",
	"TERM",
	"NO_COLOR",
	"LD_LIBRARY_PATH",
	"TMPDIR",
	PLACE_VARIABLE,
};

_Static_assert(sizeof(inherited) / sizeof(inherited[0]) <
	sizeof(config.environment) / sizeof(config.environment[0]),
    "there is room for the NULL");

static void
read_environment(void)
{
	struct text text;
	size_t count = 0;

	text_begin(&text, config.strings, sizeof(config.strings));
	for (size_t i = 0; i < sizeof(inherited) / sizeof(*inherited); i++) {
		const char *value = getenv(inherited[i]);
		char *entry = text.data + text.length;

		if (value == NULL ||
		    text.size - text.length <
			text_length(inherited[i]) + text_length(value) + 2) {
			continue;
		}
		text_add(&text, inherited[i]);
		text_add(&text, "=");
		text_add(&text, value);
		text.length++; /* leaves the NUL */
		config.environment[count++] = entry;
	}
}

/* A path that stays right when the application changes its directory. */
static void
set_path(char *to, size_t size, const char *path)
{
	struct text text;
	char here[CONFIG_PATH_MAX];

	text_begin(&text, to, size);
	if (path[0] != '/' && getcwd(here, sizeof(here)) != NULL) {
		text_add(&text, here);
		text_add(&text, "/");
	}
	text_add(&text, path);
	if (text.overflowed) {
		to[0] = '\0';
	}
}

/* The tool is beside the probe (a build tree), or in ../bin (installed). */
static void
find_tool(void)
{
	static const char *const places[] = { "/stranded", "/../bin/stranded",
		"/../../bin/stranded" };
	const char *set = getenv("STRANDED_TOOL");
	char self[CONFIG_PATH_MAX];
	Dl_info info;
	size_t end;

	if (set != NULL && set[0] != '\0') {
		set_path(config.tool, sizeof(config.tool), set);
		return;
	}
	if (dladdr(&config, &info) == 0 || info.dli_fname == NULL) {
		return;
	}
	set_path(self, sizeof(self), info.dli_fname);
	for (end = text_length(self); end > 0 && self[end] != '/'; end--) {
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct text text;

		text_begin(&text, config.tool, sizeof(config.tool));
		text_add_bytes(&text, self, end);
		text_add(&text, places[i]);
		if (!text.overflowed && access(config.tool, X_OK) == 0) {
			return;
		}
	}
	config.tool[0] = '\0';
}

/* In its place: nothing is allocated. */
static void
forget_runtime(const char *runtime)
{
	char *list = getenv("LD_PRELOAD");
	const char *rest = list != NULL ? text_after(list, runtime) : NULL;

	if (rest != NULL && *rest == ':') {
		do {
			*list++ = *++rest;
		} while (*rest != '\0');
	}
	unsetenv("STRANDED_RUNTIME");
}

void
config_read(void)
{
	const char *value = getenv("STRANDED_SIGNAL");
	int number = signals_number(value != NULL ? value : SIGNALS_DEFAULT);

	config.signal = number > 0 ? number : 0;
	value = getenv("STRANDED_DUMP");
	if (value != NULL && value[0] != '\0') {
		set_path(config.dump, sizeof(config.dump), value);
	}
	value = getenv("STRANDED_CONNECT");
	config.connect = value != NULL && text_equal(value, "1");
	value = getenv(PLACE_VARIABLE);
	if (value != NULL && value[0] != '\0') {
		set_path(config.directory, sizeof(config.directory), value);
	}
	value = getenv("STRANDED_HANDSHAKE");
	if (value != NULL) {
		config.handshake = (int) text_number(value);
		unsetenv("STRANDED_HANDSHAKE");
	}
	value = getenv("STRANDED_RUNTIME");
	if (value != NULL) {
		forget_runtime(value);
	}
	value = getenv("STRANDED_CHECK");
	if (value != NULL) {
		config.check = (int) text_number(value);
		config.judge = (int) getppid();
	}
	read_environment();
	find_tool();
}
