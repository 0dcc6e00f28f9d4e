/*
 * probe.h: the ground that the probe stands on.
 *
 * The probe is a guest in somebody else's server. Four rules follow, and most
 * of what looks odd in this folder is one of them:
 *
 * 1. It fails open. Whatever goes wrong in here, the real function is called
 *    with the caller's arguments, and errno is the real function's.
 * 2. It uses no libc function that the application, a sanitizer or another
 *    preloaded library may have replaced, that allocates, locks, or touches
 *    errno: system calls are made directly (sys.h), memory comes from mmap
 *    (table.h), text is put together by hand (text.h). What it does use of
 *    libc are dlsym() and dlvsym(), once; getenv() and its like in the
 *    constructor; thread-specific data, to learn of a thread's end; the
 *    attributes of a thread that is created; pthread_self();
 *    pthread_atfork(); errno in the wrappers.
 * 3. On the way to a call that does not block it stores a few words and
 *    nothing else: no lock, no clock, no atomic read-modify-write, no system
 *    call.
 * 4. It never waits for application code, and application code never waits for
 *    it.
 *
 * The rooms, from the bottom:
 *
 *     sys, text, memory,  what others take from libc, and what must be known
 *     arch                of the machine
 *     table, capture      records that come and go, without locks; stacks
 *     config              the environment, read once
 *     task, session,      what is recorded, and by what rules
 *     channel
 *     connection          sessions that come otherwise than by accept()
 *     observer            the same for runtimes (stranded_observer.h)
 *     real, calls.def     the wrapped functions
 *     wrap_*.c            thin wrappers, no policy
 *     glib                what a futex is to GLib
 *     signal              the signal that asks for a dump
 *     agent               the probe's own thread, which has these:
 *     aging, tidy, kernel what waits how long; what has gone; what /proc says
 *     peers               whose peer has gone
 *     asleep, syscalls    what waits without a record, by what the kernel says
 *     privileges          it drops them when the application does
 *     listener, serve,    the socket, its connections, and what is answered
 *     snapshot, bookkeeping
 *     dump                starts the tool when the signal has come
 *     init                constructor, fork, exit
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_EXPORT __attribute__((visibility("default")))
#define PROBE_COLD   __attribute__((cold, noinline))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)

/* How often the agent looks at the tasks; the resolution of every age. */
#define TICK_NS (250 * NS_PER_MS)

#define load_relaxed(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

#endif
