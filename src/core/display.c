#include "core/display.h"

#include <locale.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "core/utf8.h"

static const char ellipsis[] = "\xE2\x80\xA6";

/* Characters that no terminal shows, but that reorder, join or hide others: soft hyphen and
   marks of the bidirectional algorithm (Unicode 15, UAX #9), line separators, fillers, tags. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00AD, 0x00AD},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x180E, 0x180E},
    {0x200B, 0x200B},
    {0x200E, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF9, 0xFFFB},
    {0xE0000, 0xE0FFF},
};

/* What one character becomes. */
struct piece {
    size_t taken;   /* bytes of the text */
    int columns;    /* that it takes when shown */
    char shown[12]; /* its escape; "" when it is shown as it is */
};

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

static bool is_hidden(uint32_t point)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (point >= hidden[i].first && point <= hidden[i].last)
            return true;
    return false;
}

static uint32_t decode(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    uint32_t point = size == 1 ? *at : *at & (0x7Fu >> size);

    for (size_t i = 1; i < size; i++)
        point = point << 6 | (at[i] & 0x3Fu);
    return point;
}

/* As the C library knows it, whatever the locale of the process; negative for what is no
   character to show. */
static int width_of(uint32_t point)
{
    static locale_t utf8;
    locale_t before;
    int width;

    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8)
        return 1;
    before = uselocale(utf8);
    width = wcwidth((wchar_t)point);
    uselocale(before);
    return width;
}

static void escape_byte(struct piece *piece, unsigned char byte)
{
    static const char names[] = "\tt\nn\rr";
    const char *name = byte && byte < 0x20 ? strchr(names, byte) : NULL;

    if (name != NULL)
        piece->columns = snprintf(piece->shown, sizeof piece->shown, "\\%c", name[1]);
    else
        piece->columns = snprintf(piece->shown, sizeof piece->shown, "\\x%02x", byte);
}

static void read_byte(struct piece *piece, unsigned char byte)
{
    piece->taken = 1;
    piece->columns = 1;
    if (!is_plain(byte))
        escape_byte(piece, byte);
}

/* Of a text that is not empty. */
static void read_first(struct piece *piece, const char *text, size_t len)
{
    size_t size = utf8_character(text, len);
    uint32_t point;

    piece->shown[0] = '\0';
    if (size < 2) {
        read_byte(piece, (unsigned char)*text);
        return;
    }
    point = decode(text, size);
    piece->taken = size;
    piece->columns = is_hidden(point) ? -1 : width_of(point);
    if (piece->columns < 0)
        piece->columns = snprintf(piece->shown, sizeof piece->shown, "\\u{%x}", point);
}

static size_t plain_bytes(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && is_plain((unsigned char)text[count]))
        count++;
    return count;
}

/* The bytes that fit into `room` columns; `used` tells how many columns they take. */
static size_t fitting(const char *text, size_t len, int room, int *used)
{
    size_t at = plain_bytes(text, len < (size_t)room ? len : (size_t)room);
    struct piece piece;

    *used = (int)at;
    while (at < len) {
        read_first(&piece, text + at, len - at);
        if (piece.columns > room - *used)
            break;
        *used += piece.columns;
        at += piece.taken;
    }
    return at;
}

int display_width(const char *text, size_t len, int most)
{
    int used;

    return fitting(text, len, most, &used) < len ? most + 1 : used;
}

size_t display_fitting(const char *text, size_t len, int columns)
{
    int used;

    return fitting(text, len, columns, &used);
}

static int add_piece(
    struct buf *out, const char *text, size_t len, bool lines, size_t *taken, struct err *err)
{
    struct piece piece;

    read_first(&piece, text, len);
    *taken = piece.taken;
    if (piece.shown[0] && !(lines && (*text == '\n' || *text == '\t')))
        return buf_add_string(out, piece.shown, err);
    return buf_add(out, text, piece.taken, err);
}

int display_add(struct buf *out, const char *text, size_t len, bool lines, struct err *err)
{
    while (len > 0) {
        size_t taken = plain_bytes(text, len);
        int failed = taken ? buf_add(out, text, taken, err)
                           : add_piece(out, text, len, lines, &taken, err);

        if (failed)
            return -1;
        text += taken;
        len -= taken;
    }
    return 0;
}

static int add_blanks(struct buf *out, int count, struct err *err)
{
    static const char blanks[] = "                                ";
    int step = (int)sizeof blanks - 1;

    for (; count > step; count -= step)
        if (buf_add(out, blanks, sizeof blanks - 1, err))
            return -1;
    return count > 0 ? buf_add(out, blanks, (size_t)count, err) : 0;
}

static int add_look(struct buf *out, const char *look, struct err *err)
{
    return look ? buf_addf(out, err, "\x1b[%sm", look) : 0;
}

static int add_text(
    struct buf *out, const struct display_cell *cell, size_t len, struct err *err)
{
    if (add_look(out, cell->look, err) || display_add(out, cell->text, len, false, err) ||
        (len < cell->len && buf_add(out, ellipsis, sizeof ellipsis - 1, err)))
        return -1;
    return add_look(out, cell->look ? "0" : NULL, err);
}

int display_add_cell(struct buf *out, const struct display_cell *cell, struct err *err)
{
    int used, left;
    size_t len = fitting(cell->text, cell->len, cell->columns, &used);

    if (len < cell->len) {
        len = fitting(cell->text, cell->len, cell->columns - 1, &used);
        used++;
    }
    left = cell->columns - used;
    if (cell->right && add_blanks(out, left, err))
        return -1;
    if (cell->len > 0 && add_text(out, cell, len, err))
        return -1;
    return cell->right || cell->last ? 0 : add_blanks(out, left, err);
}
