/*
 * label.h: what tests call the part of the program that is running now.
 *
 * A task keeps the number of its label, which the tasks that it creates
 * inherit; the texts lie in a list that only grows.
 */
#ifndef PROBE_LABEL_H
#define PROBE_LABEL_H

#include <stdint.h>

/* The number of the label `text`; 0: it is NULL or "", or there is no room. */
uint32_t label_new(const char *text);

/* "" for 0. */
const char *label_text(uint32_t number);

#endif
