/* http: one request on the wire and its answer, over libcurl. It decides nothing: no retry, no
   redirect, no authentication. A request is put on the wire at most once (see http_outcome). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/http_headers.h"
#include "core/http_response.h"

struct loop;
struct http;
struct http_transfer;

/* All strings are copied or outlive the transfer as said. */
struct http_request {
    const char *method;                 /* a token; ERR_USAGE when it is none */
    const char *url;                    /* copied; may hold a secret */
    const struct http_headers *headers; /* must outlive the transfer */
    const char *body;                   /* must outlive the transfer; NULL: none */
    size_t body_len;
    const char *ca_file; /* PEM file of further authorities; NULL: the system's alone */
    const char *proxy;   /* NULL: none; the environment is never asked */
    int64_t timeout_ms;  /* for the whole transfer */
    size_t body_max;     /* bytes of the answer's body, decompressed */
    bool write;          /* takes only a fresh or recently used connection */
};

enum {
    HTTP_TIMEOUT_MS = 60000,
    HTTP_CONNECT_TIMEOUT_MS = 10000,
    HTTP_BODY_MAX = 32 * 1024 * 1024,
};

/* The client side of a loop: connections and handles shared by its transfers. */
MUST_USE int http_new(struct http **out, struct loop *loop, struct err *err);
void http_free(struct http *http);

/* Starts a transfer; `done` is called once from the loop when it ended, unless it was freed
   before. */
MUST_USE int http_start(struct http_transfer **out, struct http *http,
    const struct http_request *request, void (*done)(void *context), void *context,
    struct err *err);

/* After `done`: 0 when a whole answer came, whatever its status; else -1 with ERR_NETWORK,
   ERR_TIMEOUT or ERR_DECODE (over a maximum), and `sent` telling whether the request may have
   reached the service. */
MUST_USE int http_outcome(const struct http_transfer *transfer, struct err *err);

/* The answer; what there is of it after a failure. Valid until http_transfer_free. */
struct http_response *http_transfer_response(struct http_transfer *transfer);

/* Whether the transfer failed because the reused connection had died. The request was not sent
   a second time, as libcurl by itself would. */
bool http_transfer_died(const struct http_transfer *transfer);

/* Whether the request was written, or is being written: it may have reached the service. */
bool http_transfer_is_sent(const struct http_transfer *transfer);

/* Whether a failed transfer would fail again: the certificate or the address was refused, or
   the answer was over a maximum. */
bool http_transfer_is_hopeless(const struct http_transfer *transfer);

/* Abandons the transfer if it is under way. NULL is fine. */
void http_transfer_free(struct http_transfer *transfer);
