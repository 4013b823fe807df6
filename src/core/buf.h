/* buf: bytes that grow up to a maximum. The data is always followed by a NUL that `len` does
   not count, so text can be used as a C string. */
#pragma once
#include <stddef.h>

#include "core/err.h"

struct buf {
    char *data; /* NULL until something is added */
    size_t len;
    size_t cap;
    size_t max; /* bytes; going over is an error, never a truncation */
};

/* An empty buffer that may grow to `max` bytes. Cannot fail: nothing is allocated yet. */
void buf_init(struct buf *buf, size_t max);

/* Frees the bytes; the buffer is empty again and may be used anew. */
void buf_fini(struct buf *buf);

/* As buf_fini, after overwriting the bytes: for buffers that held a secret. */
void buf_wipe(struct buf *buf);

/* Forgets the bytes and keeps the memory. */
void buf_clear(struct buf *buf);

/* Appends; -1 with ERR_USAGE when the result would exceed `max`, or out of memory. The buffer
   is unchanged then. */
MUST_USE int buf_add(struct buf *buf, const void *bytes, size_t len, struct err *err);
MUST_USE int buf_add_string(struct buf *buf, const char *text, struct err *err);
MUST_USE int buf_addf(struct buf *buf, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As buf_add, of `len` bytes that the caller writes where this points, before the next change;
   NULL instead of -1. */
MUST_USE char *buf_extend(struct buf *buf, size_t len, struct err *err);

/* The text, "" when empty; valid until the next change. */
const char *buf_text(const struct buf *buf);

/* Hands the bytes to the caller, who frees them; the buffer is empty again. NULL when empty. */
MUST_USE char *buf_take(struct buf *buf);
