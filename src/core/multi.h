/* multi: libcurl's multi handle driven by the loop. The first one initialises libcurl. */
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

#include "core/err.h"

struct loop;
struct multi;

/* One easy handle on its way, whose CURLOPT_PRIVATE this is; its CURLOPT_DNS_CACHE_TIMEOUT is
   the multi's own. Kept in place by its user from multi_add to `done` or multi_remove. */
struct multi_transfer {
    CURL *easy;
    /* The transfer ended and is off the multi handle; called from the loop's turn. */
    void (*done)(void *context, CURLcode code);
    void *context;
    struct multi_transfer *next; /* among those that ended and are not yet `done` */
    bool keeps_names;            /* for ever; false once the handle was reset */
    CURLcode code;
};

/* `loop` must outlive it. `may_wait`: while it has few transfers it waits in the loop's place;
   one of a loop's may. */
MUST_USE int multi_new(struct multi **out, struct loop *loop, bool may_wait, struct err *err);

/* All transfers must have ended or been removed. NULL is fine. */
void multi_free(struct multi *multi);

/* Starts the transfer. */
MUST_USE int multi_add(struct multi *multi, struct multi_transfer *transfer, struct err *err);

/* Abandons a transfer under way; `done` is not called. */
void multi_remove(struct multi *multi, struct multi_transfer *transfer);

/* Transfers under way. */
size_t multi_count(const struct multi *multi);
