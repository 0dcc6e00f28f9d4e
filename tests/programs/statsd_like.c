/*
 * statsd_like.c: counters fed by UDP packets, flushed by a ticker.
 *
 * One select loop owns the counters: packets, ticks and signals each come on a
 * channel, one at a time, so there is no lock. A packet is "name:number|c". A
 * flush prints each counter that has changed; SIGHUP flushes at once, SIGTERM
 * (or the end of standard input) flushes and ends the program.
 *
 * --flush=MS sets the ticker's period.
 */
#include <ctype.h>
#include <sys/signalfd.h>

#include "strand.h"
#include "program.h"

#define COUNTERS    32
#define PACKET_SIZE 512

struct counter {
	char name[32]; /* "" if free */
	long value;
	bool changed; /* since the last flush */
};

struct packet {
	char text[PACKET_SIZE];
};

struct source {
	int fd;
	struct strand_chan *to;
};

static void
packets(void *arg)
{
	struct source *source = arg;
	struct packet packet;
	ssize_t size;

	for (;;) {
		size = recv(source->fd, packet.text, /* packets wait here */
		    PACKET_SIZE - 1, 0);
		if (size < 0) {
			return;
		}
		packet.text[size] = '\0';
		strand_chan_send(source->to, &packet, STRAND_FOREVER);
	}
}

static void
signals(void *arg)
{
	struct source *source = arg;
	struct signalfd_siginfo info;

	while (read(source->fd, &info, sizeof info) == sizeof info) {
		int number = info.ssi_signo;

		strand_chan_send(source->to, &number, STRAND_FOREVER);
	}
}

static void
control(void *arg)
{
	struct source *source = arg;
	int number = SIGTERM;

	program_wait();
	strand_chan_send(source->to, &number, STRAND_FOREVER);
}

static struct counter *
counter_find(struct counter *counters, const char *name)
{
	for (int i = 0; i < COUNTERS; i++) {
		if (!counters[i].name[0]) {
			snprintf(counters[i].name, sizeof counters[i].name,
			    "%s", name);
		}
		if (strcmp(counters[i].name, name) == 0) {
			return &counters[i];
		}
	}
	return NULL;
}

/* Packets that make no sense are dropped, as such daemons do. */
static void
count(struct counter *counters, const struct packet *packet)
{
	struct counter *counter;
	char name[32];
	long value;

	if (sscanf(packet->text, "%31[^:]:%ld|c", name, &value) != 2) {
		return;
	}
	counter = counter_find(counters, name);
	if (counter) {
		counter->value += value;
		counter->changed = true;
	}
}

static void
flush(struct counter *counters)
{
	for (int i = 0; i < COUNTERS && counters[i].name[0]; i++) {
		if (counters[i].changed) {
			printf("%s %ld\n", counters[i].name, counters[i].value);
			counters[i].changed = false;
		}
	}
}

static void
loop(struct strand_chan *packet_chan, struct strand_chan *ticks,
    struct strand_chan *signal_chan)
{
	struct counter counters[COUNTERS] = { { "", 0, false } };
	struct packet packet;
	int number = 0;
	struct strand_case cases[] = {
		{ STRAND_RECV, packet_chan, &packet, 0 },
		{ STRAND_RECV, ticks, NULL, 0 },
		{ STRAND_RECV, signal_chan, &number, 0 },
	};

	while (number != SIGTERM) {
		size_t chosen;

		strand_select(cases, 3, &chosen, /* loop waits here */
		    STRAND_FOREVER);
		if (chosen == 0) {
			count(counters, &packet);
		} else {
			flush(counters);
		}
	}
}

/* A descriptor that SIGHUP and SIGTERM are read from, in all threads. */
static int
signal_descriptor(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int
main(int argc, char **argv)
{
	/* Static: the tasks may still look at them while the program ends. */
	static struct source packet_source, signal_source;
	struct strand_timer *ticker;
	int port;

	program_begin();
	packet_source.fd = program_socket(SOCK_DGRAM, &port);
	packet_source.to =
	    program_need(strand_chan_new(sizeof(struct packet), 0), "channel");
	signal_source.fd = signal_descriptor();
	signal_source.to =
	    program_need(strand_chan_new(sizeof(int), 0), "channel");
	ticker = program_need(strand_tick(STRAND_MILLISECOND *
				  program_number(argv, "--flush=", 1000)),
	    "ticker");
	program_check(strand_go("packets", packets, &packet_source), "task");
	program_check(strand_go("signals", signals, &signal_source), "task");
	program_check(strand_go("control", control, &signal_source), "task");
	printf("ready %d\n", port);
	loop(packet_source.to, strand_timer_chan(ticker), signal_source.to);
	strand_timer_stop(ticker);
	printf("end\n");
	return 0;
}
