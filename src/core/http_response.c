#include "core/http_response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/retry.h"

static const char *copy_value(char *value, size_t size, const char *line)
{
    size_t len = strcspn(line, "\r\n");

    while (len && strchr(" \t", line[len - 1]))
        len--;
    snprintf(value, size, "%.*s", (int)len, line);
    return value;
}

const char *http_response_header(
    const struct http_response *response, const char *name, char *value, size_t size)
{
    const char *line = buf_text(&response->headers);
    size_t name_len = strlen(name);

    for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, name_len) || line[name_len] != ':')
            continue;
        line += name_len + 1;
        return copy_value(value, size, line + strspn(line, " \t"));
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
