/* url: what siterun accepts as an address, and how it puts values into one (RFC 3986). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct buf;

enum { URL_MAX = 65536 };

/* Checks an absolute address: https, or http to 127.0.0.1, ::1 or localhost; a host; no user,
   password or fragment; visible ASCII only. ERR_USAGE says what is wrong; the text of the
   address is not repeated beyond its scheme and host. */
MUST_USE int url_check(const char *url, size_t len, struct err *err);

/* Whether the text has no byte but visible ASCII, as addresses have. */
bool url_is_visible(const char *text, size_t len);

/* Whether the address, already checked, is plain http. */
bool url_is_plain(const char *url);

/* Bytes of an address's scheme and authority; 0 where it doesn't start as "https://host" or
   "http://host". */
size_t url_origin_len(const char *url);

/* Appends `value` percent-encoded: everything but the unreserved characters of RFC 3986 2.3. */
MUST_USE int url_add_escaped(struct buf *out, const char *value, size_t len, struct err *err);

/* Appends one path segment. ERR_USAGE for "", ".", "..", NUL, CR and LF, which no id contains
   and which would reach another resource or another request. "/" is encoded. */
MUST_USE int url_add_segment(struct buf *out, const char *value, size_t len, struct err *err);

/* Whether url_add_segment would append it as it is. */
bool url_is_segment(const char *value, size_t len);

/* Appends "?name=value", or "&name=value" when `out` has a query already. */
MUST_USE int url_add_query(struct buf *out, const char *name, size_t name_len,
    const char *value, size_t value_len, struct err *err);

/* Appends `path` (which starts with "/", may end in a query) to a base address with or without
   a trailing slash. ERR_USAGE when the path is not one or has "." or ".." segments. */
MUST_USE int url_join(struct buf *out, const char *base, const char *path, struct err *err);
