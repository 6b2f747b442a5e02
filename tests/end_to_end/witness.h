/* A witness between a sidecar and its clients: it passes on every byte, and writes down, in a
 * database of its own, what was asked and what was answered. So what was acknowledged is known
 * whatever becomes of the sidecar's store. It reads ZeroMQ's frames as they go by (ZMTP 3, without
 * encryption); whoever connects is told apart as the sidecar tells him, by his routing id. */
#ifndef TESTS_END_TO_END_WITNESS_H
#define TESTS_END_TO_END_WITNESS_H

struct witness;

/* Asserts on failure. The sidecar may come and go. The database has
 *
 *   call(id, client, verb, request, asked, answer, told): in the order of the requests; `client` is
 *     the routing id, `request` the request id, `asked` the arguments. `answer` is "ok", "error" or
 *     NULL: none came by, over the connection that it was asked over; `told` its arguments.
 *   body(call, place, data): what was sent along, at place -1 with the request, from 0 with the
 *     answer.
 *
 * of the verbs that change jobs or records, and of `results`. */
struct witness *witness_start(int sidecar_port, const char *database);
/* When all clients or the sidecar have ended; the database is whole then. */
void witness_stop(struct witness *witness);
int witness_port(const struct witness *witness);

#endif
