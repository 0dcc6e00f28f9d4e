/*
 * suspects.c: tasks of which an observer may think what he likes.
 *
 * "same" and "anew" wait to send. On a line "next" from standard input one
 * receives from "anew", which then waits in the very same place, and yet anew.
 * On a line "grow" a task is added to those in more() every now and then. Those
 * in enough() are there from the start.
 */
#include <poll.h>

#include "strand.h"
#include "program.h"

#define ENOUGH   3
#define MOST     400
#define PAUSE_MS 50

static struct strand_chan *same_chan, *anew_chan, *silence;
static volatile int ended; /* set last, lest the calls before become jumps */

static void
same(void *arg)
{
	strand_chan_send(arg, NULL, STRAND_FOREVER);
	ended = 3;
}

static void
anew(void *arg)
{
	for (;;) {
		strand_chan_send(arg, NULL, STRAND_FOREVER);
	}
}

static void
enough(void *arg)
{
	strand_chan_recv(arg, NULL, STRAND_FOREVER);
	ended = 1;
}

static void
more(void *arg)
{
	strand_chan_recv(arg, NULL, STRAND_FOREVER);
	ended = 2;
}

static void
go(const char *name, strand_fn *fn, struct strand_chan *chan)
{
	program_check(strand_go(name, fn, chan), name);
}

static struct strand_chan *
make_chan(void)
{
	return program_need(strand_chan_new(0, 0), "channel");
}

/* Until there is another line, or too many. */
static void
grow(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	for (int i = 0; i < MOST; i++) {
		go("more", more, silence);
		if (i == 0) {
			printf("growing\n");
		}
		if (poll(&input, 1, PAUSE_MS) != 0) {
			return;
		}
	}
}

int
main(void)
{
	char line[16];

	program_begin();
	same_chan = make_chan();
	anew_chan = make_chan();
	silence = make_chan();
	go("same", same, same_chan);
	go("anew", anew, anew_chan);
	for (int i = 0; i < ENOUGH; i++) {
		go("enough", enough, silence);
	}
	printf("ready\n");
	while (program_read_line(STDIN_FILENO, line, sizeof(line))) {
		if (strcmp(line, "next") == 0) {
			strand_chan_recv(anew_chan, NULL, STRAND_FOREVER);
			printf("next\n");
		} else {
			grow();
		}
	}
	return 0;
}
