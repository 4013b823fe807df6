/* jsonplain: bytes that stand in a string of JSON as themselves and are ASCII: all but quotes,
   backslashes, control characters and what has its high bit set. */
#pragma once
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef signed char jsonplain_eight __attribute__((vector_size(8)));
typedef signed char jsonplain_sixteen __attribute__((vector_size(16)));

static inline bool jsonplain_is(char c)
{
    return c >= ' ' && c != '"' && c != '\\' && (unsigned char)c < 0x80;
}

/* Of eight bytes the first that is not plain, one at least: their bits are all set in `odd`. */
static inline const char *jsonplain_first(const char *at, uint64_t odd)
{
    return at + __builtin_ctzll(le64toh(odd)) / 8;
}

/* Where the first byte stands that is not plain, or `end`. As a signed byte what is not ASCII
   is below a blank, like the control characters. */
static inline const char *jsonplain_skip(const char *at, const char *end)
{
    uint64_t odd[2];

    for (jsonplain_sixteen bytes; end - at >= 16; at += 16) {
        memcpy(&bytes, at, sizeof bytes);
        bytes = (bytes < ' ') | (bytes == '"') | (bytes == '\\');
        memcpy(odd, &bytes, sizeof bytes);
        if (odd[0] != 0)
            return jsonplain_first(at, odd[0]);
        if (odd[1] != 0)
            return jsonplain_first(at + 8, odd[1]);
    }
    if (end - at >= 8) {
        jsonplain_eight bytes;

        memcpy(&bytes, at, sizeof bytes);
        bytes = (bytes < ' ') | (bytes == '"') | (bytes == '\\');
        memcpy(odd, &bytes, sizeof bytes);
        if (odd[0] != 0)
            return jsonplain_first(at, odd[0]);
        at += 8;
    }
    while (at < end && jsonplain_is(*at))
        at++;
    return at;
}
