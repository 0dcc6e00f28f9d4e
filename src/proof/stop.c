/*
 * stop.c: see stop.h.
 *
 * PTRACE_SEIZE attaches without a signal, PTRACE_INTERRUPT stops without one.
 * Threads may come while others are being stopped: the list of threads is read
 * until it holds no new one, and all that it holds are stopped.
 */
#include "proof/stop.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "client/memory.h"
#include "client/process.h"
#include "client/text.h"

#define VECTOR_MAX   16384 /* bytes of a thread's vector registers */
#define LAST_WAIT_NS (100 * NS_PER_MS) /* for threads that do not stop */

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)

int64_t
stop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

bool
stop_is_over(const struct stop *stop)
{
	return stop_now() > stop->limit_ns;
}

#if defined(__x86_64__)

/* ---- The machine ------------------------------------------------------- */

/* What the kernel has a call return that it will repeat: its own numbers, which
   no program ever sees. */
#define ERESTARTSYS           512
#define ERESTARTNOINTR        513
#define ERESTARTNOHAND        514
#define ERESTART_RESTARTBLOCK 516

static bool
is_restart(int64_t result)
{
	return result == -ERESTARTSYS || result == -ERESTARTNOINTR ||
	    result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK;
}

static bool
get_registers(pid_t tid, struct user_regs_struct *registers)
{
	struct iovec part = { registers, sizeof(*registers) };

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &part) == 0 &&
	    part.iov_len == sizeof(*registers);
}

static void
set_registers(pid_t tid, struct user_regs_struct *registers)
{
	struct iovec part = { registers, sizeof(*registers) };

	ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &part);
}

/* All that a program can keep an address in. */
static void
note_registers(
    struct stop_thread *thread, const struct user_regs_struct *registers)
{
	const uint64_t all[] = {
		registers->rax,
		registers->rbx,
		registers->rcx,
		registers->rdx,
		registers->rsi,
		registers->rdi,
		registers->rbp,
		registers->rsp,
		registers->r8,
		registers->r9,
		registers->r10,
		registers->r11,
		registers->r12,
		registers->r13,
		registers->r14,
		registers->r15,
		registers->fs_base,
		registers->gs_base,
	};

	memcpy(thread->registers, all, sizeof(all));
	thread->register_count = sizeof(all) / sizeof(all[0]);
}

static bool
read_vectors(struct stop_thread *thread)
{
	uint8_t bytes[VECTOR_MAX];
	struct iovec part = { bytes, sizeof(bytes) };

	if (ptrace(PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE, &part) != 0) {
		return false;
	}
	thread->vector = memory_new(part.iov_len, 1);
	thread->vector_size = part.iov_len;
	memcpy(thread->vector, bytes, part.iov_len);
	return true;
}

static bool
is_quiet(const struct stop *stop, const struct stop_thread *thread)
{
	for (size_t i = 0; i < stop->quiet_count && thread->call >= 0; i++) {
		if (thread->pc >= stop->quiet[i].start &&
		    thread->pc < stop->quiet[i].end) {
			return true;
		}
	}
	return false;
}

static bool
read_thread(const struct stop *stop, struct stop_thread *thread)
{
	struct user_regs_struct registers;
	int64_t result;

	if (!get_registers(thread->tid, &registers)) {
		return false;
	}
	note_registers(thread, &registers);
	result = (int64_t) registers.rax;
	thread->sp = registers.rsp;
	thread->pc = registers.rip;
	thread->control = registers.fs_base;
	thread->call = (int) registers.orig_rax;
	thread->word = registers.rdi;
	thread->operation = (uint32_t) registers.rsi;
	thread->restarts = thread->call >= 0 && is_restart(result);
	thread->broken = thread->call >= 0 && result == -EINTR;
	thread->quiet = is_quiet(stop, thread);
	return thread->quiet || read_vectors(thread);
}

/*
 * A call that the kernel would end with EINTR is repeated if the result says
 * so. If a signal's handler is run first, the kernel makes EINTR of it again.
 * The time that epoll_wait() is to wait is what is left of it.
 */
static void
mend(const struct stop_thread *thread)
{
	struct user_regs_struct registers;
	int timeout;

	if (!thread->broken || thread->call == SYS_close ||
	    !get_registers(thread->tid, &registers)) {
		return;
	}
	registers.rax = (uint64_t) -ERESTARTNOHAND;
	timeout = (int) registers.r10;
	if ((thread->call == SYS_epoll_wait ||
		thread->call == SYS_epoll_pwait) &&
	    timeout > 0) {
		int64_t left = timeout - thread->waited_ns / NS_PER_MS;

		registers.r10 = left > 0 ? (uint64_t) left : 0;
	}
	set_registers(thread->tid, &registers);
}

#else

/* What is known of a stopped call differs from machine to machine. */
static bool
read_thread(const struct stop *stop, struct stop_thread *thread)
{
	errno = ENOSYS;
	return false;
}

static void
mend(const struct stop_thread *thread)
{
}

#endif

/* ---- Stopping ---------------------------------------------------------- */

static int
give_up(struct stop *stop, struct failure *failure, const char *why)
{
	stop_release(stop);
	return failure_set(failure, EXIT_FAILED, "%s", why);
}

static int
compare_tids(const void *left, const void *right)
{
	const struct stop_thread *a = left;
	const struct stop_thread *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

/* The first `count` threads are sorted. */
static bool
is_known(const struct stop *stop, size_t count, pid_t tid)
{
	const struct stop_thread key = { .tid = tid };

	return count > 0 &&
	    bsearch(&key, stop->threads, count, sizeof(key), compare_tids) !=
	    NULL;
}

/*
 * What the thread's status says: is it a zombie, and what number has it in its
 * own namespace? False if it is not there any more.
 */
static bool
read_status(const struct stop *stop, pid_t tid, bool *ended, uint32_t *inner)
{
	char path[32], line[256];
	bool found = false;
	int fd;
	FILE *file;

	snprintf(path, sizeof(path), "%d/status", tid);
	fd = openat(stop->threads_fd, path, O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return false;
	}
	*inner = (uint32_t) tid;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "State:", 6) == 0) {
			*ended = strpbrk(line + 6, "ZX") != NULL;
			found = true;
		} else if (strncmp(line, "NSpid:", 6) == 0) {
			const char *last = strrchr(line, '\t');

			*inner = (uint32_t) strtoul(
			    last != NULL ? last : line + 6, NULL, 10);
			break;
		}
	}
	fclose(file);
	return found;
}

/* Attaches to the thread, unless it has ended, or is the one to be left out. */
static int
seize(struct stop *stop, pid_t tid)
{
	struct stop_thread thread = { .tid = tid, .inner = (uint32_t) tid };
	bool ended = false;

	if ((stop->is_inner &&
		!read_status(stop, tid, &ended, &thread.inner)) ||
	    ended || thread.inner == stop->except) {
		return 0;
	}
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
		/* It may have ended just now. */
		return errno == ESRCH ||
			!read_status(stop, tid, &ended, &thread.inner) ||
			ended ?
		    0 :
		    errno;
	}
	stop->threads = memory_grow(
	    stop->threads, stop->count, &stop->room, sizeof(thread));
	stop->threads[stop->count++] = thread;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return 0;
}

/* Attaches to all threads that are new. Returns 0 or an error number. */
static int
seize_new(struct stop *stop)
{
	size_t known = stop->count;
	int error = 0;
	DIR *directory;
	struct dirent *entry;
	int fd =
	    openat(stop->threads_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (known > 0) {
		qsort(
		    stop->threads, known, sizeof(*stop->threads), compare_tids);
	}

	directory = fd < 0 ? NULL : fdopendir(fd);
	if (directory == NULL) {
		return errno;
	}
	while (error == 0 && (entry = readdir(directory)) != NULL) {
		pid_t tid = (pid_t) strtol(entry->d_name, NULL, 10);

		if (tid > 0 && !is_known(stop, known, tid)) {
			error = seize(stop, tid);
		}
	}
	closedir(directory);
	return error;
}

/* Takes the thread out of the list: it has ended. */
static void
forget(struct stop *stop, size_t index)
{
	free(stop->threads[index].vector);
	stop->threads[index] = stop->threads[--stop->count];
}

/*
 * What has become of the thread, as waitpid() has it. The end of the process is
 * only looked at: it is its parent's to take, and that may be this process.
 */
static pid_t
ask(const struct stop *stop, pid_t tid, int *status)
{
	siginfo_t info = { .si_pid = 0 };

	if (tid != stop->pid) {
		return waitpid(tid, status, __WALL | WNOHANG);
	}
	if (waitid(P_PID, (id_t) tid, &info,
		WEXITED | WSTOPPED | WNOWAIT | WNOHANG | __WALL) != 0) {
		return -1;
	}
	if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
		return waitpid(tid, status, __WALL | WNOHANG);
	}
	*status = 0; /* it has exited, if anything */
	return info.si_pid;
}

/*
 * Waits for the thread's stop. 1: it has stopped; 0: it has ended; -1: it does
 * not stop in time.
 */
static int
await(const struct stop *stop, struct stop_thread *thread)
{
	const struct timespec moment = { 0, 20 * 1000 };
	int status;
	pid_t got;

	while ((got = ask(stop, thread->tid, &status)) == 0 ||
	    (got < 0 && errno == EINTR)) {
		if (stop_is_over(stop)) {
			return -1;
		}
		nanosleep(&moment, NULL);
	}
	if (got < 0 || !WIFSTOPPED(status)) {
		return 0;
	}
	thread->stands = true;
	if (status >> 16 != PTRACE_EVENT_STOP) {
		thread->signal = WSTOPSIG(status);
	}
	return 1;
}

/* Waits for the stops of the threads from `first` on. */
static int
await_new(struct stop *stop, size_t first, struct failure *failure)
{
	char why[128];

	for (size_t i = first; i < stop->count;) {
		struct stop_thread *thread = &stop->threads[i];
		int result = await(stop, thread);

		if (result < 0) {
			snprintf(why, sizeof(why),
			    "thread %d does not stop in time", thread->tid);
			return give_up(stop, failure, why);
		}
		if (result == 0 ||
		    (!read_thread(stop, thread) && errno == ESRCH)) {
			forget(stop, i);
			continue;
		}
		if (thread->register_count == 0) {
			return give_up(stop, failure,
			    "the registers of its threads cannot be read");
		}
		i++;
	}
	return 0;
}

static int
refuse(struct stop *stop, int error, struct failure *failure)
{
	char why[160];

	snprintf(why, sizeof(why),
	    "its threads cannot be stopped (%s): ptrace must be allowed",
	    strerror(error));
	return give_up(stop, failure, why);
}

int
stop_begin(struct stop *stop, pid_t pid, const struct wire_hello *hello,
    int64_t max_ns, struct failure *failure)
{
	char path[64];
	size_t before;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	*stop = (struct stop) {
		.quiet = stop->quiet,
		.quiet_count = stop->quiet_count,
		.pid = pid,
		.threads_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.began_ns = stop_now(),
		.is_inner = hello->pid != (uint32_t) pid,
		.except = hello->agent_tid,
	};
	stop->limit_ns = stop->began_ns + max_ns;
	if (stop->threads_fd < 0) {
		return refuse(stop, errno, failure);
	}
	do {
		int error;

		before = stop->count;
		error = seize_new(stop);
		if (error != 0) {
			return refuse(stop, error, failure);
		}
		if (await_new(stop, before, failure) != 0) {
			return -1;
		}
	} while (stop->count > before);
	stop->all_ns = stop_now();
	return 0;
}

/*
 * A thread that is attached to must stand before it can be let go. One that
 * does not (it waits in vfork(), or for a disk), or that has run on because
 * another has called exec(), is left to the kernel, which lets go of it when
 * the calling thread ends.
 */
void
stop_release(struct stop *stop)
{
	stop->limit_ns = stop_now() + LAST_WAIT_NS;
	for (size_t i = 0; i < stop->count; i++) {
		struct stop_thread *thread = &stop->threads[i];

		if (thread->stands || await(stop, thread) > 0) {
			mend(thread);
			ptrace(PTRACE_DETACH, thread->tid, NULL,
			    (void *) (intptr_t) thread->signal);
		}
	}
	if (stop->ended_ns == 0) {
		stop->ended_ns = stop_now();
	}
}

void
stop_end(struct stop *stop)
{
	if (stop->ended_ns == 0) {
		stop_release(stop);
	}
	for (size_t i = 0; i < stop->count; i++) {
		free(stop->threads[i].vector);
	}
	free(stop->threads);
	if (stop->threads_fd >= 0) {
		close(stop->threads_fd);
	}
	*stop = (struct stop) { .threads_fd = -1 };
}
