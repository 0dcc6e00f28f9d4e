/*
 * trend.h: which way groups are going: how much each has changed since the
 * watching began, and in the last minute.
 *
 * What is kept is bounded: a few samples of every group that is there or was
 * there a minute ago, and the count of each group of the first snapshot. A
 * group that was not there then has grown from nothing.
 */
#ifndef TOP_TREND_H
#define TOP_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREND_SAMPLES 13

struct trend_sample {
	uint64_t time_ns;
	uint32_t count;
};

/* The past of one group. */
struct trend {
	uint64_t key;
	uint32_t first; /* its count when the watching began */
	uint32_t count; /* now; 0 if it is not there */
	struct trend_sample samples[TREND_SAMPLES]; /* the newest first */
	size_t sample_count;
};

/* What there is now of one group. */
struct trend_count {
	uint64_t key;
	uint32_t count;
};

/* All zeroes has seen nothing. */
struct trends {
	struct trend *list; /* sorted by key */
	size_t count;
	bool watching;      /* the first counts are taken */
	uint64_t began_ns;  /* when they were */
	uint64_t time_ns;   /* of the newest counts */
	uint64_t sample_ns; /* of the newest samples */
};

void trends_fini(struct trends *trends);

/* Takes the next counts; sorts them by key. */
void trends_feed(struct trends *trends, uint64_t time_ns,
    struct trend_count *counts, size_t count);

/* By key; NULL if nothing is known. */
const struct trend *trends_find(const struct trends *trends, uint64_t key);

/* Change since the watching began. */
long trend_change(const struct trend *trend);

/*
 * Change per minute, over the last minute or what has been seen of it. False
 * if that is not long enough to say.
 */
bool trend_rate(
    const struct trends *trends, const struct trend *trend, double *rate);

#endif
