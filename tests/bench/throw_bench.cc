/*
 * throw_bench.cc: what an exception costs.
 *
 *     throw_bench once|throw    prints nanoseconds of processor time for each
 *
 * once   thrown in the function that std::call_once() calls, through it and
 *        pthread_once(), and caught outside: the flag stays as it was, so that
 *        the next may throw again.
 * throw  thrown and caught in the program's own code, ten frames apart, between
 *        calls that the probe wraps.
 */
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

extern "C" {
#include "bench.h"
}

namespace {

constexpr int rounds = 20000;
std::once_flag once;
std::mutex mutex;
volatile int caught;

void
throw_through_once()
{
	try {
		std::call_once(once, [] { throw std::runtime_error("once"); });
	} catch (const std::runtime_error &) {
		caught = caught + 1;
	}
}

__attribute__((noinline)) void
deep(int levels)
{
	if (levels == 0) {
		throw std::runtime_error("deep");
	}
	deep(levels - 1);
	caught = caught + 1; /* there is something to come back to */
}

void
throw_amid_calls()
{
	try {
		std::lock_guard<std::mutex> guard(mutex);

		deep(10);
	} catch (const std::runtime_error &) {
		caught = caught + 1;
	}
}

double
measure(void (*round)())
{
	double samples[BENCH_SAMPLES];

	for (double &sample : samples) {
		double begun = bench_cpu_ns();

		for (int i = 0; i < rounds; i++) {
			round();
		}
		sample = (bench_cpu_ns() - begun) / rounds;
	}
	return bench_median(samples, BENCH_SAMPLES);
}

} // namespace

int
main(int argc, char **argv)
{
	bench_pin();
	/* A program of one thread locks differently: be one of two. */
	std::thread([] {}).join();
	if (argc == 2 && std::strcmp(argv[1], "once") == 0) {
		printf("%.1f\n", measure(throw_through_once));
	} else if (argc == 2 && std::strcmp(argv[1], "throw") == 0) {
		printf("%.1f\n", measure(throw_amid_calls));
	} else {
		fprintf(stderr, "usage: throw_bench once|throw\n");
		return 2;
	}
	return 0;
}
