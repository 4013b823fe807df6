#include "core/jsontext.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/jsonplain.h"

/* What stands behind the backslash for `c`; 0: it needs none. */
static char letter_of(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return (unsigned char)c < ' ' ? 'u' : '\0';
    }
}

/* The first byte that needs a backslash, or `end`. */
static const char *find_escape(const char *at, const char *end)
{
    for (;;) {
        at = jsonplain_skip(at, end);
        if (at == end || (unsigned char)*at < 0x80)
            return at;
        while (at < end && (unsigned char)*at >= 0x80)
            at++;
    }
}

/* With its backslashes, of which the first stands before `escape`. */
static size_t escaped_size(const char *text, const char *escape, const char *end)
{
    size_t size = (size_t)(end - text);

    for (; escape < end; escape = find_escape(escape + 1, end))
        size += letter_of(*escape) == 'u' ? sizeof "u0000" - 1 : 1;
    return size;
}

static char *add_escape(char *to, char c)
{
    static const char digits[] = "0123456789abcdef";

    *to++ = '\\';
    *to++ = letter_of(c);
    if (to[-1] != 'u')
        return to;
    memcpy(to, "00", 2);
    to[2] = digits[c >> 4];
    to[3] = digits[c & 15];
    return to + 4;
}

static char *add_escaped(char *to, const char *text, const char *escape, const char *end)
{
    for (;;) {
        memcpy(to, text, (size_t)(escape - text));
        to += escape - text;
        if (escape == end)
            return to;
        to = add_escape(to, *escape);
        text = escape + 1;
        escape = find_escape(text, end);
    }
}

int jsontext_string(struct buf *out, const char *text, size_t len, struct err *err)
{
    const char *end = text + len, *escape = find_escape(text, end);
    char *to = buf_extend(out, escaped_size(text, escape, end) + 2, err);

    if (to == NULL)
        return -1;
    *to = '"';
    to = add_escaped(to + 1, text, escape, end);
    *to = '"';
    return 0;
}

int jsontext_integer(struct buf *out, int64_t value, struct err *err)
{
    char text[sizeof "-9223372036854775808"];
    char *at = text + sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--at = '-';
    return buf_add(out, at, (size_t)(text + sizeof text - at), err);
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
