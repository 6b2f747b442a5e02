/* Who may speak to a sidecar that other machines can reach: CURVE encrypts every connection, and
 * ZeroMQ asks here (ZAP, RFC 27) before it lets one in. The list of keys is read again when its
 * file changes; who is taken off it is heard no more, also over a connection that is open. */
#ifndef PM_SIDECAR_ACCESS_H
#define PM_SIDECAR_ACCESS_H

#include <stdbool.h>
#include <zmq.h>

#include <poolminer/error.h>

struct pm_access;

/* `directory` holds the sidecar's key pair (sidecar.key) and the list (authorized), as `poolminer
 * keys` makes them. PM_ERROR_NOT_FOUND: no pair there. Must be opened in the socket's context
 * before the socket is bound, and closed before the context ends. */
bool pm_access_open(void *context, const char *directory, struct pm_access **out,
                    struct pm_error *error);
void pm_access_close(struct pm_access *access);

/* Makes the socket refuse all but CURVE clients that pm_access_answer lets in. */
bool pm_access_secure(const struct pm_access *access, void *socket, struct pm_error *error);

/* Readable when ZeroMQ has asked. */
void *pm_access_socket(const struct pm_access *access);
/* Answers all that ZeroMQ has asked. *refused: the address of one that was sent away, else "". */
enum { PM_ACCESS_ADDRESS_SIZE = 64 };
void pm_access_answer(struct pm_access *access, char refused[PM_ACCESS_ADDRESS_SIZE]);

/* Reads the list again if its file has changed or could not be read the last time; a list that
 * cannot be read lets nobody in. False: it could not be read now, with the reason. */
bool pm_access_refresh(struct pm_access *access, struct pm_error *error);

/* Whether a frame came over a connection whose key is in the list now. Not the first frame of a
 * message: ZeroMQ 4.3.4 says nothing of the sender there. */
bool pm_access_allows(const struct pm_access *access, zmq_msg_t *frame);

#endif
