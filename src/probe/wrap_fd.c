/*
 * wrap_fd.c: the ends of descriptors, which may be the ends of sessions, and
 * their duplicates. With them fcntl(), which may also wait for a lock.
 */
#include <linux/close_range.h>
#include <stdarg.h>

#include "probe/connection.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/wrap.h"

/*
 * The session ends before the descriptor does: afterwards another thread may
 * have accepted a connection under the same number.
 */
PROBE_EXPORT int
close(int fd)
{
	session_fd_closes(fd);
	return real.close(fd);
}

/*
 * libc closes the descriptor of a stream itself, out of our sight. It is read
 * where fileno_unlocked() does so, who would say by errno that there is none.
 */
static void
stream_closes(const FILE *stream)
{
	init_probe();
	if (stream != NULL) {
		session_fd_closes(stream->_fileno);
	}
}

PROBE_EXPORT int
fclose(FILE *stream)
{
	stream_closes(stream);
	return real.fclose(stream);
}

#define WRAP_REOPEN(name)                                                      \
	PROBE_EXPORT FILE *name(const char *restrict path,                     \
	    const char *restrict mode, FILE *restrict stream)                  \
	{                                                                      \
		FILE *opened;                                                  \
                                                                               \
		stream_closes(stream);                                         \
		opened = real.name(path, mode, stream);                        \
		if (opened != NULL && opened->_fileno == STDERR_FILENO) {      \
			kernel_note_stderr(STDERR_FILENO);                     \
		}                                                              \
		return opened;                                                 \
	}

WRAP_REOPEN(freopen)
WRAP_REOPEN(freopen64)

PROBE_EXPORT int
close_range(unsigned int first, unsigned int last, int flags)
{
	init_probe();
	if (!(flags & (int) CLOSE_RANGE_CLOEXEC)) {
		session_fds_close(first, last);
	}
	return real.close_range(first, last, flags);
}

PROBE_EXPORT void
closefrom(int first)
{
	init_probe();
	session_fds_close(first > 0 ? (unsigned int) first : 0, ~0u);
	real.closefrom(first);
}

/* `to` is what `from` is: of whatever it was before, it is the end. */
static void
duplicated(int from, int to)
{
	session_duplicated(from, to);
	if (to == STDERR_FILENO && from != to && !init_is_vfork_child()) {
		kernel_note_stderr(to);
	}
}

PROBE_EXPORT int
dup(int fd)
{
	int result;

	init_probe();
	result = real.dup(fd);
	if (result >= 0) {
		duplicated(fd, result);
	}
	return result;
}

PROBE_EXPORT int
dup2(int from, int to)
{
	int result;

	init_probe();
	result = real.dup2(from, to);
	if (result >= 0) {
		duplicated(from, to);
	}
	return result;
}

PROBE_EXPORT int
dup3(int from, int to, int flags)
{
	int result;

	init_probe();
	result = real.dup3(from, to, flags);
	if (result >= 0) {
		duplicated(from, to);
	}
	return result;
}

static void
note_command(int fd, int command, int result)
{
	if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC)) {
		duplicated(fd, result);
	}
}

static bool
waits_for_lock(int command)
{
	return command == F_SETLKW || command == F_OFD_SETLKW;
}

/* Of the command's argument only the kernel knows whether there is one. */
#define WRAP_FCNTL(name)                                                       \
	PROBE_EXPORT int name(int fd, int command, ...)                        \
	{                                                                      \
		struct stranded_wait wait;                                     \
		struct task *task;                                             \
		va_list arguments;                                             \
		void *argument;                                                \
		int result;                                                    \
                                                                               \
		va_start(arguments, command);                                  \
		argument = va_arg(arguments, void *);                          \
		va_end(arguments);                                             \
		init_probe();                                                  \
		task = task_self != NULL ? task_self : task_adopt();           \
		if (!waits_for_lock(command) || task == NULL) {                \
			result = real.name(fd, command, argument);             \
			note_command(fd, command, result);                     \
			return result;                                         \
		}                                                              \
		wrap_begin(task, &wait, CALL_##name, STATE_##name,             \
		    WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD);                     \
		do {                                                           \
			result = real.name(fd, command, argument);             \
		} while (wrap_again(result, task, &wait));                     \
		task_pop(task, &wait);                                         \
		return result;                                                 \
	}

WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

PROBE_EXPORT int
pidfd_getfd(int pidfd, int fd, unsigned int flags)
{
	struct stranded_place by = STRANDED_CALLER();
	int result;

	init_probe();
	result = real.pidfd_getfd(pidfd, fd, flags);
	if (result >= 0) {
		connection_copied(result, &by);
	}
	return result;
}
