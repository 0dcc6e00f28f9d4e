/*
 * place.h: where the probe's socket is.
 *
 * Each process under the probe listens at <directory>/<pid>.sock, where pid is
 * what the process calls itself. The directory is the first of these that there
 * is:
 *
 *     $STRANDED_DIR                 if it is set; each side looks for itself
 *     /run/user/<uid>/stranded      if /run/user/<uid> belongs to the user
 *     /tmp/stranded-<uid>
 *
 * The probe takes the first that it can make and that nobody else can write to
 * (mode 0700, its own). The tool finds a process in any of them, and lists
 * those of the variable's directory alone if it is set. Compiled into both, so
 * there is no call into libc here.
 */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include <stddef.h>
#include <stdint.h>

#define PLACE_VARIABLE "STRANDED_DIR"

/* How many directories there are to try, the variable's not counted. */
#define PLACE_COUNT 2u

/* Room for a directory's or a socket's path, with its NUL. */
#define PLACE_MAX 256u

/* Room for the name of a socket in its directory, with its NUL. */
#define PLACE_NAME_MAX 16u

/*
 * Writes the directory number `index` of user `uid`. Returns its length, or 0
 * if there is no such number or it does not fit.
 */
size_t place_directory(
    unsigned int index, uint32_t uid, char *buffer, size_t size);

/* Writes "<pid>.sock". Returns its length, or 0 if it does not fit. */
size_t place_name(uint32_t pid, char *buffer, size_t size);

/* Writes "<directory>/<pid>.sock". Returns its length, or 0 as above. */
size_t place_socket(
    const char *directory, uint32_t pid, char *buffer, size_t size);

#endif
