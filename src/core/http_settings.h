/* http_settings: what a request asks of libcurl. A handle that served a request of the same
   kind keeps its settings, and only those are changed that each request has of its own. */
#pragma once
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/http.h"

enum { HTTP_METHOD_MAX = 20 }; /* bytes of a method that a kind remembers */

/* What a handle is set up for; zeroed: for nothing. Kept in place while the transfer lasts. */
struct http_settings {
    char method[HTTP_METHOD_MAX + 1];
    bool plain, write, given_body, has_body;
    size_t body_max;
    struct curl_slist own[4]; /* headers before the caller's */
    CURLU *address;           /* the latest request's, parsed */
    struct buf text;          /* and as it was given; wiped */
    size_t origin_len;        /* bytes of it that are parsed; 0: all */
    struct {                  /* what the handle has been told since it was set up */
        bool address;
        struct curl_slist *headers;
        int64_t timeout_ms;
        long buffer;
    } told;
};

void http_settings_init(struct http_settings *settings);
void http_settings_fini(struct http_settings *settings);

/* Whether the handle is set up for requests like this one. */
bool http_settings_fit(
    const struct http_settings *settings, const struct http_request *request);

/* Sets up a handle that is new or was reset. Not 0: a setting was refused, or memory ran out;
   one left at its default would make another request than the one asked for. */
MUST_USE unsigned http_settings_make(
    struct http_settings *settings, CURL *easy, const struct http_request *request);

/* Sets what each request has of its own; `many`: it will be one of many at a time. As above.
   The address is parsed if it leads elsewhere than the one before. */
MUST_USE unsigned http_settings_fill(
    struct http_settings *settings, CURL *easy, const struct http_request *request, bool many);
