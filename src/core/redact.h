/* redact: finds values that must not be shown, in whatever spelling they turn up: as they are,
   percent-encoded, escaped as in JSON, any mixture of these, and inside base64 text. One
   thread. */
#pragma once
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

struct redact_form;

/* Makes every spelling of the value known, ahead of those in `*list` (NULL at first). The bytes
   are copied. On failure the list is as it was. */
MUST_USE int redact_add(
    struct redact_form **list, const char *value, size_t len, struct err *err);

/* Forgets all forms of the list and wipes them; the list is empty then. */
void redact_drop(struct redact_form **list);

/* Appends `text` (any bytes) with each stretch that shows a known value replaced by "***".
   Values that overlap are hidden as one. On failure `out` may hold a part, free of known
   values. */
MUST_USE int redact_text(struct buf *out, const char *text, size_t len, struct err *err);
