/* probe_config_test.c: what the environment says, and what it may not say. */
#include <signal.h>
#include <stdio.h>

#include "unit/probe_fixture.h"

#include "probe/config.h"

static const char *const ours[] = { "STRANDED_SIGNAL", "STRANDED_DUMP",
	"STRANDED_DIR", "STRANDED_TOOL", "STRANDED_HANDSHAKE",
	"STRANDED_CONNECT", "STRANDED_RUNTIME", "LD_PRELOAD" };

static int
clean(void **state)
{
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		unsetenv(ours[i]);
	}
	memset(&config, 0, sizeof config);
	config.handshake = -1;
	return fixture_setup(state);
}

static int
signal_of(const char *word)
{
	setenv("STRANDED_SIGNAL", word, 1);
	config_read();
	return config.signal;
}

static void
nothing_is_said(void **state)
{
	config_read();
	assert_int_equal(config.signal, SIGQUIT);
	assert_int_equal(config.handshake, -1);
	assert_string_equal(config.dump, "");
	assert_string_equal(config.directory, "");
}

/* What is for one program alone is not handed on. */
static void
runtime_is_forgotten(void **state)
{
	setenv("LD_PRELOAD", "libasan.so.8:/probe.so:/other.so", 1);
	setenv("STRANDED_RUNTIME", "libasan.so.8", 1);
	config_read();
	assert_string_equal(getenv("LD_PRELOAD"), "/probe.so:/other.so");
	assert_null(getenv("STRANDED_RUNTIME"));
	setenv("STRANDED_RUNTIME", "/probe", 1);
	config_read();
	assert_string_equal(getenv("LD_PRELOAD"), "/probe.so:/other.so");
}

static void
signals(void **state)
{
	assert_int_equal(signal_of("USR1"), SIGUSR1);
	assert_int_equal(signal_of("SIGUSR2"), SIGUSR2);
	assert_int_equal(signal_of("10"), 10);
	assert_int_equal(signal_of("none"), 0);
	/* What makes no sense asks for nothing: no signal is taken. */
	assert_int_equal(signal_of("KILL"), 0);
	assert_int_equal(signal_of("nonsense"), 0);
	assert_int_equal(signal_of(""), 0);
	assert_int_equal(signal_of("-3"), 0);
}

static bool
connect_of(const char *word)
{
	setenv("STRANDED_CONNECT", word, 1);
	config_read();
	return config.connect;
}

static void
connections(void **state)
{
	config_read();
	assert_false(config.connect);
	assert_true(connect_of("1"));
	assert_false(connect_of("0"));
	assert_false(connect_of(""));
	assert_false(connect_of("11"));
}

static void
paths_stay_right(void **state)
{
	char here[CONFIG_PATH_MAX], expected[2 * CONFIG_PATH_MAX];

	assert_non_null(getcwd(here, sizeof here));
	setenv("STRANDED_DUMP", "some/dump", 1);
	setenv("STRANDED_DIR", "/some/where", 1);
	config_read();
	snprintf(expected, sizeof expected, "%s/some/dump", here);
	assert_string_equal(config.dump, expected);
	assert_string_equal(config.directory, "/some/where");
}

/* Set to nothing is as good as not set. */
static void
empty_paths(void **state)
{
	setenv("STRANDED_DUMP", "", 1);
	setenv("STRANDED_DIR", "", 1);
	config_read();
	assert_string_equal(config.dump, "");
	assert_string_equal(config.directory, "");
}

/* A path that does not fit is none, not half of one. */
static void
long_paths(void **state)
{
	static char path[2 * CONFIG_PATH_MAX];

	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	setenv("STRANDED_DUMP", path, 1);
	setenv("STRANDED_DIR", path, 1);
	setenv("STRANDED_TOOL", path, 1);
	config_read();
	assert_string_equal(config.dump, "");
	assert_string_equal(config.directory, "");
	assert_string_equal(config.tool, "");
	path[sizeof config.directory - 1] = '\0';
	setenv("STRANDED_DIR", path, 1);
	config_read();
	assert_string_equal(config.directory, path);
}

/* Children must not take the descriptor for theirs. */
static void
handshake_is_taken_once(void **state)
{
	setenv("STRANDED_HANDSHAKE", "7", 1);
	config_read();
	assert_int_equal(config.handshake, 7);
	assert_null(getenv("STRANDED_HANDSHAKE"));
	clean(NULL);
	setenv("STRANDED_HANDSHAKE", "x", 1);
	config_read();
	assert_int_equal(config.handshake, -1);
}

static const char *
inherited(const char *name)
{
	size_t length = strlen(name);

	for (char **entry = config.environment; *entry; entry++) {
		if (strncmp(*entry, name, length) == 0 &&
		    (*entry)[length] == '=') {
			return *entry + length + 1;
		}
	}
	return NULL;
}

/* The tool is not to run under the probe, nor to see what is not its own. */
static void
environment_of_the_tool(void **state)
{
	static char path[2 * CONFIG_PATH_MAX];

	setenv("LD_PRELOAD", "", 1);
	setenv("SECRET", "word", 1);
	setenv("HOME", "/var/of", 1);
	setenv("LANG", "C", 1);
	setenv("STRANDED_DIR", "/some/where", 1);
	config_read();
	assert_string_equal(inherited("HOME"), "/var/of");
	assert_string_equal(inherited("LANG"), "C");
	assert_string_equal(inherited("STRANDED_DIR"), "/some/where");
	assert_null(inherited("LD_PRELOAD"));
	assert_null(inherited("SECRET"));
	clean(NULL);
	/* One that does not fit is left out; those after it are not. */
	memset(path, 'a', sizeof path - 1);
	setenv("HOME", path, 1);
	config_read();
	assert_null(inherited("HOME"));
	assert_string_equal(inherited("LANG"), "C");
}

#define CONFIG_TEST(name) cmocka_unit_test_setup(name, clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(nothing_is_said),
		CONFIG_TEST(runtime_is_forgotten),
		CONFIG_TEST(signals),
		CONFIG_TEST(connections),
		CONFIG_TEST(paths_stay_right),
		CONFIG_TEST(empty_paths),
		CONFIG_TEST(long_paths),
		CONFIG_TEST(handshake_is_taken_once),
		CONFIG_TEST(environment_of_the_tool),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
