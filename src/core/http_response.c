#include "core/http_response.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/expiry.h"

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

static int64_t header_date_ms(const struct http_response *response, const char *name)
{
    char text[64];

    return http_response_header(response, name, text, sizeof text) ? expiry_from_http_date(text)
                                                                   : -1;
}

static double seconds_until_date(const struct http_response *response)
{
    int64_t then_ms = header_date_ms(response, "Retry-After");
    int64_t now_ms = header_date_ms(response, "Date");

    if (now_ms < 0)
        now_ms = clock_wall_ms();
    if (then_ms < 0)
        return -1;
    return then_ms > now_ms ? (double)(then_ms - now_ms) / 1000 : 0;
}

double http_response_retry_after(const struct http_response *response)
{
    const double seconds_max = 1e9;
    char text[64], *end;
    double seconds;

    if (!http_response_header(response, "Retry-After", text, sizeof text))
        return -1;
    seconds = strtod(text, &end);
    if (end == text || *end)
        return seconds_until_date(response);
    return seconds >= 0 && seconds < seconds_max ? seconds : -1;
}
