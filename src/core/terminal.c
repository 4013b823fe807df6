#include "core/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(int fd)
{
    const char *name = getenv("TERM");

    return isatty(fd) && name && *name && strcmp(name, "dumb") != 0;
}

struct terminal_size terminal_size(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
        return (struct terminal_size){80, 24};
    return (struct terminal_size){size.ws_col, size.ws_row};
}
