/*
 * peers.c: see peers.h.
 *
 * The agent has none of the application's descriptors (agent.c), and must not
 * borrow them to ask: while it had one, a close() would not close. So it asks
 * for lists of all connections, of each family that sessions have, by
 * sock_diag(7), and finds the sessions in them by the inodes of their sockets.
 * A list comes in pieces, of which it takes some in a tick. /proc/net/tcp says
 * the same, ten times as slowly, and of Unix sockets not enough.
 *
 * A TCP connection that was reset, or that both ends have closed, is in none. A
 * list that changes while it is read can miss an entry: one that was once
 * listed and then twice in turn is not has gone. One that was never listed may
 * be of another network namespace, and nothing is said of it.
 */
#include "probe/peers.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "probe/probe.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/table.h"

#define PAUSE    (2 * NS_PER_SECOND) /* between two rounds, at least */
#define SHARE    1000                /* of the time that they may take */
#define PIECE    (16u << 10)         /* bytes of a list, at a time */
#define PIECES   32                  /* of them in a tick */
#define MISS_MAX 2                   /* rounds without it: it has gone */

/* In the order in which they are asked for. */
static const uint8_t families[] = { AF_INET, AF_INET6, AF_UNIX };

#define FAMILIES (sizeof(families) / sizeof(*families))

/* Those of connections; a peer that has closed leaves one of the others. */
#define STATES_OPEN                                                            \
	(1u << TCP_ESTABLISHED | 1u << TCP_SYN_SENT | 1u << TCP_SYN_RECV |     \
	    1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2)
#define STATES_GONE                                                            \
	(1u << TCP_CLOSE_WAIT | 1u << TCP_LAST_ACK | 1u << TCP_CLOSING)

static struct {
	int fd;           /* of the list that is being read, or -1 */
	bool failed;      /* a list was not read to its end */
	uint8_t asked;    /* families that were asked for */
	uint8_t wanted;   /* that sessions have, a bit for each */
	uint32_t number;  /* of the round; 0: there was none */
	int64_t began;    /* 0: no round is under way */
	int64_t next;     /* when the next may begin */
	int64_t spent;    /* time in this round */
	uint32_t *index;  /* the sessions' numbers, by their inodes */
	uint32_t buckets; /* of the index: a power of 2 */
} current = { .fd = -1 };

/* ---- The index --------------------------------------------------------- */

static uint32_t
bucket_of(uint32_t inode)
{
	return inode * 2654435761u & (current.buckets - 1);
}

/* Bit of the family in `wanted`; 0 for others. */
static uint8_t
family_bit(uint16_t family)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		if (families[i] == family) {
			return (uint8_t) (1u << i);
		}
	}
	return 0;
}

/* The record of the number if it is a socket's that can be asked for. */
static struct session *
socket_of(uint32_t number)
{
	struct session *session = table_hot(&session_table, number);

	return load_acquire(&session->id) != 0 &&
		load_relaxed(&session->inode) != 0 &&
		family_bit(load_relaxed(&session->family)) != 0 ?
	    session :
	    NULL;
}

static void
index_add(uint32_t number, uint32_t inode)
{
	uint32_t at = bucket_of(inode);

	while (current.index[at] != 0) {
		at = (at + 1) & (current.buckets - 1);
	}
	current.index[at] = number;
}

static struct session *
index_find(uint32_t inode)
{
	uint32_t at = bucket_of(inode);

	for (; current.index[at] != 0; at = (at + 1) & (current.buckets - 1)) {
		struct session *session = socket_of(current.index[at]);

		if (session != NULL &&
		    (uint32_t) load_relaxed(&session->inode) == inode) {
			return session;
		}
	}
	return NULL;
}

/* Of all sessions that there are now; false if there is none, or no memory. */
static bool
index_make(void)
{
	uint32_t end = table_end(&session_table);
	uint32_t count = 0;

	for (uint32_t number = 1; number < end; number++) {
		count += socket_of(number) != NULL;
	}
	if (count == 0) {
		return false;
	}
	for (current.buckets = 16; current.buckets < 2 * count;) {
		current.buckets *= 2;
	}
	current.index = sys_map(current.buckets * sizeof(*current.index));
	if (current.index == NULL) {
		return false;
	}
	/* There may be more by now: they wait for the next current. */
	for (uint32_t number = 1; number < end && count > 0; number++) {
		const struct session *session = socket_of(number);

		if (session != NULL) {
			index_add(
			    number, (uint32_t) load_relaxed(&session->inode));
			current.wanted |=
			    family_bit(load_relaxed(&session->family));
			count--;
		}
	}
	return true;
}

/* ---- What is found ----------------------------------------------------- */

static void
note_gone(struct session *session, int64_t when)
{
	uint64_t id = load_acquire(&session->id);

	if (session->gone_id != id) {
		session->gone_ns = when;
		session->gone_id = id;
	}
}

static void
met(uint32_t inode, bool gone, int64_t now)
{
	struct session *session = index_find(inode);

	if (session == NULL) {
		return;
	}
	session->round = current.number;
	session->missed = 0;
	if (gone) {
		note_gone(session, now);
	}
}

/* After a whole round: what it did not list. */
static void
look_at_missing(int64_t now)
{
	for (uint32_t i = 0; i < current.buckets; i++) {
		struct session *session =
		    current.index[i] != 0 ? socket_of(current.index[i]) : NULL;

		if (session == NULL || session->round == current.number ||
		    session->round == 0 ||
		    load_relaxed(&session->family) == AF_UNIX ||
		    session->opened_ns + TICK_NS > current.began) {
			continue;
		}
		if (session->missed == 0) {
			session->missed_ns = now;
		}
		if (session->missed < MISS_MAX &&
		    ++session->missed == MISS_MAX) {
			note_gone(session, session->missed_ns);
		}
	}
}

/* ---- Lists ------------------------------------------------------------- */

static bool
ask(int family)
{
	struct {
		struct nlmsghdr header;
		union {
			struct inet_diag_req_v2 inet;
			struct unix_diag_req local;
		};
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};

	if (family == AF_UNIX) {
		request.header.nlmsg_len = NLMSG_LENGTH(sizeof(request.local));
		request.local.sdiag_family = AF_UNIX;
		request.local.udiag_states = 1u << TCP_ESTABLISHED;
	} else {
		request.inet.sdiag_family = (uint8_t) family;
		request.inet.sdiag_protocol = IPPROTO_TCP;
		request.inet.idiag_states = STATES_OPEN | STATES_GONE;
	}
	current.fd = (int) sys(SYS_socket, AF_NETLINK,
	    SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	return current.fd >= 0 &&
	    sys(SYS_sendto, current.fd, &request, request.header.nlmsg_len, 0,
		NULL, 0) == request.header.nlmsg_len;
}

/* Has the other end of a Unix socket been closed, or shut? */
static bool
is_shut(const struct nlmsghdr *message)
{
	const struct unix_diag_msg *entry = NLMSG_DATA(message);
	const struct rtattr *attribute = (const void *) (entry + 1);
	int left = (int) message->nlmsg_len - NLMSG_LENGTH(sizeof(*entry));

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == UNIX_DIAG_SHUTDOWN) {
			return (*(uint8_t *) RTA_DATA(attribute) & 1) != 0;
		}
	}
	return false;
}

static void
take_entry(const struct nlmsghdr *message, int64_t now)
{
	const struct inet_diag_msg *inet = NLMSG_DATA(message);
	const struct unix_diag_msg *local = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*local))) {
		return;
	}
	if (local->udiag_family == AF_UNIX) {
		met(local->udiag_ino, is_shut(message), now);
	} else if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(*inet))) {
		met(inet->idiag_inode,
		    (1u << inet->idiag_state & STATES_GONE) != 0, now);
	}
}

/* One piece of the list; false when there is no more, or not for now. */
static bool
take_piece(int64_t now)
{
	static _Alignas(8) uint8_t piece[PIECE];
	const struct nlmsghdr *message = (const void *) piece;
	long size =
	    sys(SYS_recvfrom, current.fd, piece, sizeof(piece), 0, NULL, NULL);
	int left = size > 0 ? (int) size : 0;
	bool ended = size <= 0 && size != -EAGAIN && size != -EINTR;

	current.failed |= ended;
	for (; NLMSG_OK(message, left) && !ended;
	     message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			take_entry(message, now);
		} else if (message->nlmsg_type == NLMSG_DONE) {
			ended = true;
		} else if (message->nlmsg_type == NLMSG_ERROR) {
			ended = current.failed = true;
		}
	}
	if (ended) {
		sys(SYS_close, current.fd);
		current.fd = -1;
	}
	return size > 0 && !ended;
}

/* ---- Rounds ------------------------------------------------------------ */

/* Forgotten first: a child of fork gives up what it finds here. */
static void
drop_index(void)
{
	uint32_t *index = current.index;

	current.index = NULL;
	if (index != NULL) {
		sys_unmap(index, current.buckets * sizeof(*index));
	}
}

void
peers_reset(void)
{
	drop_index();
	current.fd = -1;
	current.began = 0;
}

/* Asks for the next family's list; false if there is none. */
static bool
next_list(void)
{
	while (current.asked < FAMILIES) {
		uint8_t index = current.asked++;

		if (!(current.wanted & 1u << index)) {
			continue;
		}
		if (ask(families[index])) {
			return true;
		}
		current.failed = true;
		if (current.fd >= 0) {
			sys(SYS_close, current.fd);
			current.fd = -1;
		}
	}
	return false;
}

static void
begin(int64_t now)
{
	current.next = now + PAUSE;
	current.wanted = 0;
	current.asked = 0;
	current.spent = 0;
	current.failed = false;
	if (index_make()) {
		current.began = now;
		current.number++;
	}
}

/* A part of the current. */
static void
go_on(int64_t now)
{
	int pieces = 0;

	while (pieces < PIECES && (current.fd >= 0 || next_list())) {
		if (!take_piece(now) && current.fd >= 0) {
			return; /* not for now */
		}
		pieces++;
	}
	if (current.fd < 0 && current.asked == FAMILIES) {
		if (!current.failed) {
			look_at_missing(now);
		}
		drop_index();
		current.began = 0;
	}
}

void
peers_look(int64_t now)
{
	int64_t start;
	int64_t pause;

	if (current.began == 0 && now < current.next) {
		return;
	}
	if (current.began == 0) {
		begin(now);
	}
	if (current.began == 0) {
		return;
	}
	start = sys_now();
	go_on(now);
	current.spent += sys_now() - start;
	pause = current.spent * SHARE > PAUSE ? current.spent * SHARE : PAUSE;
	current.next = now + pause;
}
