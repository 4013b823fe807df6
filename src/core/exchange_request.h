/* exchange_request: what a call sends, and how. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/http_headers.h"
#include "core/throttle.h"

struct account;
struct buf;

/* As the caller fills it; or, after exchange_request_copy, with texts and bytes of its own. */
struct exchange_request {
    struct account *account; /* must outlive the exchange; NULL: a service without one */
    const char *method;
    const char *url; /* whole, checked, without the account's key */
    struct http_headers headers;
    const char *body; /* NULL: none */
    size_t body_len;
    bool gated;         /* `done` is called first when the request is about to be sent */
    bool write;         /* changes something at the service */
    bool single;        /* is not repeated when it fails */
    int64_t timeout_ms; /* of each attempt; waits for slots not counted */
    int64_t
        deadline_ms; /* from now, of the whole call: waits and pauses too; 0: the run's alone */
    size_t body_max;
    enum throttle_priority priority;
    const char *ca_file, *proxy; /* for calls without an account */
};

/* Bytes that exchange_request_copy needs. */
size_t exchange_request_size(const struct exchange_request *request);

/* Copies the request, its texts and body to `memory`, with the account's authority file and
   proxy in place of the request's. The headers are taken over; exchange_request_fini frees
   them. */
void exchange_request_copy(
    struct exchange_request *to, struct exchange_request *from, char *memory);
void exchange_request_fini(struct exchange_request *copy);

/* The address with the account's key, for which it is put together in `made`; else the
   request's own. NULL: it can't be made. */
const char *exchange_request_url(
    const struct exchange_request *request, struct buf *made, struct err *err);

/* Appends the headers with those that authenticate (a session must be ready). */
MUST_USE int exchange_request_add_headers(
    const struct exchange_request *request, struct http_headers *to, struct err *err);
