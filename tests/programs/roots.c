/*
 * roots.c: one task waits on a channel to which one thing refers, at a place of
 * its own. On a line from standard input that reference goes; nobody can then
 * wake the task any more. Each place is one that a search for references has to
 * look at.
 *
 * Usage: roots PLACE
 *
 * Nothing else may have the channel's address: whatever handles it is done by
 * tasks that end, whose stacks are wiped, and in functions that have returned.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <mqueue.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "program.h"
#include "strand.h"

#define NOINLINE __attribute__((noinline))
#define PAGE     4096
#define CHAIN    1000
#define ARENAS   64
#define BLOCKS   20000

/* How the reference is put somewhere, and how it goes. */
struct place {
	const char *name;
	void (*put)(struct strand_chan *chan);
	void (*drop)(void);
};

static int pipes[2]; /* for whoever has to be told or kept waiting */

/* Waits for a byte; the caller is live meanwhile. */
static void
wait_byte(void)
{
	char byte;

	while (read(pipes[0], &byte, 1) != 1) {
	}
}

static void
send_byte(void)
{
	program_check(write(pipes[1], "x", 1) != 1, "write");
}

/* ---- Memory ------------------------------------------------------------- */

static void *volatile kept;

static void
put_global(struct strand_chan *chan)
{
	kept = chan;
}

static void
drop_global(void)
{
	kept = NULL;
}

static void *volatile *volatile first;

/* A block that refers to a block that refers to a block. */
static void
put_heap(struct strand_chan *chan)
{
	void **third = program_need(calloc(4, sizeof(void *)), "calloc");
	void **second = program_need(calloc(40, sizeof(void *)), "calloc");
	void **begin = program_need(calloc(400, sizeof(void *)), "calloc");

	third[3] = chan;
	second[20] = third;
	begin[399] = second;
	first = (void *volatile *) begin;
}

static void
drop_heap(void)
{
	first = NULL;
}

/* What refers to the middle of the block keeps its begin. */
static void
put_interior(struct strand_chan *chan)
{
	void **block = program_need(calloc(100, sizeof(void *)), "calloc");

	block[0] = chan;
	first = (void *volatile *) (block + 50);
}

static struct __attribute__((packed)) {
	char odd[3];
	void *volatile chan;
} packed;

static void
put_unaligned(struct strand_chan *chan)
{
	packed.chan = chan;
}

static void
drop_unaligned(void)
{
	packed.chan = NULL;
}

static void *volatile *page;

static void
map_page(int flags)
{
	void *memory = mmap(
	    NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	program_check(memory == MAP_FAILED, "mmap");
	page = memory;
}

static void
put_mapped(struct strand_chan *chan)
{
	map_page(MAP_PRIVATE);
	page[10] = chan;
}

static void
put_shared(struct strand_chan *chan)
{
	map_page(MAP_SHARED);
	page[10] = chan;
}

static void
drop_page(void)
{
	page[10] = NULL;
}

static void
put_protected(struct strand_chan *chan)
{
	put_mapped(chan);
	program_check(mprotect((void *) page, PAGE, PROT_NONE), "mprotect");
}

static void
drop_protected(void)
{
	munmap((void *) page, PAGE);
}

/* ---- Heaps of all kinds -------------------------------------------------- */

/* What the program hands out itself, of memory that is its own. */
static char pool[4096];
static size_t pool_used;

struct handed {
	uint32_t size;
	void *volatile chan;
} __attribute__((packed));

static void
put_pool(struct strand_chan *chan)
{
	for (size_t i = 0; i < 100; i++) {
		struct handed *handed = (struct handed *) (pool + pool_used);

		handed->size = sizeof(*handed);
		pool_used += sizeof(*handed);
		handed->chan = i == 50 ? chan : NULL;
	}
}

static void
drop_pool(void)
{
	memset(pool, 0, sizeof(pool));
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

/* Refers to what was first, and is that from now on. */
static void *
become_first(void *unused)
{
	void **block = program_need(calloc(6, sizeof(void *)), "calloc");

	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex);
	block[5] = (void *) first;
	first = (void *volatile *) block;
	pthread_mutex_unlock(&mutex);
	return unused;
}

/* One block after the other, each in the arena of another thread. */
static void
put_arenas(struct strand_chan *chan)
{
	pthread_t threads[ARENAS];

	mallopt(M_ARENA_MAX, ARENAS);
	pthread_barrier_init(&barrier, NULL, ARENAS);
	first = (void *volatile *) chan;
	for (size_t i = 0; i < ARENAS; i++) {
		program_check(
		    pthread_create(&threads[i], NULL, become_first, NULL),
		    "pthread");
	}
	for (size_t i = 0; i < ARENAS; i++) {
		pthread_join(threads[i], NULL);
	}
}

/* Sizes that have nothing to do with each other; always the same. */
static size_t
some_words(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return 6 + (state >> 16) % 300;
}

/*
 * Every other block is given back, with the channel still in it; the rest are a
 * chain, with the channel at its end.
 */
static void
put_fragmented(struct strand_chan *chan)
{
	void ***blocks = program_need(calloc(BLOCKS, sizeof(void *)), "calloc");
	void **chain = (void **) chan;

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = program_need(
		    calloc(some_words(), sizeof(void *)), "calloc");
		blocks[i][5] = chan;
	}
	for (size_t i = 0; i < BLOCKS; i += 2) {
		free(blocks[i]);
	}
	for (size_t i = 1; i < BLOCKS; i += 2) {
		blocks[i][5] = chain;
		chain = blocks[i];
	}
	free(blocks);
	first = (void *volatile *) chain;
}

/* ---- Threads ------------------------------------------------------------ */

static int ready[2];

/* Says that it has it, waits, forgets it, says so, and waits on. */
static void
on_stack(void *chan)
{
	void *volatile local[8] = { [4] = chan };

	__asm__ volatile("" : : "m"(local));
	chan = NULL;
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
	local[4] = NULL;
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
}

static void
wait_ready(void)
{
	char byte;

	while (read(ready[0], &byte, 1) != 1) {
	}
}

static void
put_stack(struct strand_chan *chan)
{
	program_check(strand_go("holder", on_stack, chan), "strand_go");
	wait_ready();
}

static void
drop_by_byte(void)
{
	send_byte();
	wait_ready();
}

#if defined(__x86_64__)
/*
 * Reads one byte from `fd` with the channel in rbx, and then one without.
 * Nobody else has it by then.
 */
static void
in_register(void *chan)
{
	static char byte;
	long result;

	program_check(write(ready[1], "x", 1) != 1, "write");
	__asm__ volatile("mov %[chan], %%rbx\n"
			 "xor %[chan], %[chan]\n"
			 "xor %%eax, %%eax\n" /* read */
			 "syscall\n"
			 "xor %%ebx, %%ebx\n"
			 : "=a"(result), [chan] "+r"(chan)
			 : "D"((long) pipes[0]), "S"(&byte), "d"(1L)
			 : "rbx", "rcx", "r11", "memory");
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
}

static volatile int turn;

/* The same in a vector register, of a thread that runs. */
static void
in_vector(void *chan)
{
	__asm__ volatile("movq %[chan], %%xmm15\n"
			 "xor %[chan], %[chan]\n"
			 "movl $1, %[turn]\n"
			 "1: pause\n"
			 "cmpl $2, %[turn]\n"
			 "jne 1b\n"
			 "pxor %%xmm15, %%xmm15\n"
			 "movl $3, %[turn]\n"
			 : [chan] "+r"(chan), [turn] "+m"(turn)
			 :
			 : "xmm15", "memory");
	wait_byte();
}

static void
put_register(struct strand_chan *chan)
{
	program_check(strand_go("holder", in_register, chan), "strand_go");
	wait_ready();
}

static void
put_vector(struct strand_chan *chan)
{
	program_check(strand_go("holder", in_vector, chan), "strand_go");
	while (turn != 1) {
		usleep(1000);
	}
}

static void
drop_vector(void)
{
	turn = 2;
	while (turn != 3) {
		usleep(1000);
	}
}
#endif

static __thread void *volatile own;

static void
in_tls(void *chan)
{
	own = chan;
	chan = NULL;
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
	own = NULL;
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
}

static void
put_tls(struct strand_chan *chan)
{
	program_check(strand_go("holder", in_tls, chan), "strand_go");
	wait_ready();
}

static pthread_key_t key;

static void
in_specific(void *chan)
{
	pthread_setspecific(key, chan);
	chan = NULL;
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
	pthread_setspecific(key, NULL);
	program_check(write(ready[1], "x", 1) != 1, "write");
	wait_byte();
}

/* Beyond the first keys, which lie in the thread's record itself. */
static void
put_specific(struct strand_chan *chan)
{
	for (int i = 0; i < 40; i++) {
		program_check(pthread_key_create(&key, NULL), "key");
	}
	program_check(strand_go("holder", in_specific, chan), "strand_go");
	wait_ready();
}

/*
 * A thread's own storage refers to the channel that it waits on. That is of use
 * to nobody, unless a signal's handler runs on it.
 */
static void
handle(int signal)
{
}

static void
put_handler(struct strand_chan *chan)
{
	signal(SIGUSR1, handle);
}

static void
drop_handler(void)
{
	signal(SIGUSR1, SIG_DFL);
}

/* ---- The kernel --------------------------------------------------------- */

static int epoll;

static void
put_epoll(struct strand_chan *chan)
{
	struct epoll_event event = { EPOLLIN, { .ptr = chan } };

	epoll = epoll_create1(EPOLL_CLOEXEC);
	program_check(
	    epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event), "epoll_ctl");
	explicit_bzero(&event, sizeof(event));
}

static void
drop_epoll(void)
{
	epoll_ctl(epoll, EPOLL_CTL_DEL, pipes[0], NULL);
}

static timer_t timer;

static void
put_timer(struct strand_chan *chan)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2,
		.sigev_value.sival_ptr = chan,
	};

	program_check(timer_create(CLOCK_MONOTONIC, &event, &timer), "timer");
	explicit_bzero(&event, sizeof(event));
}

static void
drop_timer(void)
{
	timer_delete(timer);
}

static int queue[2];

static void
put_pipe(struct strand_chan *chan)
{
	program_check(pipe(queue), "pipe");
	program_check(
	    write(queue[1], &chan, sizeof(chan)) != sizeof(chan), "write");
}

/* A pipe with a name. */
static void
put_fifo(struct strand_chan *chan)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/stranded-roots-%d", getpid());
	program_check(mkfifo(name, 0600), "mkfifo");
	queue[0] = queue[1] = open(name, O_RDWR | O_CLOEXEC);
	unlink(name);
	program_check(
	    write(queue[1], &chan, sizeof(chan)) != sizeof(chan), "write");
}

static void
put_socket(struct strand_chan *chan)
{
	program_check(socketpair(AF_UNIX, SOCK_STREAM, 0, queue), "socketpair");
	program_check(
	    write(queue[1], &chan, sizeof(chan)) != sizeof(chan), "write");
}

static void
drop_queue(void)
{
	static char bytes[sizeof(void *)];

	program_check(
	    read(queue[0], bytes, sizeof(bytes)) != sizeof(bytes), "read");
	explicit_bzero(bytes, sizeof(bytes));
}

/* These nobody can look into: nothing is proved while they are not empty. */
static void
put_datagram(struct strand_chan *chan)
{
	program_check(socketpair(AF_UNIX, SOCK_DGRAM, 0, queue), "socketpair");
	program_check(
	    write(queue[1], &chan, sizeof(chan)) != sizeof(chan), "write");
}

static mqd_t posix_queue;

static void
put_mqueue(struct strand_chan *chan)
{
	struct mq_attr attributes = {
		.mq_maxmsg = 1,
		.mq_msgsize = sizeof(chan),
	};
	char name[32];

	snprintf(name, sizeof(name), "/stranded-roots-%d", getpid());
	posix_queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
	program_check(posix_queue == (mqd_t) -1, "mq_open");
	mq_unlink(name);
	program_check(
	    mq_send(posix_queue, (const char *) &chan, sizeof(chan), 0),
	    "mq_send");
}

static void
drop_mqueue(void)
{
	static char bytes[sizeof(void *)];

	program_check(mq_receive(posix_queue, bytes, sizeof(bytes), NULL) < 0,
	    "mq_receive");
	explicit_bzero(bytes, sizeof(bytes));
}

static int sysv_queue;

static void
put_sysv(struct strand_chan *chan)
{
	struct {
		long type;
		void *pointer;
	} message = { 1, chan };

	sysv_queue = msgget(IPC_PRIVATE, 0600);
	program_check(sysv_queue == -1, "msgget");
	program_check(
	    msgsnd(sysv_queue, &message, sizeof(void *), 0), "msgsnd");
	explicit_bzero(&message, sizeof(message));
}

static void
drop_sysv(void)
{
	program_check(msgctl(sysv_queue, IPC_RMID, NULL), "msgctl");
}

static aio_context_t requests;

/* A request that is not done yet, and its word. */
static void
put_aio(struct strand_chan *chan)
{
	struct iocb request = {
		.aio_data = (uintptr_t) chan,
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = (uint32_t) pipes[0],
		.aio_buf = POLLIN,
	};
	struct iocb *list[] = { &request };

	program_check(syscall(SYS_io_setup, 1, &requests) != 0, "io_setup");
	program_check(
	    syscall(SYS_io_submit, requests, 1, list) != 1, "io_submit");
	explicit_bzero(&request, sizeof(request));
}

static void
drop_aio(void)
{
	program_check(syscall(SYS_io_destroy, requests) != 0, "io_destroy");
}

/* ---- What must not count ------------------------------------------------ */

/* A block that has been given back. */
static void
put_freed(struct strand_chan *chan)
{
	void **block = program_need(calloc(50, sizeof(void *)), "calloc");

	block[30] = chan;
	kept = block;
	free(block);
}

static void
drop_nothing(void)
{
}

static NOINLINE void
bury(struct strand_chan *chan)
{
	void *volatile deep[64];

	for (size_t i = 0; i < 64; i++) {
		deep[i] = chan;
	}
	__asm__ volatile("" : : "m"(deep));
}

static void *
bury_and_end(void *chan)
{
	bury(chan);
	return NULL;
}

/* The stack of a thread that has ended, which libc keeps for the next. */
static void
put_ended(struct strand_chan *chan)
{
	pthread_t thread;

	program_check(
	    pthread_create(&thread, NULL, bury_and_end, chan), "pthread");
	pthread_join(thread, NULL);
}

/* ---- A chain ------------------------------------------------------------ */

struct link {
	struct strand_chan *this;
	struct strand_chan *next;
};

/* Waits for its channel, and could then wake the next. */
static void
wait_in_chain(void *argument)
{
	struct link link = *(struct link *) argument;

	free(argument);
	strand_chan_recv(link.this, NULL, STRAND_FOREVER);
	strand_chan_send(link.next, NULL, STRAND_FOREVER);
}

/* Behind the one task that refers to the first. */
static void
put_chain(struct strand_chan *chan)
{
	struct strand_chan *next = chan;

	for (int i = 0; i < CHAIN; i++) {
		struct link *link =
		    program_need(calloc(1, sizeof(*link)), "calloc");

		link->next = next;
		link->this = program_need(strand_chan_new(0, 0), "chan");
		next = link->this;
		program_check(strand_go("link", wait_in_chain, link), "go");
	}
	kept = next;
}

/* ---- All ---------------------------------------------------------------- */

static const struct place places[] = {
	{ "global", put_global, drop_global },
	{ "heap", put_heap, drop_heap },
	{ "interior", put_interior, drop_heap },
	{ "pool", put_pool, drop_pool },
	{ "arenas", put_arenas, drop_heap },
	{ "fragmented", put_fragmented, drop_heap },
	{ "unaligned", put_unaligned, drop_unaligned },
	{ "mapped", put_mapped, drop_page },
	{ "shared", put_shared, drop_page },
	{ "protected", put_protected, drop_protected },
	{ "stack", put_stack, drop_by_byte },
#if defined(__x86_64__)
	{ "register", put_register, drop_by_byte },
	{ "vector", put_vector, drop_vector },
#endif
	{ "tls", put_tls, drop_by_byte },
	{ "specific", put_specific, drop_by_byte },
	{ "handler", put_handler, drop_handler },
	{ "epoll", put_epoll, drop_epoll },
	{ "timer", put_timer, drop_timer },
	{ "pipe", put_pipe, drop_queue },
	{ "fifo", put_fifo, drop_queue },
	{ "socket", put_socket, drop_queue },
	{ "datagram", put_datagram, drop_queue },
	{ "mqueue", put_mqueue, drop_mqueue },
	{ "sysv", put_sysv, drop_sysv },
	{ "aio", put_aio, drop_aio },
	{ "freed", put_freed, drop_nothing },
	{ "ended", put_ended, drop_nothing },
	{ "chain", put_chain, drop_global },
};

static const struct place *place;

/* The one that waits. */
static NOINLINE void
receive(struct strand_chan *chan)
{
	strand_chan_recv(chan, NULL, STRAND_FOREVER);
}

static void
victim(void *chan)
{
	own = chan;
	receive(chan);
}

static void
begin(void *unused)
{
	struct strand_chan *chan =
	    program_need(strand_chan_new(0, 0), "strand_chan_new");

	program_check(strand_go("victim", victim, chan), "strand_go");
	place->put(chan);
}

/* Does it in a task of its own, and waits until that has ended. */
static void
run(strand_fn *fn, size_t left)
{
	program_check(strand_go("worker", fn, NULL), "strand_go");
	do {
		usleep(20000);
	} while (strand_task_count() > left);
}

static void
end(void *unused)
{
	place->drop();
}

static size_t
tasks_left(void)
{
	if (place->put == put_chain) {
		return 1 + CHAIN;
	}
	return place->drop == drop_by_byte ||
		strcmp(place->name, "vector") == 0 ?
	    2 :
	    1;
}

static void
wait_line(void)
{
	char byte = 0;

	while (byte != '\n') {
		if (read(STDIN_FILENO, &byte, 1) != 1) {
			exit(0);
		}
	}
}

int
main(int argc, char **argv)
{
	program_begin();
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (argc > 1 && strcmp(argv[1], places[i].name) == 0) {
			place = &places[i];
		}
	}
	if (!place) {
		fprintf(stderr, "usage: roots PLACE\n");
		return 1;
	}
	program_check(pipe(pipes), "pipe");
	program_check(pipe(ready), "pipe");
	run(begin, tasks_left());
	puts("ready");
	wait_line();
	run(end, tasks_left());
	puts("dropped");
	wait_line();
	return 0;
}
