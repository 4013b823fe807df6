/* http_response: an answer, whole or what there is of it. */
#pragma once
#include <stddef.h>

#include "core/buf.h"

struct http_response {
    int status;
    struct buf
        headers;     /* the final header block, lines ended by CR LF, without the status line */
    struct buf body; /* decompressed */
};

/* Copies the value of the answer's header into `value` (cut at its size) and returns it; NULL
   when there is none. Names are compared without case. */
const char *http_response_header(
    const struct http_response *response, const char *name, char *value, size_t size);

/* Seconds to wait as the answer's Retry-After says, a date being measured against the server's
   own Date (RFC 9110 10.2.3); -1 when it does not say. */
double http_response_retry_after(const struct http_response *response);
