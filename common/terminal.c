#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/terminal.h>

bool pm_terminal_has_colour(int descriptor)
{
    const char *unwanted = getenv("NO_COLOR"), *kind = getenv("TERM");
    return (unwanted == NULL || unwanted[0] == '\0') && kind != NULL && strcmp(kind, "dumb") != 0 &&
           isatty(descriptor) == 1;
}

bool pm_terminal_controls(void)
{
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0) {
        close(terminal);
    }
    return terminal >= 0;
}

void pm_terminal_bar(double share, size_t cells, char *out)
{
    const double within = share > 1 ? 1 : share > 0 ? share : 0;
    memset(out, '.', cells);
    memset(out, '#', (size_t)(within * (double)cells));
    out[cells] = '\0';
}
