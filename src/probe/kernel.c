/* kernel.c: see kernel.h. */
#include "probe/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "probe/agent.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "probe/task.h"
#include "probe/text.h"

/* ---- Threads ----------------------------------------------------------- */

#define TID_MAX   (1u << 22) /* the kernel's PID_MAX_LIMIT */
#define MOMENT_NS (2 * NS_PER_MS)
#define LATELY_NS NS_PER_SECOND /* what has not begun by now never will */

/*
 * One bit for each thread that a task runs on. It is there during a look only:
 * the pages that are touched are few, and the next look finds them empty.
 */
static uint64_t *covered;

struct kernel_dirent {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

/*
 * Sets the bits of all tasks. Returns how many tasks have threads that were
 * created just now and have not begun to run.
 */
static unsigned int
mark_covered(void)
{
	uint32_t end = table_end(&task_table);
	int64_t lately = sys_now() - LATELY_NS;
	unsigned int starting = 0;

	for (uint32_t number = 1; number < end; number++) {
		const struct task *task = table_hot(&task_table, number);
		uint32_t tid = load_relaxed(&task->tid);

		if (load_acquire(&task->id) == 0 || tid >= TID_MAX) {
			continue;
		}
		covered[tid / 64] |= UINT64_C(1) << tid % 64;
		starting += tid == 0 && task->created_ns > lately &&
		    (load_relaxed(&task->flags) & TASK_STARTING) != 0;
	}
	return starting;
}

static bool
is_covered(uint32_t tid)
{
	return tid >= TID_MAX || tid == (uint32_t) agent_tid ||
	    (covered[tid / 64] >> tid % 64 & 1) != 0;
}

static unsigned int
list_uncovered(uint32_t *tids, unsigned int max)
{
	_Alignas(8) char buffer[4096];
	unsigned int count = 0;
	long fd = sys(SYS_openat, AT_FDCWD, "/proc/self/task",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	if (fd < 0) {
		return 0;
	}
	while ((got = sys(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			const struct kernel_dirent *entry =
			    (void *) (buffer + at);
			int64_t tid = text_number(entry->name);

			if (tid > 0 && !is_covered((uint32_t) tid) &&
			    count < max) {
				tids[count++] = (uint32_t) tid;
			}
			at += entry->size;
		}
	}
	sys(SYS_close, fd);
	return count;
}

bool
kernel_has_thread(uint32_t tid)
{
	char byte = 0, copy;
	struct iovec remote = { &byte, 1 };
	struct iovec local = { &copy, 1 };

	if (sys(SYS_tgkill, init_pid, tid, 0) != 0) {
		return false;
	}
	/* A main thread that has ended stays until the others have: it has no
	   memory any more. */
	return tid != (uint32_t) init_pid ||
	    sys(SYS_process_vm_readv, tid, &local, 1, &remote, 1, 0) != -ESRCH;
}

bool
kernel_has_process_of(uint32_t tid)
{
	return sys(SYS_tkill, tid, 0) != -ESRCH;
}

/* Leaves those that are still there and still nobody's. */
static unsigned int
look_again(uint32_t *tids, unsigned int count)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!is_covered(tids[i]) && kernel_has_thread(tids[i])) {
			tids[left++] = tids[i];
		}
	}
	return left;
}

unsigned int
kernel_uncovered(uint32_t *tids, unsigned int max)
{
	struct timespec moment = { 0, MOMENT_NS };
	unsigned int starting, count;

	covered = sys_map(TID_MAX / 8);
	if (covered == NULL) {
		return 0;
	}
	mark_covered();
	count = list_uncovered(tids, max);
	if (count > 0) {
		/* Threads that just begin or end look the same. */
		sys(SYS_nanosleep, &moment, NULL);
		starting = mark_covered();
		count = look_again(tids, count);
		count = count > starting ? count - starting : 0;
	}
	sys_unmap(covered, TID_MAX / 8);
	return count;
}

/* ---- Files of a thread ------------------------------------------------- */

#define TICK_OF_STAT_NS (10 * NS_PER_MS) /* the kernel's USER_HZ is 100 */

/* Reads a file of /proc that is small. Returns its size, 0 if there is none. */
static size_t
read_file(const char *path, char *to, size_t size)
{
	long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long got;

	if (fd < 0) {
		return 0;
	}
	got = sys(SYS_read, fd, to, size - 1);
	sys(SYS_close, fd);
	to[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t) got : 0;
}

static size_t
read_of_thread(uint32_t tid, const char *what, char *to, size_t size)
{
	char path[64];
	struct text text;

	text_begin(&text, path, sizeof(path));
	text_add(&text, "/proc/self/task/");
	text_add_number(&text, tid);
	text_add(&text, what);
	return read_file(path, to, size);
}

/* The decimal number that the text begins with. */
static int64_t
parse_number(const char *next)
{
	int64_t number = 0;

	for (; *next >= '0' && *next <= '9'; next++) {
		number = number * 10 + (*next - '0');
	}
	return number;
}

static const char *
parse_hex(const char *next, uint64_t *number)
{
	*number = 0;
	for (;; next++) {
		char c = *next;

		if (c >= '0' && c <= '9') {
			*number = *number * 16 + (uint64_t) (c - '0');
		} else if (c >= 'a' && c <= 'f') {
			*number = *number * 16 + (uint64_t) (c - 'a' + 10);
		} else {
			return next;
		}
	}
}

/* The next of "0x1 0x2 0x3", or NULL. */
static const char *
parse_word(const char *next, uint64_t *number)
{
	next = text_after(next, " 0x");
	return next != NULL ? parse_hex(next, number) : NULL;
}

/*
 * "7 0x7ffd01 0x1 0xffffffffffffffff 0x0 0x0 0x0 0x7ffd00 0x7f00": the call,
 * its arguments, the stack pointer and the place. Outside of a call the first
 * is -1, and there are no arguments.
 */
static bool
parse_wait(const char *line, struct kernel_wait *wait)
{
	const char *next = text_after(line, "-1");

	if (line[0] == 'r') {
		return false; /* "running" */
	}
	wait->call = -1;
	if (next == NULL) {
		wait->call = parse_number(line);
		for (next = line; *next >= '0' && *next <= '9'; next++) {
		}
		for (int i = 0; i < 6 && next != NULL; i++) {
			next = parse_word(next, &wait->arguments[i]);
		}
	}
	if (next != NULL) {
		next = parse_word(next, &wait->sp);
	}
	return next != NULL && parse_word(next, &wait->pc) != NULL;
}

/* The number behind so many spaces from `next` on. */
static const char *
skip_spaces(const char *next, int spaces)
{
	for (; *next != '\0' && spaces > 0; next++) {
		spaces -= *next == ' ';
	}
	return next;
}

/* The third number of schedstat; not all kernels have it. */
static uint64_t
count_runs(uint32_t tid)
{
	char line[128];

	if (read_of_thread(tid, "/schedstat", line, sizeof(line)) == 0) {
		return 0;
	}
	return (uint64_t) parse_number(skip_spaces(line, 2));
}

enum kernel_answer
kernel_wait(uint32_t tid, struct kernel_wait *wait)
{
	char line[256];

	*wait = (struct kernel_wait) { .runs = count_runs(tid) };
	if (read_of_thread(tid, "/syscall", line, sizeof(line)) == 0) {
		return KERNEL_SILENT;
	}
	return parse_wait(line, wait) ? KERNEL_SLEEPS : KERNEL_RUNS;
}

bool
kernel_still(uint32_t tid, const struct kernel_wait *wait)
{
	struct kernel_wait now;

	if (wait->runs != 0) {
		return count_runs(tid) == wait->runs;
	}
	return kernel_wait(tid, &now) == KERNEL_SLEEPS &&
	    now.call == wait->call && now.sp == wait->sp &&
	    now.pc == wait->pc && now.arguments[0] == wait->arguments[0];
}

/*
 * "1 (name) S ...": the name may hold anything, so the fields are counted from
 * the last ')'. The next is the third.
 */
static const char *
stat_field(const char *stat, size_t size, int field)
{
	const char *name_end = stat + size;

	while (name_end > stat && *name_end != ')') {
		name_end--;
	}
	return skip_spaces(name_end, field - 2);
}

int64_t
kernel_started(uint32_t tid)
{
	struct timespec boot;
	char stat[512];
	size_t size = read_of_thread(tid, "/stat", stat, sizeof(stat));
	int64_t ticks;

	if (size == 0) {
		return 0;
	}
	ticks = parse_number(stat_field(stat, size, 22));
	sys(SYS_clock_gettime, CLOCK_BOOTTIME, &boot);
	/* What it says counts the time that the machine was suspended, too. */
	return ticks * TICK_OF_STAT_NS -
	    ((boot.tv_sec * NS_PER_SECOND + boot.tv_nsec - sys_now()) /
		TICK_OF_STAT_NS * TICK_OF_STAT_NS);
}

uint32_t
kernel_thread_count(void)
{
	struct stat status;

	/* A link for each thread, as for any folder, and two of its own. What
	   /proc/self/stat says is gathered from all threads first. */
	return sys(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &status, 0) ==
		    0 &&
		status.st_nlink > 2 ?
	    (uint32_t) status.st_nlink - 2 :
	    0;
}

/*
 * The main thread stays in the process as a zombie until all others have ended.
 * The 20th field is how many threads there are, the last the status that the
 * main thread has left. It is the main thread's own file that is read: for that
 * of the process the kernel adds up all threads. /proc may have the numbers of
 * another pid namespace, in which there is no such thread.
 */
int
kernel_status_if_alone(void)
{
	char stat[512];
	const char *next, *last;
	size_t size =
	    read_of_thread((uint32_t) init_pid, "/stat", stat, sizeof(stat));

	if (size == 0) {
		size = read_file("/proc/self/stat", stat, sizeof(stat));
	}
	if (size == 0) {
		return -1;
	}
	next = stat_field(stat, size, 3);
	if (next[0] != 'Z' ||
	    text_after(stat_field(stat, size, 20), "2 ") == NULL) {
		return -1;
	}
	stat[size - 1] = '\0'; /* the newline */
	for (last = next; *next != '\0'; next++) {
		last = *next == ' ' ? next + 1 : last;
	}
	return (int) (text_number(last) >> 8 & 255);
}

/* ---- Memory ------------------------------------------------------------ */

/* "7f00-7f10 r-xp 00001000 08:01 1234 /path" */
static bool
line_allows(const char *line, uint64_t address, uint32_t size)
{
	uint64_t from, to;
	const char *next = parse_hex(line, &from);

	if (*next != '-') {
		return false;
	}
	next = parse_hex(next + 1, &to);
	if (address < from || address >= to || size > to - address ||
	    next[0] != ' ' || next[1] != 'r' || next[2] != '-') {
		return false;
	}
	for (; *next != '\0'; next++) {
		if (*next == '/' || text_after(next, "[vdso]") != NULL) {
			return true;
		}
	}
	return false;
}

bool
kernel_may_read(uint64_t address, uint32_t size)
{
	char line[512];
	char buffer[4096];
	size_t length = 0;
	bool allowed = false;
	long fd = sys(SYS_openat, AT_FDCWD, "/proc/thread-self/maps",
	    O_RDONLY | O_CLOEXEC);
	long got;

	if (fd < 0) {
		return false;
	}
	while (
	    !allowed && (got = sys(SYS_read, fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got && !allowed; i++) {
			if (buffer[i] != '\n') {
				if (length < sizeof(line) - 1) {
					line[length++] = buffer[i];
				}
				continue;
			}
			line[length] = '\0';
			length = 0;
			allowed = line_allows(line, address, size);
		}
	}
	sys(SYS_close, fd);
	return allowed;
}

/* ---- Descriptors ------------------------------------------------------- */

long
kernel_open_of_thread(const char *what, int flags)
{
	uint32_t end = table_end(&task_table);
	char path[64];
	struct text text;
	long fd = -ENOENT;

	for (uint32_t number = 1; number < end && fd < 0; number++) {
		const struct task *task = table_hot(&task_table, number);

		if (load_acquire(&task->id) == 0 || task->tid == 0) {
			continue;
		}
		text_begin(&text, path, sizeof(path));
		text_add(&text, "/proc/self/task/");
		text_add_number(&text, task->tid);
		text_add(&text, what);
		fd = sys(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC);
	}
	return fd;
}

static int
borrow_stderr(void)
{
	long process = sys(SYS_pidfd_open, init_pid, 0);
	long borrowed = sys(SYS_pidfd_getfd, process, 2, 0);

	if (process >= 0) {
		sys(SYS_close, process);
	}
	if (borrowed >= 0 || borrowed == -EBADF) {
		return (int) borrowed;
	}
	/*
	 * Linux before 5.6, a filter, or the main thread has ended. To open
	 * what the descriptor stands for is not the same as to have it (no
	 * socket can be opened so), but better than nothing.
	 */
	return (int) kernel_open_of_thread(
	    "/fd/2", O_WRONLY | O_APPEND | O_NOCTTY);
}

/* What standard error was when it was last seen to be made so. */
static struct {
	uint64_t device;
	uint64_t inode;
} known_stderr;

void
kernel_note_stderr(int fd)
{
	struct stat status;

	if (!init_is_confined() && sys(SYS_fstat, fd, &status) == 0) {
		known_stderr.device = status.st_dev;
		known_stderr.inode = status.st_ino;
	}
}

/*
 * A program that closes its standard error may get the number for a data file,
 * or a client. That takes no dump: only what was made standard error does, or
 * what looks like a terminal, a pipe or a log.
 */
static bool
is_for_messages(int fd)
{
	struct stat status;
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (sys(SYS_fstat, fd, &status) != 0) {
		return false;
	}
	if (status.st_dev == known_stderr.device &&
	    status.st_ino == known_stderr.inode) {
		return true;
	}
	return S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode) ||
	    (S_ISREG(status.st_mode) && (flags & O_APPEND));
}

int
kernel_borrow_stderr(void)
{
	int fd = borrow_stderr();

	if (fd >= 0 && !is_for_messages(fd)) {
		sys(SYS_close, fd);
		return -EBADF;
	}
	return fd;
}
