/* top_settings_test.c: choices as a file, and back. */
#include "unit/top_snapshot.h"

#include "top/settings.h"

/* What is written after `text` was read. */
static char *
reread(const char *text)
{
	struct settings settings = { 0 };
	struct viewer viewer;
	FILE *in = fmemopen((void *) text, strlen(text), "r");
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(in);
	assert_non_null(out);
	viewer_init(&viewer);
	settings_read(&settings, &viewer, in);
	settings_write(&settings, &viewer, out);
	fclose(in);
	fclose(out);
	viewer_fini(&viewer);
	return written;
}

static void
choices_are_kept(void **state)
{
	static const char text[] =
	    "# Choices of `stranded top`; it writes this file.\n"
	    "interval 250\n"
	    "ascii yes\n"
	    "mouse no\n"
	    "screen sessions\n"
	    "window 1h\n"
	    "source no\n"
	    "sort groups CREATED BY\n"
	    "sort tasks -SINCE\n"
	    "tree tasks by creator\n"
	    "sort sessions AGE\n"
	    "sort channels RECEIVERS\n"
	    "sort verdicts -AGE\n";
	char *written = reread(text);

	assert_string_equal(written, text);
	free(written);
}

static void
nonsense_is_left_out(void **state)
{
	char *plain = reread("#\n");
	char *other = reread("\n\n \nscreen\nscreen nowhere\nsort\nsort tasks\n"
			     "sort nothing ID\nsort tasks NOTHING\ntree tasks\n"
			     "tree groups by holder\nwindow 7m\nspeed 9\n"
			     "sort tasks -\n\x80\xff \x01\n");

	assert_string_equal(plain, other);
	free(plain);
	free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choices_are_kept),
		cmocka_unit_test(nonsense_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
