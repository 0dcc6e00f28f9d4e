/*
 * real.c: see real.h.
 *
 * The definitions in the wrap files carry no symbol version, so they stand in
 * for every version that a program was linked against. The other way round,
 * dlsym() gave the oldest version before glibc 2.36 (its bug 14932), so where
 * versions differ in their arguments the right one is asked for by name.
 *
 * dlsym() may allocate, and an allocator may lock a mutex and read a file, and
 * so come back here before the table is filled: for these few something stands
 * in the table from the start.
 */
#include "probe/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>

#include "probe/arch.h"
#include "probe/probe.h"
#include "probe/sys.h"

__typeof__(read) __read;
__typeof__(write) __write;
__typeof__(close) __close;

#define ONCE_DONE 2 /* what libc writes into a pthread_once_t */

static int
lock_by_trying(pthread_mutex_t *mutex)
{
	int error;

	while ((error = pthread_mutex_trylock(mutex)) == EBUSY) {
		sys(SYS_sched_yield);
	}
	return error;
}

static long
first_syscall(long number, ...)
{
	long arguments[6];
	va_list list;
	long result;

	va_start(list, number);
	for (int i = 0; i < 6; i++) {
		arguments[i] = va_arg(list, long);
	}
	va_end(list);
	result = sys_call(number, arguments[0], arguments[1], arguments[2],
	    arguments[3], arguments[4], arguments[5]);
	if (result < 0 && result > -4096) {
		errno = (int) -result;
		return -1;
	}
	return result;
}

static int
first_fcntl(int fd, int command, ...)
{
	va_list list;
	long argument;

	va_start(list, command);
	argument = va_arg(list, long);
	va_end(list);
	return (int) first_syscall(
	    SYS_fcntl, fd, command, argument, 0L, 0L, 0L);
}

/* Nobody can be waiting for us yet. */
static int
first_once(pthread_once_t *control, void (*routine)(void))
{
	if (load_acquire(control) != ONCE_DONE) {
		routine();
		store_release(control, ONCE_DONE);
	}
	return 0;
}

static int
first_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++) {
		arguments[i] = va_arg(list, unsigned long);
	}
	va_end(list);
	return (int) first_syscall(SYS_prctl, option, arguments[0],
	    arguments[1], arguments[2], arguments[3]);
}

struct real real = {
	.syscall = first_syscall,
	.prctl = first_prctl,
	.fcntl = first_fcntl,
	.fcntl64 = first_fcntl,
	.pthread_once = first_once,
	.pthread_mutex_lock = lock_by_trying,
	.read = __read,
	.write = __write,
	.close = __close,
};

static int
real_lock(pthread_mutex_t *mutex)
{
	return real.pthread_mutex_lock(mutex);
}

int (*real_libc_lock)(pthread_mutex_t *mutex) = real_lock;

/* Do both lie in the same library? */
static bool
are_neighbours(const void *a, const void *b)
{
	Dl_info one;
	Dl_info other;

	return dladdr(a, &one) != 0 && dladdr(b, &other) != 0 &&
	    one.dli_fbase == other.dli_fbase;
}

/*
 * The next definition, in the version that is asked for. Another preloaded
 * library's, or a sanitizer's, has none: dlvsym() would pass it by.
 */
static void
resolve(void *slot, const char *name, const char *version)
{
	void *found = dlsym(RTLD_NEXT, name);
	void *exact = version != NULL ? dlvsym(RTLD_NEXT, name, version) : NULL;

	if (exact != NULL && (found == NULL || are_neighbours(found, exact))) {
		found = exact;
	}
	if (found != NULL) {
		store_release((void **) slot, found);
	}
}

void
real_resolve(void)
{
#define CALL(name, version, file) resolve(&real.name, #name, version);
#include "probe/calls.def"
}

void
real_resolve_libc(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	void *lock = libc != NULL ? dlsym(libc, "pthread_mutex_lock") : NULL;

	if (lock != NULL) {
		store_release((void **) &real_libc_lock, lock);
	}
	if (libc != NULL) {
		dlclose(libc);
	}
}

uintptr_t
real_address(enum call call)
{
	switch (call) {
#define CALL(name, version, file)                                              \
	case CALL_##name:                                                      \
		return (uintptr_t) real.name;
#include "probe/calls.def"
	default:
		return 0;
	}
}
