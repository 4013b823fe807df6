/* err: how a fallible function says what went wrong. The caller owns the struct; functions
   return -1 (or NULL) and fill it, and leave it alone on success. */
#pragma once

#define MUST_USE __attribute__((warn_unused_result))

/* The kinds of the interface contract, in the order of err_kind_name. */
enum err_kind {
    ERR_NONE,
    ERR_CONFIG,
    ERR_USAGE,
    ERR_AUTH,
    ERR_DENIED,
    ERR_NOT_FOUND,
    ERR_REFUSED,
    ERR_RATE_LIMITED,
    ERR_SERVER,
    ERR_NETWORK,
    ERR_TIMEOUT,
    ERR_DECODE,
    ERR_DEADLINE,
    ERR_UNKNOWN_OUTCOME,
    ERR_INTERRUPTED,
    ERR_KINDS
};

/* Whether the request reached the wire. */
enum err_sent { SENT_NO, SENT_YES, SENT_UNKNOWN };

enum { ERR_MESSAGE_MAX = 512 };

struct err {
    enum err_kind kind;
    enum err_sent sent;
    int attempts;       /* requests put on the wire for this call, logins not counted */
    double retry_after; /* seconds; 0 when the service named none */
    char message[ERR_MESSAGE_MAX];
};

/* Fills `err` (sent "no", no attempts) and returns -1, so that callers can `return
   err_set(...)`. The message is cut at ERR_MESSAGE_MAX. Never pass a secret. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Out of memory, as an error like any other (kind "server" would lie: it is "config"). */
int err_no_memory(struct err *err);

/* "not_found" for ERR_NOT_FOUND; the name that Lua sees. */
const char *err_kind_name(enum err_kind kind);

/* "no", "yes" or "unknown". */
const char *err_sent_name(enum err_sent sent);
