/* Tells systemd, or another service manager with the protocol of sd_notify(3), how a service is
 * doing. */
#ifndef POOLMINER_SERVICE_H
#define POOLMINER_SERVICE_H

/* Sends lines such as "READY=1" or "STATUS=mining" to the socket that $NOTIFY_SOCKET names. Does
 * nothing if the variable is not set or nobody listens there. Never waits. */
void pm_service_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
