#include "core/expiry.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t expiry_from_number(double number)
{
    const double first_ms = 1e11, last_ms = 1e15;

    if (!isfinite(number) || number <= 0 || number > last_ms)
        return -1;
    return (int64_t)(number < first_ms ? number * 1000 : number);
}

static const char *skip_fraction(const char *text)
{
    if (*text == '.' || *text == ',')
        text += 1 + strspn(text + 1, "0123456789");
    return text;
}

/* The zone's distance from UTC in seconds, at the end of the text; 0 when none is given. */
static int read_zone(const char *text, int *offset_s)
{
    struct tm unused = {0};
    const char *end;

    *offset_s = 0;
    text += strspn(text, " ");
    if (!*text || !strcmp(text, "Z") || !strcmp(text, "z") || !strcmp(text, "UTC"))
        return 0;
    end = strptime(text, "%z", &unused);
    *offset_s = (int)unused.tm_gmtoff;
    return end && !*end ? 0 : -1;
}

static int64_t from_calendar(const char *text)
{
    struct tm tm = {0};
    int offset_s;

    text = strptime(text, "%Y-%m-%d", &tm);
    if (!text || (*text != 'T' && *text != 't' && *text != ' '))
        return -1;
    text = strptime(text + 1, "%H:%M", &tm);
    if (text && *text == ':')
        text = strptime(text + 1, "%S", &tm);
    if (!text || read_zone(skip_fraction(text), &offset_s))
        return -1;
    return ((int64_t)timegm(&tm) - offset_s) * 1000;
}

int64_t expiry_from_text(const char *text)
{
    char *end;
    double number = strtod(text, &end);

    if (end != text && !*end)
        return expiry_from_number(number);
    return from_calendar(text);
}

int64_t expiry_from_http_date(const char *text)
{
    time_t seconds = curl_getdate(text, NULL);

    return seconds < 0 ? -1 : (int64_t)seconds * 1000;
}
