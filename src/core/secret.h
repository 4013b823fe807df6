/* secret: a value that is never formatted. Counted references; wiped when the last one goes.
   While it lives, secret_redact hides it wherever it turns up. One thread. */
#pragma once
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

struct secret;

enum {
    SECRET_MIN = 3,         /* bytes; a shorter one can't be hidden without hiding everything */
    SECRET_MAX = 64 * 1024, /* bytes, of a file or the output of a command too */
};

/* A secret with one reference. The value is copied; `label` names its source in messages and is
   all that can be shown of it. ERR_CONFIG, naming the label, for a value that is too short or
   long or holds NUL, CR or LF. */
MUST_USE int secret_new(
    struct secret **out, const char *value, size_t len, const char *label, struct err *err);
struct secret *secret_ref(struct secret *secret);
void secret_unref(struct secret *secret); /* NULL is fine */

/* NUL-terminated; valid while the reference is held. Only for what puts it on the wire. */
const char *secret_value(const struct secret *secret);
size_t secret_len(const struct secret *secret);
const char *secret_label(const struct secret *secret);

/* Hides a value derived from the secret ("user:key", an access token) as long as the secret
   lives. Nothing happens for one shorter than SECRET_MIN. */
MUST_USE int secret_also(struct secret *secret, const char *value, size_t len, struct err *err);

/* Appends `text` (any bytes) with every value known, in every spelling (see redact.h), replaced
   by
   "***". */
MUST_USE int secret_redact(struct buf *out, const char *text, size_t len, struct err *err);

/* The variable's value, taken: its bytes are overwritten, the variable is unset, and later
   calls with the name give the same secret. `*out` is NULL when it is not set or empty. */
MUST_USE int secret_from_env(struct secret **out, const char *name, struct err *err);

/* The contents of a regular file that only its owner may read, less the line ends at its end.
 */
MUST_USE int secret_from_file(struct secret **out, const char *path, struct err *err);

/* What the command prints, less the line ends at its end. No shell; waits for up to 30 s; exit
   other than 0 is an error that holds the end of what it said on standard error. */
MUST_USE int secret_from_command(
    struct secret **out, const char *const argv[], struct err *err);
