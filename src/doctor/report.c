/* report.c: see report.h. */
#include "doctor/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#include "client/memory.h"
#include "client/text.h"

static const char *const level_names[] = {
	[REPORT_OK] = "ok",
	[REPORT_NOTE] = "note",
	[REPORT_PROBLEM] = "problem",
};

void
report_free(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		free(report->findings[i].what);
		free(report->findings[i].remedy);
	}
	free(report->findings);
}

/* Names of the target's are in there: nothing of it reaches a terminal. */
static char *
format_text(const char *format, va_list list)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, list);
	text_clean(text);
	return memory_print("%s", text);
}

void
report_add(struct report *report, enum report_level level, const char *topic,
    const char *format, ...)
{
	va_list list;

	report->findings = memory_grow(report->findings, report->count,
	    &report->room, sizeof(*report->findings));
	va_start(list, format);
	report->findings[report->count++] = (struct finding) {
		.level = level,
		.topic = topic,
		.what = format_text(format, list),
	};
	va_end(list);
}

void
report_remedy(struct report *report, const char *format, ...)
{
	struct finding *last = &report->findings[report->count - 1];
	va_list list;

	free(last->remedy);
	va_start(list, format);
	last->remedy = format_text(format, list);
	va_end(list);
}

size_t
report_count(const struct report *report, enum report_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++) {
		count += report->findings[i].level == level;
	}
	return count;
}

void
report_text(FILE *out, const struct report *report)
{
	size_t problems = report_count(report, REPORT_PROBLEM);
	size_t notes = report_count(report, REPORT_NOTE);

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		fprintf(out, "%-7s  %s: %s%s%s\n", level_names[finding->level],
		    finding->topic, finding->what,
		    finding->remedy != NULL ? "; " : "",
		    finding->remedy != NULL ? finding->remedy : "");
	}
	fprintf(out, "%s: %zu problem%s, %zu note%s\n",
	    problems == 0 ? "the probe can work" : "the probe cannot work",
	    problems, problems == 1 ? "" : "s", notes, notes == 1 ? "" : "s");
}

void
report_json(FILE *out, const struct report *report, const char *target)
{
	json_t *findings = json_array();
	json_t *document;

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		json_array_append_new(findings,
		    json_pack("{s:s, s:s, s:s, s:s?}", "level",
			level_names[finding->level], "topic", finding->topic,
			"what", finding->what, "remedy", finding->remedy));
	}
	document = json_pack("{s:i, s:s, s:b, s:o}", "version", 1, "target",
	    target, "good", report_count(report, REPORT_PROBLEM) == 0,
	    "findings", findings);
	json_dumpf(document, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(document);
}
