/*
 * heap_marks.c: allocates in every way, in several threads, and compares what
 * libstranded_heap.so has marked with what it holds.
 *
 * Prints "ready", with the number of blocks that were compared; ends with 1,
 * and a word on standard error, if a mark is missing, too short, or stale.
 * With --new, C++'s operators are used as well, by name.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "common/heap_map.h"
#include "program.h"

#define THREADS 4
#define BLOCKS  300
#define ROUNDS  60

struct block {
	unsigned char *data;
	size_t size;
	bool by_operator; /* came from operator new */
};

static const struct heap_map *map;
static void *(*operator_new)(size_t);
static void (*operator_delete)(void *);
static atomic_size_t compared;

static const struct heap_leaf *
leaf_of(const void *block)
{
	const struct heap_leaf *const *leaves = (const void *) map->leaves;

	return leaves[(uintptr_t) block / HEAP_LEAF_SPAN];
}

/* The length that is marked there; 0: none begins there. */
static size_t
marked(const void *block)
{
	const struct heap_leaf *leaf = leaf_of(block);
	uintptr_t at = (uintptr_t) block % HEAP_LEAF_SPAN;

	if (leaf == NULL || leaf->pages[at / HEAP_PAGE] == 0) {
		return 0;
	}
	return heap_map_granules(leaf->blocks[at / HEAP_GRANULE]) *
	    HEAP_GRANULE;
}

/* Is any page that the block had for itself still marked? */
static bool
has_pages(const void *block, size_t size)
{
	uintptr_t at = ((uintptr_t) block / HEAP_PAGE + 1) * HEAP_PAGE;

	for (; at + HEAP_PAGE <= (uintptr_t) block + size; at += HEAP_PAGE) {
		const struct heap_leaf *leaf = leaf_of((const void *) at);

		if (leaf != NULL &&
		    leaf->pages[at % HEAP_LEAF_SPAN / HEAP_PAGE] ==
			HEAP_PAGE_BLOCKS) {
			return true;
		}
	}
	return false;
}

static void
check(bool right, const char *what, const void *block, size_t size)
{
	if (!right) {
		fprintf(stderr, "%s: %p of %zu bytes is marked as of %zu\n",
		    what, block, size, marked(block));
		exit(1);
	}
	compared++;
}

static void
check_marked(const char *what, const void *block, size_t size)
{
	size_t length = marked(block);

	check(length >= size && length <= size + size / 8 + 2 * HEAP_GRANULE,
	    what, block, size);
}

static size_t
any_size(unsigned int *seed)
{
	static const size_t limits[] = { 8, 24, 200, 3000, 9000, 200000 };

	return (size_t) rand_r(seed) %
	    limits[(size_t) rand_r(seed) % (sizeof limits / sizeof *limits)];
}

static void *
aligned(size_t size, unsigned int *seed)
{
	void *block = NULL;

	program_check(
	    posix_memalign(&block, (size_t) 16 << rand_r(seed) % 8, size),
	    "posix_memalign");
	return block;
}

static void
take(struct block *block, unsigned int *seed)
{
	size_t size = any_size(seed);

	block->by_operator = false;
	switch (rand_r(seed) % 7) {
	case 0:
		block->data = calloc(size / 4 + 1, 4);
		size = (size / 4 + 1) * 4;
		break;
	case 1:
		block->data = aligned(size, seed);
		break;
	case 2:
		block->data = memalign(64, size);
		break;
	case 3: /* of the least there is, jemalloc has two to a granule */
		size = size / 8 * 8 + 8;
		block->data = aligned_alloc(8, size);
		break;
	case 4:
		block->by_operator = operator_new != NULL;
		block->data =
		    operator_new != NULL ? operator_new(size) : malloc(size);
		break;
	default:
		block->data = malloc(size);
	}
	program_need(block->data, "memory");
	block->size = size;
	check_marked("taken", block->data, size);
}

static void
resize(struct block *block, unsigned int *seed)
{
	size_t size = any_size(seed) + 1;
	void *moved;

	if (block->by_operator) {
		return;
	}
	moved = reallocarray(block->data, 1, size);
	block->data = program_need(moved, "realloc");
	block->size = size;
	check_marked("resized", block->data, size);
}

static void
give(struct block *block)
{
	unsigned char *data = block->data;

	if (block->by_operator) {
		operator_delete(data);
	} else {
		free(data);
	}
	block->data = NULL;
}

static void *
work(void *argument)
{
	unsigned int seed = (unsigned int) (uintptr_t) argument;
	struct block blocks[BLOCKS] = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			if (blocks[i].data == NULL) {
				take(&blocks[i], &seed);
			} else if (rand_r(&seed) % 3 == 0) {
				resize(&blocks[i], &seed);
			} else if (rand_r(&seed) % 2 == 0) {
				give(&blocks[i]);
			}
		}
	}
	for (int i = 0; i < BLOCKS; i++) {
		if (blocks[i].data != NULL) {
			check_marked("kept", blocks[i].data, blocks[i].size);
			give(&blocks[i]);
		}
	}
	return NULL;
}

/* What has gone is not marked; nothing else allocates here now. */
static void
check_alone(void)
{
	static const size_t sizes[] = { 0, 1, 8, 16, 100, 5000, 1000000,
		20000000 };
	volatile size_t far = SIZE_MAX / 2; /* the compiler would warn */
	void *volatile gone;
	void *block;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		block = program_need(malloc(sizes[i]), "malloc");
		check_marked("malloc", block, sizes[i]);
		check(malloc_usable_size(block) <= marked(block), "usable",
		    block, sizes[i]);
		gone = block;
		free(block);
		check(marked(gone) == 0, "gone", gone, sizes[i]);
		check(sizes[i] < 1000000 || !has_pages(gone, sizes[i]), "pages",
		    gone, sizes[i]);
	}
	block = program_need(malloc(40), "malloc");
	gone = block; /* or so the compiler thinks */
	check(reallocarray(block, far, 4) == NULL, "overflow", gone, 40);
	check(realloc(gone, far) == NULL, "too much", gone, 40);
	check_marked("still there", gone, 40);
	free(gone);
}

/* Memory of one's own is never a heap. */
static void
check_mapping(void)
{
	size_t size = (size_t) 1 << 20;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(memory != MAP_FAILED && marked(memory) == 0, "mapping", memory,
	    size);
	munmap(memory, size);
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	program_begin();
	map = program_need(
	    dlsym(RTLD_DEFAULT, "stranded_heap_map"), "stranded_heap_map");
	if (program_flag(argv, "--new")) {
		*(void **) &operator_new = dlsym(RTLD_DEFAULT, "_Znwm");
		*(void **) &operator_delete = dlsym(RTLD_DEFAULT, "_ZdlPv");
	}
	check_alone();
	check_mapping();
	for (uintptr_t i = 0; i < THREADS; i++) {
		program_check(
		    pthread_create(&threads[i], NULL, work, (void *) (i + 1)),
		    "pthread_create");
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	for (unsigned int i = 0; i < HEAP_SLOTS; i++) {
		check(map->moving[i].count == 0, "moving", map, i);
	}
	printf("ready %zu\n", compared);
	program_wait();
	return 0;
}
