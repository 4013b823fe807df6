#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_wipe(struct buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->cap);
    buf_fini(buf);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Takes memory for `size` bytes and more. Old bytes are wiped, not only freed: any buffer may
   have held a secret. */
static int grow(struct buf *buf, size_t size, struct err *err)
{
    size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
    char *data;

    while (cap <= size)
        cap *= 2;
    data = malloc(cap);
    if (!data)
        return err_no_memory(err);
    if (buf->data) {
        memcpy(data, buf->data, buf->len + 1);
        explicit_bzero(buf->data, buf->cap);
        free(buf->data);
    }
    buf->data = data;
    buf->cap = cap;
    return 0;
}

/* Makes room for `more` bytes and the NUL. */
static inline int reserve(struct buf *buf, size_t more, struct err *err)
{
    if (more > buf->max - buf->len)
        return err_set(err, ERR_USAGE, "over the limit of %zu bytes", buf->max);
    return buf->len + more < buf->cap ? 0 : grow(buf, buf->len + more, err);
}

char *buf_extend(struct buf *buf, size_t len, struct err *err)
{
    if (reserve(buf, len, err))
        return NULL;
    buf->len += len;
    buf->data[buf->len] = '\0';
    return buf->data + buf->len - len;
}

int buf_add(struct buf *buf, const void *bytes, size_t len, struct err *err)
{
    char *to = buf_extend(buf, len, err);

    if (!to)
        return -1;
    if (len)
        memcpy(to, bytes, len);
    return 0;
}

int buf_add_string(struct buf *buf, const char *text, struct err *err)
{
    return buf_add(buf, text, strlen(text), err);
}

int buf_addf(struct buf *buf, struct err *err, const char *format, ...)
{
    va_list args, again;
    int len, failed = -1;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0 && !reserve(buf, (size_t)len, err)) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
        failed = 0;
    }
    va_end(again);
    va_end(args);
    return failed;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data;

    buf_init(buf, buf->max);
    return data;
}
