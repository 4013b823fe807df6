#include "core/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const kind_names[ERR_KINDS] = {
    [ERR_NONE] = "none",
    [ERR_CONFIG] = "config",
    [ERR_USAGE] = "usage",
    [ERR_AUTH] = "auth",
    [ERR_DENIED] = "denied",
    [ERR_NOT_FOUND] = "not_found",
    [ERR_REFUSED] = "refused",
    [ERR_RATE_LIMITED] = "rate_limited",
    [ERR_SERVER] = "server",
    [ERR_NETWORK] = "network",
    [ERR_TIMEOUT] = "timeout",
    [ERR_DECODE] = "decode",
    [ERR_DEADLINE] = "deadline",
    [ERR_UNKNOWN_OUTCOME] = "unknown_outcome",
    [ERR_INTERRUPTED] = "interrupted",
};

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    va_list args;

    *err = (struct err){.kind = kind};
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return -1;
}

int err_no_memory(struct err *err)
{
    return err_set(err, ERR_CONFIG, "out of memory");
}

const char *err_kind_name(enum err_kind kind)
{
    assert(kind < ERR_KINDS);
    return kind_names[kind];
}

const char *err_sent_name(enum err_sent sent)
{
    static const char *const names[] = {"no", "yes", "unknown"};

    return names[sent];
}
