#include "core/bar.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/console.h"

/* Back to the first column; clear to the end of the line (ECMA-48 8.3.41). */
static const char clear[] = "\r\x1b[K";

static bool drawn;

/* What can't be shown is not missed. */
static void put(const char *bytes, size_t len)
{
    ssize_t written = write(STDERR_FILENO, bytes, len);
    (void)written;
}

void bar_erase(void)
{
    if (!drawn)
        return;
    drawn = false;
    console_cover(NULL);
    put(clear, sizeof clear - 1);
}

void bar_draw(const char *text, size_t len)
{
    char line[1024];

    if (!console_is_free() || len + sizeof clear > sizeof line)
        return;
    memcpy(line, clear, sizeof clear - 1);
    memcpy(line + sizeof clear - 1, text, len);
    put(line, sizeof clear - 1 + len);
    drawn = true;
    console_cover(bar_erase);
}
