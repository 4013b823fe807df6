#include "core/http_response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/retry.h"

const char *http_response_header(
    const struct http_response *response, const char *name, char *value, size_t size)
{
    const char *line = buf_text(&response->headers);
    size_t name_len = strlen(name);

    for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, name_len) || line[name_len] != ':')
            continue;
        line += name_len + 1;
        line += strspn(line, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
        return value;
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
