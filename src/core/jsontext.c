#include "core/jsontext.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

static bool plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static int add_escape(struct buf *out, unsigned char c, struct err *err)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = c != '\0' ? strchr(from, c) : NULL;

    if (found != NULL)
        return buf_add(out, (const char[]){'\\', to[found - from]}, 2, err);
    return buf_addf(out, err, "\\u%04x", c);
}

int jsontext_string(struct buf *out, const char *text, size_t len, struct err *err)
{
    size_t start = 0;

    if (buf_add(out, "\"", 1, err) != 0)
        return -1;
    for (size_t at = 0; at < len; at++) {
        if (plain((unsigned char)text[at]))
            continue;
        if (buf_add(out, text + start, at - start, err) != 0 ||
            add_escape(out, (unsigned char)text[at], err) != 0)
            return -1;
        start = at + 1;
    }
    if (buf_add(out, text + start, len - start, err) != 0)
        return -1;
    return buf_add(out, "\"", 1, err);
}

/* All decimals of up to 15 digits survive a normal double, so shorter forms come out of "%.15g"
   by themselves; a subnormal has fewer. */
static void format_shortest(char *text, size_t size, double value)
{
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;

    do
        snprintf(text, size, "%.*g", digits, value);
    while (strtod(text, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
}

int jsontext_real(struct buf *out, double value, struct err *err)
{
    char text[40];
    bool whole = true;

    format_shortest(text, sizeof text - 2, value);
    for (char *c = text; *c != '\0'; c++) {
        if (isdigit((unsigned char)*c) || *c == '-')
            continue;
        whole = false;
        if (*c != 'e' && *c != '+')
            *c = '.'; /* a locale's decimal comma */
    }
    if (whole)
        strcat(text, ".0");
    return buf_add_string(out, text, err);
}

static void quote(char *to, size_t size, const char *text, size_t len, size_t offset)
{
    size_t start = offset > 24 ? offset - 24 : 0;
    size_t n = 0;

    for (size_t at = start; at < len && at < offset + 16 && n + 1 < size; at++)
        to[n++] = isascii((unsigned char)text[at]) && isprint((unsigned char)text[at])
                      ? text[at]
                      : '.';
    to[n] = '\0';
}

void jsontext_locate(struct jsontext_place *place, const char *text, size_t len, size_t offset)
{
    *place = (struct jsontext_place){.byte = offset + 1, .line = 1, .column = 1};
    for (size_t at = 0; at < offset; at++) {
        if (text[at] == '\n') {
            place->line++;
            place->column = 1;
        } else if (((unsigned char)text[at] & 0xC0) != 0x80)
            place->column++;
    }
    quote(place->near, sizeof place->near, text, len, offset);
}
