#include "core/http_response.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/retry.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *copy_value(char *value, size_t size, const char *line)
{
    size_t len = strcspn(line, "\r\n");

    while (len && is_blank(line[len - 1]))
        len--;
    if (len >= size)
        len = size - 1;
    memcpy(value, line, len);
    value[len] = '\0';
    return value;
}

/* The value in a line of this header; NULL in another's. */
static const char *value_in(const char *line, const char *name, size_t name_len)
{
    if ((*line | 0x20) != (*name | 0x20) || strncasecmp(line, name, name_len) ||
        line[name_len] != ':')
        return NULL;
    line += name_len + 1;
    return line + strspn(line, " \t");
}

const char *http_response_header(
    const struct http_response *response, const char *name, char *value, size_t size)
{
    const char *line = buf_text(&response->headers);
    size_t name_len = strlen(name);

    while (*line) {
        const char *found = value_in(line, name, name_len);
        const char *end = strchrnul(line, '\n');

        if (found)
            return copy_value(value, size, found);
        line = *end ? end + 1 : end;
    }
    return NULL;
}

double http_response_retry_after(const struct http_response *response)
{
    char text[64], date[64];

    if (!http_response_header(response, "Retry-After", text, sizeof text))
        return -1;
    return retry_after_s(
        text, http_response_header(response, "Date", date, sizeof date), clock_wall_ms());
}
