/*
 * image.c: see image.h.
 *
 * While the process stands, first the pages that are there get their places in
 * the copy, then all are copied, piece by piece, on as many processors as the
 * process has left idle.
 */
#include "proof/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client/client.h"
#include "client/memory.h"
#include "client/process.h"
#include "proof/stop.h"

#define PAGE        4096u
#define PAGES_MAX   16384       /* of which are asked at a time */
#define PIECE       (4u << 20)  /* bytes copied between looks at the clock */
#define SLACK       (32u << 20) /* for what comes until the stop */
#define HELPERS_MAX 7u          /* more would wait for the memory */
#define RESERVE     (UINT64_C(64) << 20) /* left for the rest of the machine */

#define NOT_ALLOWED "its memory cannot be read: ptrace must be allowed"

/* What /proc/PID/pagemap says of a page. */
#define PAGE_PRESENT (UINT64_C(1) << 63)
#define PAGE_SWAPPED (UINT64_C(1) << 62)
#define PAGE_OF_FILE (UINT64_C(1) << 61) /* or shared */

/*
 * Since Linux 6.7 the kernel says which pages are there without naming those
 * that are not: what counts in the terabytes that a sanitizer or a garbage
 * collector reserves. (linux/fs.h has this, if it is new enough.)
 */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end; /* how far it has come */
	uint64_t regions;
	uint64_t region_count;
	uint64_t max_pages;
	uint64_t inverted;
	uint64_t all_of;
	uint64_t any_of;
	uint64_t returned;
};

#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_FILE    4u
#define SCAN_PRESENT 8u
#define SCAN_SWAPPED 16u
#define SCAN_ZERO    32u /* never written to */
#define SCAN_REGIONS 512 /* that are asked for at a time */

/* Beyond this a mapping is too large to ask for each page. */
#define PLAIN_MAX (UINT64_C(1) << 36)

/* ---- The map ----------------------------------------------------------- */

static bool
parse_line(char *line, struct image_map *map)
{
	char rights[5];
	unsigned long inode;
	int path = 0;

	if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu %n",
		(unsigned long *) &map->start, (unsigned long *) &map->end,
		rights, &inode, &path) < 4) {
		return false;
	}
	map->readable = rights[0] == 'r';
	map->writable = rights[1] == 'w';
	map->executable = rights[2] == 'x';
	map->shared = rights[3] == 's';
	map->anonymous = inode == 0;
	map->path = line + path;
	map->path[strcspn(map->path, "\n")] = '\0';
	map->is_brk = strcmp(map->path, "[heap]") == 0;
	return true;
}

static void
free_maps(struct image *image)
{
	for (size_t i = 0; i < image->map_count; i++) {
		free(image->maps[i].path);
	}
	image->map_count = 0;
}

static int
read_maps(struct image *image, pid_t pid)
{
	char path[64];
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	free_maps(image);
	snprintf(path, sizeof(path), "/proc/%d/maps", process_alive(pid));
	file = fopen(path, "re");
	if (file == NULL) {
		return -1;
	}
	while (getline(&line, &size, file) > 0) {
		struct image_map map = { 0 };

		if (parse_line(line, &map)) {
			map.path = memory_print("%s", map.path);
			image->maps = memory_grow(image->maps, image->map_count,
			    &image->map_room, sizeof(map));
			image->maps[image->map_count++] = map;
		}
	}
	free(line);
	fclose(file);
	return image->map_count > 0 ? 0 : -1;
}

/* ---- Which pages ------------------------------------------------------- */

struct walk {
	struct image *image;
	pid_t pid;
	int pages_fd;      /* /proc/PID/pagemap */
	bool counts;       /* only how many there are */
	bool scans;        /* the kernel may know SCAN */
	uint64_t total;    /* bytes that were found */
	const char *error; /* what went wrong, or NULL */
};

/* Nothing of the process's own is there. */
static bool
is_kernels(const struct image_map *map)
{
	return strcmp(map->path, "[vvar]") == 0 ||
	    strcmp(map->path, "[vdso]") == 0 ||
	    strcmp(map->path, "[vvar_vclock]") == 0 ||
	    strcmp(map->path, "[vsyscall]") == 0;
}

/*
 * Is the page to be copied? What is written to is in a page of the process's
 * own, even if it cannot be written to any more; what is shared may be
 * anything.
 */
static bool
is_wanted(const struct image_map *map, uint64_t page)
{
	if ((page & (PAGE_PRESENT | PAGE_SWAPPED)) == 0) {
		return false;
	}
	return map->writable || (page & PAGE_OF_FILE) == 0;
}

static void
add_extent(
    struct image *image, uint64_t start, uint64_t end, const uint8_t *bytes)
{
	struct image_extent *last = image->extent_count == 0 ?
	    NULL :
	    &image->extents[image->extent_count - 1];

	if (last != NULL && last->end == start &&
	    last->bytes + (last->end - last->start) == bytes) {
		last->end = end;
		return;
	}
	image->extents = memory_grow(image->extents, image->extent_count,
	    &image->extent_room, sizeof(*image->extents));
	image->extents[image->extent_count++] =
	    (struct image_extent) { start, end, bytes };
}

/* A run of pages that is to be copied, or only counted. */
static void
take_run(struct walk *walk, uint64_t start, uint64_t end)
{
	struct image *image = walk->image;
	uint64_t size = end - start;

	walk->total += size;
	if (walk->counts || size == 0) {
		return;
	}
	if (size + PAGE > image->memory_size - image->bytes) {
		walk->error = "it has grown too fast to be copied";
		return;
	}
	add_extent(image, start, end, image->memory + image->bytes);
	image->bytes += size;
}

/* The pages of the mapping from `start` on, as many as are asked for. */
static bool
walk_pages(struct walk *walk, const struct image_map *map, uint64_t start,
    size_t count)
{
	uint64_t pages[PAGES_MAX];
	size_t size = count * sizeof(pages[0]);
	uint64_t run = start;

	if (pread(walk->pages_fd, pages, size,
		(off_t) (start / PAGE * sizeof(pages[0]))) != (ssize_t) size) {
		walk->error = "which of its pages are there cannot be read";
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t at = start + i * PAGE;

		if (!is_wanted(map, pages[i])) {
			take_run(walk, run, at);
			run = at + PAGE;
		}
	}
	if (run < start + count * PAGE) {
		take_run(walk, run, start + count * PAGE);
	}
	return walk->error == NULL;
}

static bool
is_wanted_region(const struct image_map *map, const struct scan_region *region)
{
	return (region->categories & SCAN_ZERO) == 0 &&
	    (map->writable || (region->categories & SCAN_FILE) == 0);
}

/* The pages of the mapping that are there; false if the kernel is too old. */
static bool
scan_map(struct walk *walk, const struct image_map *map)
{
	struct scan_region regions[SCAN_REGIONS];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = map->start,
		.end = map->end,
		.regions = (uintptr_t) regions,
		.region_count = SCAN_REGIONS,
		.any_of = SCAN_PRESENT | SCAN_SWAPPED,
		.returned = SCAN_PRESENT | SCAN_SWAPPED | SCAN_FILE | SCAN_ZERO,
	};

	while (arg.start < arg.end && walk->error == NULL) {
		int count = ioctl(walk->pages_fd, SCAN, &arg);

		if (count < 0) {
			return false;
		}
		for (int i = 0; i < count; i++) {
			if (is_wanted_region(map, &regions[i])) {
				take_run(
				    walk, regions[i].start, regions[i].end);
			}
		}
		arg.start = arg.walk_end;
	}
	return true;
}

static void
walk_all_pages(struct walk *walk, const struct image_map *map)
{
	uint64_t start = map->start;

	if (map->end - map->start > PLAIN_MAX) {
		walk->error = "its memory is too large to look through";
		return;
	}
	while (start < map->end) {
		uint64_t left = (map->end - start) / PAGE;
		size_t count = left < PAGES_MAX ? left : PAGES_MAX;

		if (!walk_pages(walk, map, start, count)) {
			return;
		}
		start += count * PAGE;
	}
}

/* Of shared memory pages may be there that this process has not touched. */
static void
walk_map(struct walk *walk, const struct image_map *map)
{
	if (is_kernels(map) || (map->shared && !map->writable)) {
		return;
	}
	if (map->shared) {
		take_run(walk, map->start, map->end);
	} else if (!walk->scans || !scan_map(walk, map)) {
		walk->scans = false;
		walk_all_pages(walk, map);
	}
}

static int
open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Walks over all mappings. Returns NULL, or what went wrong. */
static const char *
walk_all(struct walk *walk)
{
	walk->scans = true;
	if (read_maps(walk->image, walk->pid) != 0) {
		return "its map cannot be read";
	}
	walk->pages_fd = open_file(walk->pid, "pagemap");
	if (walk->pages_fd < 0) {
		return NOT_ALLOWED;
	}
	for (size_t i = 0; i < walk->image->map_count && walk->error == NULL;
	     i++) {
		walk_map(walk, &walk->image->maps[i]);
	}
	close(walk->pages_fd);
	return walk->error;
}

/* ---- Copying ----------------------------------------------------------- */

/* What those who copy share. */
struct copy {
	const struct image *image;
	const struct stop *stop;
	pid_t pid;
	int memory_fd;               /* /proc/PID/mem */
	atomic_size_t next;          /* byte of the copy that is nobody's yet */
	_Atomic(const char *) error; /* what went wrong, or NULL */
};

/* What cannot be read in one way, for it is protected, may be in another. */
static bool
copy_bytes(const struct copy *copy, uint64_t start, uint8_t *to, size_t size)
{
	struct iovec here = { to, size };
	struct iovec there = { (void *) (uintptr_t) start, size };

	return process_vm_readv(copy->pid, &here, 1, &there, 1, 0) ==
	    (ssize_t) size ||
	    pread(copy->memory_fd, to, size, (off_t) start) == (ssize_t) size;
}

/* The extent whose copy has the byte `at` of the image's memory. */
static const struct image_extent *
extent_of_copy(const struct image *image, size_t at)
{
	const uint8_t *bytes = image->memory + at;
	size_t low = 0, high = image->extent_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (image->extents[middle].bytes <= bytes) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return &image->extents[low];
}

/* Fills the copy from `at` to `end`: of one extent or of several. */
static bool
copy_piece(const struct copy *copy, size_t at, size_t end)
{
	const struct image *image = copy->image;
	const struct image_extent *extent = extent_of_copy(image, at);

	for (; at < end; extent++) {
		uint8_t *to = image->memory + at;
		uint64_t start =
		    extent->start + (uint64_t) (to - extent->bytes);
		size_t size = extent->end - start;

		size = size < end - at ? size : end - at;
		if (!copy_bytes(copy, start, to, size)) {
			return false;
		}
		at += size;
	}
	return true;
}

/* Copies piece after piece, until there is none left. */
static void *
copy_pieces(void *argument)
{
	struct copy *copy = argument;
	size_t all = copy->image->bytes;
	size_t at;

	while (atomic_load(&copy->error) == NULL &&
	    (at = atomic_fetch_add(&copy->next, PIECE)) < all) {
		size_t end = all - at < PIECE ? all : at + PIECE;

		if (stop_is_over(copy->stop)) {
			copy->error = "copying its memory takes too long";
		} else if (!copy_piece(copy, at, end)) {
			copy->error = "some of its memory cannot be read";
		}
	}
	return NULL;
}

/* How many shall help. Each must have enough to do. */
static size_t
count_helpers(const struct image *image)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t pieces = image->bytes / PIECE;
	size_t count = processors > 1 ? (size_t) processors - 1 : 0;

	count = count < HELPERS_MAX ? count : HELPERS_MAX;
	return count < pieces ? count : pieces;
}

/* Copies all, with the help of others if they can be had. */
static void
copy_together(struct copy *copy)
{
	size_t wanted = count_helpers(copy->image);
	pthread_t helpers[HELPERS_MAX];
	size_t count = 0;
	sigset_t all, before;

	/* Signals are for the thread that has always been there. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (count < wanted &&
	    pthread_create(&helpers[count], NULL, copy_pieces, copy) == 0) {
		count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	copy_pieces(copy);
	while (count > 0) {
		pthread_join(helpers[--count], NULL);
	}
}

/* What copying takes, which is more than looking which pages there are. */
static bool
may_copy(pid_t pid)
{
	int fd = open_file(pid, "mem");

	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

/* Returns NULL, or what went wrong. */
static const char *
copy_all(const struct image *image, const struct stop *stop, pid_t pid)
{
	struct copy copy = {
		.image = image,
		.stop = stop,
		.pid = pid,
		.memory_fd = open_file(pid, "mem"),
	};

	if (copy.memory_fd < 0) {
		return NOT_ALLOWED;
	}
	copy_together(&copy);
	close(copy.memory_fd);
	return copy.error;
}

/* ---- Room -------------------------------------------------------------- */

/* What the machine can spare, in bytes. */
static uint64_t
memory_available(void)
{
	unsigned long kib = UINT64_MAX >> 20;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1) {
			break;
		}
	}
	if (file != NULL) {
		fclose(file);
	}
	return (uint64_t) kib << 10;
}

int
image_prepare(struct image *image, pid_t pid, struct failure *failure)
{
	struct walk walk = {
		.image = image, .pid = process_alive(pid), .counts = true
	};
	const char *error;
	uint64_t size;

	*image = (struct image) { 0 };
	error = may_copy(walk.pid) ? walk_all(&walk) : NOT_ALLOWED;
	if (error != NULL) {
		return failure_set(failure, EXIT_FAILED, "%s", error);
	}
	size = walk.total + walk.total / 8 + SLACK;
	if (size + RESERVE > memory_available()) {
		return failure_set(failure, EXIT_FAILED,
		    "there is no room for a copy of its %" PRIu64 " MiB",
		    walk.total >> 20);
	}
	image->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (image->memory == MAP_FAILED) {
		image->memory = NULL;
		return failure_set(failure, EXIT_FAILED,
		    "there is no room for a copy of its memory");
	}
	image->memory_size = size;
	madvise(image->memory, size, MADV_HUGEPAGE);
	/* Touched now, so that it need not be while the process stands. */
	for (uint64_t at = 0; at < walk.total; at += PAGE) {
		((volatile uint8_t *) image->memory)[at] = 0;
	}
	return 0;
}

int
image_take(
    struct image *image, const struct stop *stop, struct failure *failure)
{
	struct walk walk = { .image = image, .pid = process_alive(stop->pid) };
	const char *error = walk_all(&walk);

	if (error == NULL) {
		error = copy_all(image, stop, walk.pid);
	}
	if (error != NULL) {
		return failure_set(failure, EXIT_FAILED, "%s", error);
	}
	return 0;
}

void
image_free(struct image *image)
{
	if (image->memory != NULL) {
		munmap(image->memory, image->memory_size);
	}
	free_maps(image);
	free(image->maps);
	free(image->extents);
	*image = (struct image) { 0 };
}

/* ---- Reading ----------------------------------------------------------- */

const struct image_map *
image_map(const struct image *image, uint64_t address)
{
	size_t low = 0, high = image->map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->maps[middle].end <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < image->map_count && image->maps[low].start <= address ?
	    &image->maps[low] :
	    NULL;
}

const struct image_extent *
image_extent(const struct image *image, uint64_t address)
{
	size_t low = 0, high = image->extent_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->extents[middle].end <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < image->extent_count ? &image->extents[low] : NULL;
}

bool
image_read(
    const struct image *image, uint64_t address, void *buffer, size_t size)
{
	const struct image_map *map = image_map(image, address);
	const struct image_extent *extent, *end;
	uint8_t *to = buffer;

	if (map == NULL || map->end - address < size) {
		return false;
	}
	memset(to, 0, size);
	extent = image_extent(image, address);
	end = image->extents + image->extent_count;
	for (; extent != NULL && extent < end && extent->start < address + size;
	     extent++) {
		uint64_t from =
		    extent->start > address ? extent->start : address;
		uint64_t last =
		    extent->end < address + size ? extent->end : address + size;

		memcpy(to + (from - address),
		    extent->bytes + (from - extent->start), last - from);
	}
	return true;
}

uint64_t
image_word(const struct image *image, uint64_t address)
{
	uint64_t word = 0;

	image_read(image, address, &word, sizeof(word));
	return word;
}
