/*
 * cxx_waits.cc: one thread blocked in each thing of C++ that can block, and
 * threads that have been through an exception or a cancellation before.
 *
 * After "release" on standard input all end; "wrong NAME" is printed for each
 * that did not come to what it must, "done" at the end. It is the same with the
 * probe and without.
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <latch>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <semaphore.h>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr auto ages = 1000s; /* longer than the test */

std::mutex mutex;
std::timed_mutex timed_mutex;
std::recursive_mutex recursive_mutex;
std::shared_mutex shared_mutex;
std::shared_timed_mutex shared_timed_mutex;
std::mutex cond_mutex;
std::condition_variable cond;
std::condition_variable_any cond_any;
bool released; /* guarded by cond_mutex */
std::counting_semaphore<> semaphore(0);
std::binary_semaphore binary_semaphore(0);
std::latch latch(1);
std::barrier barrier(2);
std::atomic<int> number(0);
std::promise<int> promise;
std::shared_future<int> shared_future = promise.get_future().share();
std::once_flag once;
std::latch once_begun(1);
int ends[2]; /* of a pipe that nothing is written to before the release */

bool
is_released()
{
	return released;
}

/* ---- What waits -------------------------------------------------------- */

bool
wait_mutex()
{
	std::lock_guard guard(mutex);
	return true;
}

bool
wait_timed_mutex()
{
	std::unique_lock guard(timed_mutex, ages);
	return guard.owns_lock();
}

bool
wait_recursive_mutex()
{
	std::lock_guard guard(recursive_mutex);
	return true;
}

bool
wait_shared_mutex()
{
	std::shared_lock guard(shared_mutex);
	return true;
}

bool
wait_unshared_mutex()
{
	std::unique_lock guard(shared_mutex);
	return true;
}

bool
wait_shared_timed_mutex()
{
	std::shared_lock guard(shared_timed_mutex, ages);
	return guard.owns_lock();
}

bool
wait_cond()
{
	std::unique_lock guard(cond_mutex);
	cond.wait(guard, is_released);
	return true;
}

bool
wait_cond_for()
{
	std::unique_lock guard(cond_mutex);
	return cond.wait_for(guard, ages, is_released);
}

bool
wait_cond_any()
{
	std::unique_lock guard(cond_mutex);
	cond_any.wait(guard, is_released);
	return true;
}

bool
wait_join()
{
	std::thread other([] { std::lock_guard guard(mutex); });

	other.join();
	return !other.joinable();
}

bool
wait_future()
{
	return shared_future.get() == 7;
}

bool
wait_future_for()
{
	return shared_future.wait_for(ages) == std::future_status::ready;
}

bool
wait_async()
{
	return std::async(std::launch::async, [] {
		std::lock_guard guard(mutex);
		return 3;
	}).get() == 3;
}

bool
wait_semaphore()
{
	semaphore.acquire();
	return true;
}

bool
wait_semaphore_for()
{
	return semaphore.try_acquire_for(ages);
}

bool
wait_binary_semaphore()
{
	binary_semaphore.acquire();
	return true;
}

bool
wait_latch()
{
	latch.wait();
	return true;
}

bool
wait_barrier()
{
	barrier.arrive_and_wait();
	return true;
}

bool
wait_atomic()
{
	number.wait(0);
	return number == 1;
}

bool
wait_once()
{
	once_begun.wait();
	std::call_once(once, [] {});
	return true;
}

/* Runs what the one above waits for. */
bool
wait_in_once()
{
	std::call_once(once, [] {
		once_begun.count_down();
		std::lock_guard guard(mutex);
	});
	return true;
}

bool
wait_sleep()
{
	/* The only one that the release does not end. */
	std::this_thread::sleep_for(ages);
	return true;
}

bool
wait_file()
{
	std::ifstream file("/proc/self/fd/" + std::to_string(ends[0]));
	std::string line;

	return static_cast<bool>(std::getline(file, line)) && line == "text";
}

/* ---- What waits after something has happened to it --------------------- */

struct error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

[[gnu::noinline]] void
fail()
{
	throw error("on purpose");
}

/* A routine that throws has not run; the next one does. */
bool
wait_thrown()
{
	std::once_flag flag;
	int caught = 0, run = 0;

	for (int i = 0; i < 3; i++) {
		try {
			std::call_once(flag, [&] {
				run++;
				if (run < 3) {
					fail();
				}
			});
		} catch (const error &) {
			caught++;
		}
	}
	std::lock_guard guard(mutex);
	return caught == 2 && run == 3;
}

/* The same through C's own. */
bool
wait_thrown_c()
{
	static pthread_once_t control = PTHREAD_ONCE_INIT;
	int caught = 0;

	for (int i = 0; i < 3; i++) {
		try {
			pthread_once(&control, fail);
		} catch (const error &) {
			caught++;
		}
	}
	std::lock_guard guard(mutex);
	return caught == 3;
}

/* Waits in the destructor that a cancellation runs. */
struct waiter {
	bool *ended;
	~waiter()
	{
		std::lock_guard guard(mutex);
		*ended = true;
	}
};

void *
be_cancelled(void *ended)
{
	pthread_setname_np(pthread_self(), "cancelled");
	waiter last{static_cast<bool *>(ended)};
	sem_t never;

	sem_init(&never, 0, 0);
	sem_wait(&never);
	return nullptr;
}

bool
wait_cancelled()
{
	pthread_t thread;
	bool ended = false;
	void *result;

	pthread_create(&thread, nullptr, be_cancelled, &ended);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return ended && result == PTHREAD_CANCELED;
}

/* ---- Main -------------------------------------------------------------- */

struct kind {
	const char *name; /* of the thread */
	bool (*wait)();
	bool right = false;
	std::thread thread = {};
};

kind kinds[] = {
	{"mutex", wait_mutex},
	{"timed_mutex", wait_timed_mutex},
	{"recursive_mutex", wait_recursive_mutex},
	{"shared", wait_shared_mutex},
	{"unshared", wait_unshared_mutex},
	{"shared_timed", wait_shared_timed_mutex},
	{"cond", wait_cond},
	{"cond_for", wait_cond_for},
	{"cond_any", wait_cond_any},
	{"join", wait_join},
	{"future", wait_future},
	{"future_for", wait_future_for},
	{"async", wait_async},
	{"semaphore", wait_semaphore},
	{"semaphore_for", wait_semaphore_for},
	{"binary", wait_binary_semaphore},
	{"latch", wait_latch},
	{"barrier", wait_barrier},
	{"atomic", wait_atomic},
	{"once", wait_once},
	{"in_once", wait_in_once},
	{"file", wait_file},
	{"thrown", wait_thrown},
	{"thrown_c", wait_thrown_c},
	{"canceller", wait_cancelled},
};

void
lock()
{
	mutex.lock();
	timed_mutex.lock();
	recursive_mutex.lock();
	shared_mutex.lock();
	shared_timed_mutex.lock();
}

void
release()
{
	mutex.unlock();
	timed_mutex.unlock();
	recursive_mutex.unlock();
	shared_mutex.unlock();
	shared_timed_mutex.unlock();
	cond_mutex.lock();
	released = true;
	cond_mutex.unlock();
	cond.notify_all();
	cond_any.notify_all();
	semaphore.release(2);
	binary_semaphore.release();
	latch.count_down();
	barrier.arrive_and_wait();
	number = 1;
	number.notify_all();
	promise.set_value(7);
	if (write(ends[1], "text\n", 5) != 5) {
		std::perror("write");
	}
}

} // namespace

int
main()
{
	std::string line;

	alarm(120);
	if (pipe(ends) == -1) {
		std::perror("pipe");
		return 1;
	}
	lock();
	for (kind &kind : kinds) {
		kind.thread =
		    std::thread([&kind] { kind.right = kind.wait(); });
		pthread_setname_np(kind.thread.native_handle(), kind.name);
	}
	std::thread sleeper(wait_sleep);
	pthread_setname_np(sleeper.native_handle(), "sleep");
	sleeper.detach();
	std::cout << "ready" << std::endl;
	if (!std::getline(std::cin, line)) {
		_exit(0);
	}
	release();
	for (kind &kind : kinds) {
		kind.thread.join();
		if (!kind.right) {
			std::cout << "wrong " << kind.name << std::endl;
		}
	}
	std::cout << "done" << std::endl;
	std::getline(std::cin, line);
	_exit(0);
}
