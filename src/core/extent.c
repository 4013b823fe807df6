#include "core/extent.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

enum { TAB = 8, CONTROL_WIDTH = 2, CODE_WIDTH = 7 }; /* "^A", "\U+200B" */

struct pen {
    int row, column, columns;
};

static void advance(struct pen *pen, int width)
{
    if (pen->column + width > pen->columns) {
        pen->column = 0;
        pen->row++;
    }
    pen->column += width;
    if (pen->column >= pen->columns) {
        pen->column = 0;
        pen->row++;
    }
}

static void advance_each(struct pen *pen, int count)
{
    while (count-- > 0)
        advance(pen, 1);
}

static void put_tab(struct pen *pen)
{
    do
        advance(pen, 1);
    while (pen->column % TAB != 0);
}

static void put(struct pen *pen, wchar_t c)
{
    if (c == L'\n') {
        pen->column = 0;
        pen->row++;
    } else if (c == L'\t') {
        put_tab(pen);
    } else if (c < 0x100 && iswcntrl((wint_t)c)) {
        advance_each(pen, CONTROL_WIDTH);
    } else if (iswprint((wint_t)c)) {
        int width = wcwidth(c);
        advance(pen, width < 0 ? 0 : width);
    } else {
        advance_each(pen, CODE_WIDTH + (c > 0xFFFF));
    }
}

static void put_prompt(struct pen *pen, const char *prompt)
{
    mbstate_t state = {0};
    bool is_literal = false;
    size_t left = strlen(prompt), used;
    wchar_t c;
    while (left > 0) {
        used = mbrtowc(&c, prompt, left, &state);
        if (used == (size_t)-1 || used == (size_t)-2)
            return;
        if (c == EXTENT_LITERAL)
            is_literal = !is_literal;
        else if (!is_literal)
            put(pen, c);
        prompt += used;
        left -= used;
    }
}

struct extent extent_of(const char *prompt, const LineInfoW *line, int columns)
{
    struct pen pen = {.columns = columns > 0 ? columns : 80};
    struct extent extent = {.row = -1};
    put_prompt(&pen, prompt);
    for (const wchar_t *at = line->buffer; at < line->lastchar; at++) {
        if (at == line->cursor)
            extent.row = pen.row + (pen.column + wcwidth(*at) > pen.columns);
        put(&pen, *at);
    }
    if (extent.row < 0)
        extent.row = pen.row;
    extent.last = pen.row;
    return extent;
}
