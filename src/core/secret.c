#include "core/secret.h"

#include <stdlib.h>
#include <string.h>

#include "core/redact.h"

struct secret {
    unsigned references;
    struct redact_form *forms;
    char *label;
    size_t len;
    char value[];
};

static int check(const char *value, size_t len, const char *label, struct err *err)
{
    if (len == 0)
        return err_set(err, ERR_CONFIG, "%s is empty", label);
    if (len < SECRET_MIN)
        return err_set(err, ERR_CONFIG, "%s has fewer than %d bytes: too short for a secret",
            label, SECRET_MIN);
    if (len > SECRET_MAX)
        return err_set(err, ERR_CONFIG, "%s has more than %d bytes: too long for a secret",
            label, SECRET_MAX);
    if (memchr(value, '\0', len))
        return err_set(err, ERR_CONFIG, "%s holds a NUL byte", label);
    if (memchr(value, '\r', len) || memchr(value, '\n', len))
        return err_set(err, ERR_CONFIG, "%s holds a line break", label);
    return 0;
}

static struct secret *allocate(size_t len, const char *label)
{
    struct secret *secret = malloc(sizeof *secret + len + 1);
    char *copy = strdup(label);

    if (!secret || !copy) {
        free(secret);
        free(copy);
        return NULL;
    }
    *secret = (struct secret){.references = 1, .label = copy, .len = len};
    return secret;
}

int secret_new(
    struct secret **out, const char *value, size_t len, const char *label, struct err *err)
{
    struct secret *secret;

    if (check(value, len, label, err))
        return -1;
    secret = allocate(len, label);
    if (!secret)
        return err_no_memory(err);
    memcpy(secret->value, value, len);
    secret->value[len] = '\0';
    if (redact_add(&secret->forms, value, len, err)) {
        secret_unref(secret);
        return -1;
    }
    *out = secret;
    return 0;
}

struct secret *secret_ref(struct secret *secret)
{
    secret->references++;
    return secret;
}

void secret_unref(struct secret *secret)
{
    if (!secret || --secret->references)
        return;
    redact_drop(&secret->forms);
    explicit_bzero(secret->value, secret->len);
    free(secret->label);
    free(secret);
}

const char *secret_value(const struct secret *secret)
{
    return secret->value;
}

size_t secret_len(const struct secret *secret)
{
    return secret->len;
}

const char *secret_label(const struct secret *secret)
{
    return secret->label;
}

int secret_also(struct secret *secret, const char *value, size_t len, struct err *err)
{
    return len < SECRET_MIN ? 0 : redact_add(&secret->forms, value, len, err);
}

int secret_redact(struct buf *out, const char *text, size_t len, struct err *err)
{
    return redact_text(out, text, len, err);
}
