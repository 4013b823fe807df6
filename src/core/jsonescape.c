#include "core/jsonescape.h"

#include <stdbool.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; ends at the first that is none. */
static const char *read_hex(uint32_t *code, const char *at)
{
    const char *end = at + 4;

    *code = 0;
    for (; at < end && hex_value(*at) >= 0; at++)
        *code = *code << 4 | (uint32_t)hex_value(*at);
    return at;
}

static const char *refuse(const char **wrong, const char *why, const char *at)
{
    *wrong = why;
    return at;
}

/* The second half, at `at`, of the pair that `code` begins. */
static bool joins(uint32_t *code, const char *at)
{
    uint32_t low;

    if (at[0] != '\\' || at[1] != 'u' || read_hex(&low, at + 2) != at + 6 || low < 0xDC00 ||
        low > 0xDFFF)
        return false;
    *code = 0x10000 + ((*code - 0xD800) << 10 | (low - 0xDC00));
    return true;
}

static const char *read_unicode(uint32_t *code, const char *at, const char **wrong)
{
    const char *after = read_hex(code, at + 2);

    if (after < at + 6)
        return refuse(wrong, "a hexadecimal digit was expected", after);
    if (*code < 0xD800 || *code > 0xDFFF)
        return after;
    if (*code > 0xDBFF || !joins(code, after))
        return refuse(wrong, "half of a surrogate pair", at);
    return after + 6;
}

/* What stands for itself or for a control character; 0: neither. */
static char meaning(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

const char *jsonescape_read(uint32_t *code, const char *at, const char **wrong)
{
    char meant = meaning(at[1]);

    if (at[1] == 'u')
        return read_unicode(code, at, wrong);
    if (meant == '\0')
        return refuse(wrong, "invalid escape", at + 1);
    *code = (uint32_t)meant;
    return at + 2;
}

static char *add_utf8(char *to, uint32_t code)
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (int i = size - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3F));
    *to = (char)(leads[size] | code);
    return to + size;
}

size_t jsonescape_undo(char *to, const char *from, size_t len)
{
    const char *end = from + len, *wrong = NULL;
    char *start = to;

    while (from < end) {
        const char *escape = memchr(from, '\\', (size_t)(end - from));
        size_t plain = (size_t)((escape != NULL ? escape : end) - from);
        uint32_t code;

        memcpy(to, from, plain);
        to += plain;
        if (escape == NULL)
            break;
        from = jsonescape_read(&code, escape, &wrong);
        to = add_utf8(to, code);
    }
    return (size_t)(to - start);
}
