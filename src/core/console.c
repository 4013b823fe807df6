#include "core/console.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    bool installed;
    bool midline, typing;
    void (*before)(void *context);
    void *context;
    void (*uncover)(void);
    int out, err; /* the cookies of the streams: descriptors */
} console = {.out = STDOUT_FILENO, .err = STDERR_FILENO};

/* Where a recipe made the terminal non-blocking, there is room for more soon. */
static bool may_go_on(int fd)
{
    struct pollfd output = {.fd = fd, .events = POLLOUT};
    if (errno == EAGAIN)
        return poll(&output, 1, 1000) > 0;
    return errno == EINTR;
}

static ssize_t write_through(void *cookie, const char *bytes, size_t len)
{
    int fd = *(int *)cookie;
    size_t done = 0;
    if (console.uncover != NULL)
        console.uncover();
    if (console.before != NULL)
        console.before(console.context);
    while (done < len) {
        ssize_t count = write(fd, bytes + done, len - done);
        if (count < 0 && !may_go_on(fd))
            return 0; /* an error, by the rules of fopencookie */
        done += count < 0 ? 0 : (size_t)count;
    }
    console.midline = len > 0 && bytes[len - 1] != '\n';
    return (ssize_t)len;
}

static FILE *open_stream(int *fd, int mode)
{
    FILE *stream = fopencookie(fd, "w", (cookie_io_functions_t){.write = write_through});
    if (stream != NULL)
        setvbuf(stream, NULL, mode, mode == _IONBF ? 0 : BUFSIZ);
    return stream;
}

int console_install(struct err *err)
{
    FILE *out, *errors;
    if (console.installed)
        return 0;
    out = isatty(console.out) ? open_stream(&console.out, _IOLBF) : stdout;
    errors = isatty(console.err) ? open_stream(&console.err, _IONBF) : stderr;
    if (out == NULL || errors == NULL)
        return err_no_memory(err);
    fflush(stdout);
    stdout = out;
    stderr = errors;
    console.installed = true;
    return 0;
}

void console_watch(void (*before)(void *context), void *context)
{
    console.before = before;
    console.context = context;
}

bool console_is_midline(void)
{
    return console.midline;
}

void console_end_line(void)
{
    console.midline = false;
}

void console_begin_typing(void)
{
    if (console.uncover != NULL)
        console.uncover();
    console.typing = true;
}

void console_end_typing(void)
{
    console.typing = false;
}

void console_cover(void (*uncover)(void))
{
    console.uncover = uncover;
}

bool console_is_free(void)
{
    return console.installed && !console.typing && !console.midline;
}
