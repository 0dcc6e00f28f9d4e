/*
 * syscalls.c: see syscalls.h.
 *
 * Those in which a thread can be found asleep. No machine has all of them, and
 * no header the newest.
 */
#include "render/syscalls.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

static const char *const names[] = {
#ifdef SYS_access
	[SYS_access] = "access",
#endif
#ifdef SYS_bind
	[SYS_bind] = "bind",
#endif
#ifdef SYS_bpf
	[SYS_bpf] = "bpf",
#endif
#ifdef SYS_brk
	[SYS_brk] = "brk",
#endif
#ifdef SYS_chdir
	[SYS_chdir] = "chdir",
#endif
#ifdef SYS_chmod
	[SYS_chmod] = "chmod",
#endif
#ifdef SYS_chown
	[SYS_chown] = "chown",
#endif
#ifdef SYS_clone
	[SYS_clone] = "clone",
#endif
#ifdef SYS_clone3
	[SYS_clone3] = "clone3",
#endif
#ifdef SYS_close
	[SYS_close] = "close",
#endif
#ifdef SYS_close_range
	[SYS_close_range] = "close_range",
#endif
#ifdef SYS_copy_file_range
	[SYS_copy_file_range] = "copy_file_range",
#endif
#ifdef SYS_creat
	[SYS_creat] = "creat",
#endif
#ifdef SYS_execve
	[SYS_execve] = "execve",
#endif
#ifdef SYS_execveat
	[SYS_execveat] = "execveat",
#endif
#ifdef SYS_exit
	[SYS_exit] = "exit",
#endif
#ifdef SYS_exit_group
	[SYS_exit_group] = "exit_group",
#endif
#ifdef SYS_faccessat2
	[SYS_faccessat2] = "faccessat2",
#endif
#ifdef SYS_fallocate
	[SYS_fallocate] = "fallocate",
#endif
#ifdef SYS_fchmod
	[SYS_fchmod] = "fchmod",
#endif
#ifdef SYS_fchown
	[SYS_fchown] = "fchown",
#endif
#ifdef SYS_fcntl
	[SYS_fcntl] = "fcntl",
#endif
#ifdef SYS_fdatasync
	[SYS_fdatasync] = "fdatasync",
#endif
#ifdef SYS_fork
	[SYS_fork] = "fork",
#endif
#ifdef SYS_fstat
	[SYS_fstat] = "fstat",
#endif
#ifdef SYS_fsync
	[SYS_fsync] = "fsync",
#endif
#ifdef SYS_ftruncate
	[SYS_ftruncate] = "ftruncate",
#endif
#ifdef SYS_futex_waitv
	[SYS_futex_waitv] = "futex_waitv",
#endif
#ifdef SYS_getdents64
	[SYS_getdents64] = "getdents64",
#endif
#ifdef SYS_getrandom
	[SYS_getrandom] = "getrandom",
#endif
#ifdef SYS_io_getevents
	[SYS_io_getevents] = "io_getevents",
#endif
#ifdef SYS_io_pgetevents
	[SYS_io_pgetevents] = "io_pgetevents",
#endif
#ifdef SYS_io_uring_enter
	[SYS_io_uring_enter] = "io_uring_enter",
#endif
#ifdef SYS_ioctl
	[SYS_ioctl] = "ioctl",
#endif
#ifdef SYS_keyctl
	[SYS_keyctl] = "keyctl",
#endif
#ifdef SYS_link
	[SYS_link] = "link",
#endif
#ifdef SYS_linkat
	[SYS_linkat] = "linkat",
#endif
#ifdef SYS_lstat
	[SYS_lstat] = "lstat",
#endif
#ifdef SYS_madvise
	[SYS_madvise] = "madvise",
#endif
#ifdef SYS_membarrier
	[SYS_membarrier] = "membarrier",
#endif
#ifdef SYS_mkdir
	[SYS_mkdir] = "mkdir",
#endif
#ifdef SYS_mkdirat
	[SYS_mkdirat] = "mkdirat",
#endif
#ifdef SYS_mlock
	[SYS_mlock] = "mlock",
#endif
#ifdef SYS_mmap
	[SYS_mmap] = "mmap",
#endif
#ifdef SYS_mount
	[SYS_mount] = "mount",
#endif
#ifdef SYS_mprotect
	[SYS_mprotect] = "mprotect",
#endif
#ifdef SYS_mremap
	[SYS_mremap] = "mremap",
#endif
#ifdef SYS_msync
	[SYS_msync] = "msync",
#endif
#ifdef SYS_munmap
	[SYS_munmap] = "munmap",
#endif
#ifdef SYS_newfstatat
	[SYS_newfstatat] = "newfstatat",
#endif
#ifdef SYS_open
	[SYS_open] = "open",
#endif
#ifdef SYS_openat
	[SYS_openat] = "openat",
#endif
#ifdef SYS_openat2
	[SYS_openat2] = "openat2",
#endif
#ifdef SYS_pidfd_open
	[SYS_pidfd_open] = "pidfd_open",
#endif
#ifdef SYS_prctl
	[SYS_prctl] = "prctl",
#endif
#ifdef SYS_process_vm_readv
	[SYS_process_vm_readv] = "process_vm_readv",
#endif
#ifdef SYS_process_vm_writev
	[SYS_process_vm_writev] = "process_vm_writev",
#endif
#ifdef SYS_ptrace
	[SYS_ptrace] = "ptrace",
#endif
#ifdef SYS_readlink
	[SYS_readlink] = "readlink",
#endif
#ifdef SYS_readlinkat
	[SYS_readlinkat] = "readlinkat",
#endif
#ifdef SYS_rename
	[SYS_rename] = "rename",
#endif
#ifdef SYS_renameat2
	[SYS_renameat2] = "renameat2",
#endif
#ifdef SYS_request_key
	[SYS_request_key] = "request_key",
#endif
#ifdef SYS_restart_syscall
	[SYS_restart_syscall] = "restart_syscall",
#endif
#ifdef SYS_rmdir
	[SYS_rmdir] = "rmdir",
#endif
#ifdef SYS_sched_yield
	[SYS_sched_yield] = "sched_yield",
#endif
#ifdef SYS_shutdown
	[SYS_shutdown] = "shutdown",
#endif
#ifdef SYS_stat
	[SYS_stat] = "stat",
#endif
#ifdef SYS_statfs
	[SYS_statfs] = "statfs",
#endif
#ifdef SYS_statx
	[SYS_statx] = "statx",
#endif
#ifdef SYS_symlink
	[SYS_symlink] = "symlink",
#endif
#ifdef SYS_sync
	[SYS_sync] = "sync",
#endif
#ifdef SYS_sync_file_range
	[SYS_sync_file_range] = "sync_file_range",
#endif
#ifdef SYS_syncfs
	[SYS_syncfs] = "syncfs",
#endif
#ifdef SYS_truncate
	[SYS_truncate] = "truncate",
#endif
#ifdef SYS_umount2
	[SYS_umount2] = "umount2",
#endif
#ifdef SYS_unlink
	[SYS_unlink] = "unlink",
#endif
#ifdef SYS_unlinkat
	[SYS_unlinkat] = "unlinkat",
#endif
#ifdef SYS_userfaultfd
	[SYS_userfaultfd] = "userfaultfd",
#endif
#ifdef SYS_vfork
	[SYS_vfork] = "vfork",
#endif
};

const char *
syscall_name(uint32_t number)
{
	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

uint32_t
syscall_number(const char *name)
{
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] != NULL && strcmp(names[i], name) == 0) {
			return i;
		}
	}
	return UINT32_MAX;
}
