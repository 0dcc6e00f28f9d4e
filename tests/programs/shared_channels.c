/*
 * shared_channels.c: ten tasks share one channel for requests and one for
 * responses with one coordinator.
 *
 * Both are unbuffered, and nothing in a response says whom it is for: it finds
 * its asker by order alone, because the coordinator takes no second request
 * before its response has been received, and only one asker is receiving.
 *
 * With --close the request channel is closed at the end. The coordinator looks
 * at no error: it receives zero at once, answers it, and is left sending that
 * answer for ever. With --close --look it looks, and ends.
 */
#include "strand.h"
#include "program.h"

#define ASKERS 10
#define ROUNDS 200

struct meeting {
	struct strand_chan *requests;  /* of int, unbuffered */
	struct strand_chan *responses; /* of int, unbuffered */
	struct strand_wg *done;
	bool look;  /* the coordinator minds errors */
	int askers; /* that have begun */
	int right;  /* answers */
	int wrong;
};

static int
solve(int number)
{
	return number * 2 + 1;
}

static void
coordinator(void *arg)
{
	struct meeting *meeting = arg;

	for (;;) {
		int number, error;

		error = strand_chan_recv(meeting->requests, &number, /* idle */
		    STRAND_FOREVER);
		if (error && meeting->look) {
			return;
		}
		number = solve(number);
		strand_chan_send(meeting->responses, &number, /* stuck here */
		    STRAND_FOREVER);
	}
}

static void
asker(void *arg)
{
	struct meeting *meeting = arg;
	int self = __atomic_fetch_add(&meeting->askers, 1, __ATOMIC_RELAXED);

	for (int i = 0; i < ROUNDS; i++) {
		int question = self * ROUNDS + i;
		int response = 0;

		strand_chan_send(meeting->requests, &question, STRAND_FOREVER);
		strand_chan_recv(meeting->responses, &response, STRAND_FOREVER);
		__atomic_add_fetch(response == solve(question) ?
			&meeting->right :
			&meeting->wrong,
		    1, __ATOMIC_RELAXED);
	}
	strand_wg_done(meeting->done);
}

int
main(int argc, char **argv)
{
	static struct meeting meeting;

	program_begin();
	meeting.look = program_flag(argv, "--look");
	meeting.requests =
	    program_need(strand_chan_new(sizeof(int), 0), "channel");
	meeting.responses =
	    program_need(strand_chan_new(sizeof(int), 0), "channel");
	meeting.done = program_need(strand_wg_new(), "wait group");
	program_check(strand_go("coordinator", coordinator, &meeting), "task");
	strand_wg_add(meeting.done, ASKERS);
	for (int i = 0; i < ASKERS; i++) {
		program_check(strand_go("asker", asker, &meeting), "task");
	}
	strand_wg_wait(meeting.done, STRAND_FOREVER);
	printf("%d right, %d wrong\n", meeting.right, meeting.wrong);
	if (program_flag(argv, "--close")) {
		strand_chan_close(meeting.requests);
	}
	printf("ready\n");
	program_wait();
	return meeting.wrong > 0;
}
