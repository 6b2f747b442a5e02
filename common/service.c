/* The protocol is one datagram of text to a socket whose name is given: less than a library for it
 * would ask of machines without systemd. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <poolminer/service.h>

/* A name with "@" in front is one without a file. */
static socklen_t address_of(const char *name, struct sockaddr_un *out)
{
    const size_t length = strlen(name);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof out->sun_path) {
        return 0;
    }
    memcpy(out->sun_path, name, length);
    if (name[0] == '@') {
        out->sun_path[0] = '\0';
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void pm_service_tell(const char *format, ...)
{
    char text[1024];
    struct sockaddr_un address;
    const char *name = getenv("NOTIFY_SOCKET");
    const socklen_t size = name != NULL ? address_of(name, &address) : 0;
    if (size == 0) {
        return;
    }
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    const int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender >= 0) {
        sendto(sender, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&address, size);
        close(sender);
    }
}
