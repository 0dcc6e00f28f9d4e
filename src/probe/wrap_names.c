/*
 * wrap_names.c: names of hosts. libc asks for them over the net, inside itself:
 * it polls sockets that nobody else knows.
 */
#include "probe/wrap.h"

#define WRAP_LOOKUP(result, name, parameters, arguments)                       \
	WRAP_CALL(result, name, NULL, 0, wait.case_count = 0, parameters,      \
	    arguments, false, arguments, )

WRAP_LOOKUP(int, getaddrinfo,
    (const char *restrict host, const char *restrict service,
	const struct addrinfo *restrict hints,
	struct addrinfo **restrict found),
    (host, service, hints, found))
WRAP_LOOKUP(int, getnameinfo,
    (const struct sockaddr *restrict address, socklen_t address_size,
	char *restrict host, socklen_t host_size, char *restrict service,
	socklen_t service_size, int flags),
    (address, address_size, host, host_size, service, service_size, flags))

WRAP_LOOKUP(struct hostent *, gethostbyname, (const char *host), (host))
WRAP_LOOKUP(struct hostent *, gethostbyname2, (const char *host, int family),
    (host, family))
WRAP_LOOKUP(struct hostent *, gethostbyaddr,
    (const void *address, socklen_t size, int family), (address, size, family))

#define FOUND_PARAMETERS                                                       \
	struct hostent *restrict entry, char *restrict room, size_t size,      \
	    struct hostent **restrict found, int *restrict error
#define FOUND entry, room, size, found, error

WRAP_LOOKUP(int, gethostbyname_r, (const char *restrict host, FOUND_PARAMETERS),
    (host, FOUND))
WRAP_LOOKUP(int, gethostbyname2_r,
    (const char *restrict host, int family, FOUND_PARAMETERS),
    (host, family, FOUND))
WRAP_LOOKUP(int, gethostbyaddr_r,
    (const void *restrict address, socklen_t address_size, int family,
	FOUND_PARAMETERS),
    (address, address_size, family, FOUND))
