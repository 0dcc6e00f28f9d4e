/* trend.c: see trend.h. */
#include "top/trend.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

#define SECOND_NS UINT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define SAMPLE_NS (5 * SECOND_NS) /* between two samples */
#define LEAST_NS  (5 * SECOND_NS) /* less says nothing about a minute */

void
trends_fini(struct trends *trends)
{
	free(trends->list);
	*trends = (struct trends) { 0 };
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

const struct trend *
trends_find(const struct trends *trends, uint64_t key)
{
	return trends->count > 0 ? bsearch(&key, trends->list, trends->count,
				       sizeof(*trends->list), compare_keys) :
				   NULL;
}

static void
add_sample(struct trend *trend, uint64_t time_ns)
{
	memmove(&trend->samples[1], &trend->samples[0],
	    sizeof(trend->samples) - sizeof(trend->samples[0]));
	trend->samples[0] = (struct trend_sample) { time_ns, trend->count };
	if (trend->sample_count < TREND_SAMPLES) {
		trend->sample_count++;
	}
}

/* In a recording time goes back: what came later is forgotten. */
static void
drop_later(struct trend *trend, uint64_t time_ns)
{
	size_t later = 0;

	while (later < trend->sample_count &&
	    trend->samples[later].time_ns > time_ns) {
		later++;
	}
	trend->sample_count -= later;
	memmove(&trend->samples[0], &trend->samples[later],
	    trend->sample_count * sizeof(trend->samples[0]));
}

/* Has it been gone for a minute, and was not there at first? */
static bool
is_over(const struct trend *trend, uint64_t time_ns)
{
	if (trend->count > 0 || trend->first > 0) {
		return false;
	}
	for (size_t i = 0; i < trend->sample_count; i++) {
		if (trend->samples[i].count > 0 &&
		    time_ns - trend->samples[i].time_ns < MINUTE_NS) {
			return false;
		}
	}
	return true;
}

/* Brings one trend up to date; false if it is to be forgotten. */
static bool
update(const struct trends *trends, struct trend *trend, uint32_t count,
    bool sample)
{
	trend->count = count;
	drop_later(trend, trends->time_ns);
	if (is_over(trend, trends->time_ns)) {
		return false;
	}
	if (sample || trend->sample_count == 0) {
		add_sample(trend, trends->time_ns);
	}
	return true;
}

/* Two sorted lists become one. */
static void
merge(struct trends *trends, const struct trend_count *counts, size_t count,
    bool sample)
{
	struct trend *merged =
	    memory_new(trends->count + count, sizeof(*merged));
	size_t old = 0;
	size_t new = 0;
	size_t used = 0;

	while (old < trends->count || new < count) {
		struct trend *trend = &merged[used];
		bool has_old = new == count ||
		    (old < trends->count &&
			trends->list[old].key <= counts[new].key);
		bool has_new = old == trends->count ||
		    (new < count &&counts[new].key <= trends->list[old].key);

		if (has_old) {
			*trend = trends->list[old++];
		} else {
			*trend = (struct trend) {
				.key = counts[new].key,
				.first =
				    trends->watching ? 0 : counts[new].count,
			};
		}
		used += update(
		    trends, trend, has_new ? counts[new].count : 0, sample);
		new += has_new;
	}
	free(trends->list);
	trends->list = merged;
	trends->count = used;
}

void
trends_feed(struct trends *trends, uint64_t time_ns, struct trend_count *counts,
    size_t count)
{
	bool sample;

	if (!trends->watching || time_ns < trends->began_ns) {
		trends->began_ns = time_ns;
	}
	sample = !trends->watching || time_ns < trends->sample_ns ||
	    time_ns - trends->sample_ns >= SAMPLE_NS;
	trends->time_ns = time_ns;
	if (count > 0) {
		qsort(counts, count, sizeof(*counts), compare_keys);
	}
	merge(trends, counts, count, sample);
	if (sample) {
		trends->sample_ns = time_ns;
	}
	trends->watching = true;
}

long
trend_change(const struct trend *trend)
{
	return (long) trend->count - (long) trend->first;
}

bool
trend_rate(const struct trends *trends, const struct trend *trend, double *rate)
{
	const struct trend_sample *then = NULL;
	uint64_t from = trends->time_ns > MINUTE_NS + SAMPLE_NS ?
	    trends->time_ns - MINUTE_NS - SAMPLE_NS :
	    0;
	struct trend_sample nothing = { 0 };

	for (size_t i = 0; i < trend->sample_count; i++) {
		if (trend->samples[i].time_ns >= from) {
			then = &trend->samples[i];
		}
	}
	/* It was not there before its first sample, but the watching was. */
	if (then != NULL && trend->sample_count < TREND_SAMPLES &&
	    trend->first == 0 &&
	    then == &trend->samples[trend->sample_count - 1]) {
		nothing.time_ns =
		    from > trends->began_ns ? from : trends->began_ns;
		then = &nothing;
	}
	if (then == NULL || trends->time_ns - then->time_ns < LEAST_NS) {
		return false;
	}
	*rate = ((double) trend->count - (double) then->count) *
	    (double) MINUTE_NS / (double) (trends->time_ns - then->time_ns);
	return true;
}
