/* jsontext: the scalars of JSON as text, and a place in such a text as a person reads it.
   Values and their nesting are the caller's. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct buf;

/* Appends `text` in quotes, escaped; "/" and all above U+001F stay as they are. `text` must be
   UTF-8 (see utf8_valid). -1 when the buffer is full. */
MUST_USE int jsontext_string(struct buf *out, const char *text, size_t len, struct err *err);

/* Appends in decimal digits. -1 when the buffer is full. */
MUST_USE int jsontext_integer(struct buf *out, int64_t value, struct err *err);

/* Appends with the fewest digits that read back as the same number, always with a point or an
   exponent, whatever the locale. `value` must be finite. */
MUST_USE int jsontext_real(struct buf *out, double value, struct err *err);

struct jsontext_place {
    size_t byte;   /* from 1 */
    size_t line;   /* from 1 */
    size_t column; /* characters, from 1 */
    char near[48]; /* what stands around it; what is not printable ASCII is shown as "." */
};

/* Fills `place` for the byte at `offset` (from 0, at most `len`) of `text`. */
void jsontext_locate(struct jsontext_place *place, const char *text, size_t len, size_t offset);
