/*
 * fuzz.h: what a fuzzer here consists of.
 *
 * A target has libFuzzer's entry point, and makes its own seeds. Linked with
 * clang's -fsanitize=fuzzer it is a libFuzzer program; linked with driver.c it
 * runs by itself, with any compiler:
 *
 *     driver [-n COUNT] [-s SEED]   runs COUNT mutations of the seeds
 *     driver -w DIRECTORY           writes the seeds as files, for libFuzzer
 *     driver FILE...                runs just these inputs
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_SIZE_MAX 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the seed number `index`; returns its size, 0 if there are no more. */
size_t fuzz_seed(unsigned int index, uint8_t data[FUZZ_SIZE_MAX]);

#endif
