/* http_headers: the header lines of a request. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct curl_slist;

enum { HTTP_HEADERS_MAX = 256 * 1024 }; /* bytes of all headers, of requests and answers */

/* They may hold secrets and are wiped when freed. */
struct http_headers {
    struct curl_slist *lines;
    size_t len; /* bytes of the names and values that were added */
};

/* Whether the text is a token (RFC 9110 5.6.2), as names of headers and methods are. */
bool http_headers_is_token(const char *text);

/* Appends "name: value". ERR_USAGE unless the name is a token (RFC 9110 5.6.2) and the value
   free of NUL, CR, LF and other control characters but tab, and for names that frame a message
   or steer its connection, which are the transport's own, and where all would have more than
   HTTP_HEADERS_MAX bytes. The value is never repeated. */
MUST_USE int http_headers_add(struct http_headers *headers, const char *name, const char *value,
    size_t value_len, struct err *err);

/* Appends the lines of `from`, whose texts stay with those who own them: they must outlive
   `to`, and are not wiped with it. Fails when memory runs out; `to` has some of them then. */
MUST_USE int http_headers_refer(
    struct http_headers *to, const struct http_headers *from, struct err *err);
void http_headers_fini(struct http_headers *headers);
