#include "core/redact.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* Bytes of a form, kept in the list of its owner and among all that start with the same byte.
 */
struct redact_form {
    struct redact_form *next_of_owner;
    struct redact_form *next_of_byte;
    size_t len;
    unsigned char bytes[];
};

/* What a text may have been written with; PLUS is a blank of an encoded form. */
enum { PERCENT = 1, JSON = 2, PLUS = 4, ALL_ESCAPES = 7 };

/* One character of a text: the bytes it stands for, and how many it takes. */
struct unit {
    unsigned char bytes[4];
    size_t len;
    size_t width;
};

/* Shorter pieces of base64 would hide innocent text. */
enum { BASE64_MIN = 4 };

static struct redact_form *starting[UCHAR_MAX + 1];
static size_t forms; /* in all */

static int add_form(struct redact_form **list, const char *bytes, size_t len, struct err *err)
{
    struct redact_form *form = malloc(sizeof *form + len);

    if (!form)
        return err_no_memory(err);
    memcpy(form->bytes, bytes, len);
    form->len = len;
    form->next_of_owner = *list;
    form->next_of_byte = starting[form->bytes[0]];
    *list = starting[form->bytes[0]] = form;
    forms++;
    return 0;
}

static void drop_first(struct redact_form **list)
{
    struct redact_form *form = *list, **link = &starting[form->bytes[0]];

    while (*link != form)
        link = &(*link)->next_of_byte;
    *link = form->next_of_byte;
    *list = form->next_of_owner;
    explicit_bzero(form->bytes, form->len);
    free(form);
    forms--;
}

void redact_drop(struct redact_form **list)
{
    while (*list)
        drop_first(list);
}

/* The piece of base64 text, and the same in the alphabet for URLs where that differs. */
static int add_piece(struct redact_form **list, char *piece, size_t len, struct err *err)
{
    bool differs = false;
    size_t i;

    if (len < BASE64_MIN)
        return 0;
    if (add_form(list, piece, len, err))
        return -1;
    for (i = 0; i < len; i++) {
        differs |= piece[i] == '+' || piece[i] == '/';
        piece[i] = piece[i] == '+' ? '-' : piece[i] == '/' ? '_' : piece[i];
    }
    return differs ? add_form(list, piece, len, err) : 0;
}

/* What base64 makes of the value when `shift` other bytes stand before it: only the characters
   that depend on nothing else, so they are found in any longer text, such as "user:value". */
static int add_shifted(
    struct redact_form **list, const char *value, size_t len, size_t shift, struct err *err)
{
    static const size_t first[] = {0, 2, 3};
    size_t whole = shift + len, coded = (whole + 2) / 3 * 4, last = whole * 8 / 6;
    unsigned char *plain = calloc(1, whole);
    char *text = malloc(coded + 1);
    int failed = plain && text ? 0 : err_no_memory(err);

    if (!failed) {
        memcpy(plain + shift, value, len);
        EVP_EncodeBlock((unsigned char *)text, plain, (int)whole);
        if (shift == 0 && whole % 3 != 0)
            failed = add_piece(list, text, last + 1, err);
        EVP_EncodeBlock((unsigned char *)text, plain, (int)whole);
        if (!failed)
            failed = add_piece(list, text + first[shift], last - first[shift], err);
    }
    if (plain)
        explicit_bzero(plain, whole);
    if (text)
        explicit_bzero(text, coded);
    free(plain);
    free(text);
    return failed;
}

int redact_add(struct redact_form **list, const char *value, size_t len, struct err *err)
{
    struct redact_form *before = *list;

    if (!add_form(list, value, len, err) && !add_shifted(list, value, len, 0, err) &&
        !add_shifted(list, value, len, 1, err) && !add_shifted(list, value, len, 2, err))
        return 0;
    while (*list != before)
        drop_first(list);
    return -1;
}

/* The number that `digits` hexadecimal digits stand for, or -1. */
static int32_t hex(const unsigned char *text, size_t len, size_t digits)
{
    static const char alphabet[] = "0123456789abcdef";
    int32_t value = 0;

    if (len < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = memchr(alphabet, text[i] | (text[i] > '9' ? 0x20 : 0), 16);

        if (!digit)
            return -1;
        value = value * 16 + (int32_t)(digit - alphabet);
    }
    return value;
}

static size_t utf8(unsigned char *out, int32_t code)
{
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = len; i-- > 1; code >>= 6)
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
    out[0] = (unsigned char)(lead[len] | code);
    return len;
}

/* \uXXXX, two of them for what lies beyond the basic plane. */
static void read_code(struct unit *unit, const unsigned char *text, size_t len)
{
    int32_t code = hex(text + 2, len - 2, 4), low;

    if (code < 0)
        return;
    unit->width = 6;
    if (code >= 0xD800 && code < 0xDC00 && len >= 12 && text[6] == '\\' && text[7] == 'u') {
        low = hex(text + 8, len - 8, 4);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            unit->width = 12;
        }
    }
    unit->len = utf8(unit->bytes, code);
}

static void read_json(struct unit *unit, const unsigned char *text, size_t len)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = len > 1 ? memchr(letters, text[1], sizeof letters - 1) : NULL;

    if (letter) {
        unit->bytes[0] = (unsigned char)meant[letter - letters];
        unit->width = 2;
    } else if (len > 1 && text[1] == 'u') {
        read_code(unit, text, len);
    }
}

static void read_percent(struct unit *unit, const unsigned char *text, size_t len)
{
    int32_t value = hex(text + 1, len - 1, 2);

    if (value >= 0) {
        unit->bytes[0] = (unsigned char)value;
        unit->width = 3;
    }
}

static void read_unit(struct unit *unit, const unsigned char *text, size_t len, int escapes)
{
    unit->bytes[0] = text[0];
    unit->len = unit->width = 1;
    if (text[0] == '%' && escapes & PERCENT)
        read_percent(unit, text, len);
    else if (text[0] == '\\' && escapes & JSON)
        read_json(unit, text, len);
    else if (text[0] == '+' && escapes & PLUS)
        unit->bytes[0] = ' ';
}

/* How many bytes at the start of the text show the form; 0 when they don't. */
static size_t match(
    const struct redact_form *form, const unsigned char *text, size_t len, int escapes)
{
    size_t at = 0, done = 0;
    struct unit unit;

    while (done < form->len) {
        if (at == len)
            return 0;
        read_unit(&unit, text + at, len - at, escapes);
        if (unit.len > form->len - done ||
            memcmp(unit.bytes, form->bytes + done, unit.len) != 0)
            return 0;
        at += unit.width;
        done += unit.len;
    }
    return at;
}

static size_t longest(const unsigned char *text, size_t len, int present)
{
    const struct redact_form *form;
    size_t width, most = 0;
    struct unit unit;

    for (int escapes = 0; escapes <= present; escapes++) {
        if (escapes & ~present)
            continue;
        read_unit(&unit, text, len, escapes);
        for (form = starting[unit.bytes[0]]; form; form = form->next_of_byte) {
            width = match(form, text, len, escapes);
            most = width > most ? width : most;
        }
    }
    return most;
}

static int escapes_in(const char *text, size_t len)
{
    return (memchr(text, '%', len) ? PERCENT : 0) | (memchr(text, '\\', len) ? JSON : 0) |
           (memchr(text, '+', len) ? PLUS : 0);
}

/* How many bytes at the start of the text start no form. */
static size_t innocent(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && !starting[(unsigned char)text[at]])
        at++;
    return at;
}

int redact_text(struct buf *out, const char *text, size_t len, struct err *err)
{
    int present = len && forms ? escapes_in(text, len) : 0;
    size_t hidden = 0; /* all before it has been shown or replaced */

    for (size_t at = 0; forms && at < len; at++) {
        size_t width;

        if (!present && (at += innocent(text + at, len - at)) == len)
            break;
        width = longest((const unsigned char *)text + at, len - at, present);

        if (width && at >= hidden &&
            (buf_add(out, text + hidden, at - hidden, err) || buf_add(out, "***", 3, err)))
            return -1;
        if (width && at + width > hidden)
            hidden = at + width;
    }
    return buf_add(out, text + hidden, len - hidden, err);
}
