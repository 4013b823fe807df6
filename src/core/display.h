/* display: text of whatever origin as a terminal may show it: no control character, invisible
   mark or stray byte reaches it raw, and how many columns the rest takes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* The columns of the text when it is shown; counting stops when there are more than `most`. */
int display_width(const char *text, size_t len, int most);

/* How many of the bytes fit into so many columns. */
size_t display_fitting(const char *text, size_t len, int columns);

/* Adds the text as it is shown. With `lines`, its line feeds and tabs stay. */
MUST_USE int display_add(
    struct buf *out, const char *text, size_t len, bool lines, struct err *err);

/* A cell of a table. */
struct display_cell {
    const char *text;
    size_t len;
    int columns;
    bool right;       /* aligned */
    bool last;        /* nothing follows: no blanks after it */
    const char *look; /* parameters of SGR ("1;31"), NULL: none */
};

/* Adds the text in exactly so many columns: cut with an ellipsis, or filled with blanks. */
MUST_USE int display_add_cell(
    struct buf *out, const struct display_cell *cell, struct err *err);
