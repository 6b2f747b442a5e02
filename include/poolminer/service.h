/* Telling systemd (or who else reads sd_notify(3)'s protocol) how a service is. */
#ifndef POOLMINER_SERVICE_H
#define POOLMINER_SERVICE_H

/* Sends lines such as "READY=1" or "STATUS=mining" to $NOTIFY_SOCKET; without it, and where nobody
 * listens, nothing happens. Never waits. */
void pm_service_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
