#include "core/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What may follow a first byte: how many bytes, and the range of the first of them. The others
   are 80..BF. (Unicode 15, table 3-7.) */
struct form {
    unsigned char first, last;
    unsigned char more;
    unsigned char low, high;
};

static const struct form forms[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF},
    {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F},
    {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF},
    {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static bool follows(const struct form *form, const unsigned char *at, size_t left)
{
    if (left <= form->more || at[1] < form->low || at[1] > form->high)
        return false;
    for (size_t i = 2; i <= form->more; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return true;
}

size_t utf8_character(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;

    if (left == 0 || *at < 0x80)
        return left > 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (*at >= forms[i].first && *at <= forms[i].last)
            return follows(&forms[i], at, left) ? 1u + forms[i].more : 0;
    return 0;
}

/* Past what is ASCII, eight bytes at once where there are as many. */
static size_t skip_ascii(const char *text, size_t at, size_t len)
{
    for (uint64_t bytes; len - at >= sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, text + at, sizeof bytes);
        if ((bytes & 0x8080808080808080u) != 0)
            break;
    }
    while (at < len && (unsigned char)text[at] < 0x80)
        at++;
    return at;
}

size_t utf8_valid(const char *text, size_t len)
{
    size_t at = skip_ascii(text, 0, len);

    while (at < len) {
        size_t size = utf8_character(text + at, len - at);
        if (size == 0)
            break;
        at = skip_ascii(text, at + size, len);
    }
    return at;
}
