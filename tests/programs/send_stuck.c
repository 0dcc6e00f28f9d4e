/*
 * send_stuck.c: a task sends on a channel that nobody reads.
 *
 * Without flags the channel is unbuffered and the task is stuck for ever. With
 * --capacity=1 the send finds room and the task ends. With --close the channel
 * is closed under the waiting task, and the send fails.
 */
#include "strand.h"
#include "program.h"

struct job {
	struct strand_chan *answers; /* of int */
	struct strand_wg *done;
};

static void
sender(void *arg)
{
	struct job *job = arg;
	int answer = 42;
	int error;

	error = strand_chan_send(job->answers, &answer, /* stuck here */
	    STRAND_FOREVER);
	printf("send: %s\n", error ? strerror(error) : "sent");
	strand_wg_done(job->done);
}

int
main(int argc, char **argv)
{
	struct job job;
	long capacity = program_number(argv, "--capacity=", 0);
	bool closing = program_flag(argv, "--close");

	program_begin();
	job.answers =
	    program_need(strand_chan_new(sizeof(int), capacity), "channel");
	job.done = program_need(strand_wg_new(), "wait group");
	strand_wg_add(job.done, 1);
	program_check(strand_go("sender", sender, &job), "task"); /* go */
	if (closing) {
		strand_sleep(strand_now() + 50 * STRAND_MILLISECOND);
		program_check(strand_chan_close(job.answers), "close");
		printf("close again: %s\n",
		    strerror(strand_chan_close(job.answers)));
	}
	if (closing || capacity > 0) {
		strand_wg_wait(job.done, STRAND_FOREVER);
	}
	printf("ready\n");
	program_wait();
	return 0;
}
