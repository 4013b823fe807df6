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

enum { DECIMALS_MAX = 8 };

/* Numbers between these are written without an exponent, those below with 15 digits at most. */
static const double plain_min = 1e-4, plain_end = 1e15;

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

/* Writes the decimal digits of `value`, at least `least` of them, in front of `at`. */
static char *put_digits(char *at, uint64_t value, int least)
{
    for (; value > 0 || least > 0; least--) {
        *--at = (char)('0' + value % 10);
        value /= 10;
    }
    return at;
}

int jsontext_integer(struct buf *out, int64_t value, struct err *err)
{
    char text[sizeof "-9223372036854775808"];
    char *end = text + sizeof text;
    char *at = put_digits(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);

    if (value < 0)
        *--at = '-';
    return buf_add(out, at, (size_t)(end - at), err);
}

/* How many decimals `value`, not negative, has, and its digits without the point; -1: too many.
   The digits divided by a power of ten, both exact, are the value, so that is what reading
   them back gives. */
static int decimals_of(double value, uint64_t *digits)
{
    double scale = 1;

    if (FLT_EVAL_METHOD != 0 || (value > 0 && value < plain_min))
        return -1;
    for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++, scale *= 10) {
        if (value * scale >= plain_end)
            return -1;
        *digits = (uint64_t)(value * scale + 0.5);
        if ((double)*digits / scale == value)
            return decimals;
    }
    return -1;
}

/* Writes `value` in front of `end`; NULL: it has too many digits. */
static char *put_decimal(char *end, double value)
{
    uint64_t digits, scale = 1;
    int decimals = decimals_of(fabs(value), &digits);
    char *at;

    if (decimals < 0)
        return NULL;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    at = put_digits(end, digits % scale, decimals > 0 ? decimals : 1);
    *--at = '.';
    at = put_digits(at, digits / scale, 1);
    if (signbit(value))
        *--at = '-';
    return at;
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

static int add_shortest(struct buf *out, double value, struct err *err)
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

int jsontext_real(struct buf *out, double value, struct err *err)
{
    char text[40];
    char *end = text + sizeof text;
    char *at = put_decimal(end, value);

    if (at == NULL)
        return add_shortest(out, value, err);
    return buf_add(out, at, (size_t)(end - at), err);
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
