#include "core/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/expiry.h"
#include "core/jsontape.h"
#include "core/jsontext.h"
#include "core/secret.h"

enum {
    RENEW_AHEAD_MS = 60 * 1000, /* or a tenth of a short life */
    DATE_CUT_MS = 999,
    DIGITS_MAX = 24, /* of a number given as value */
    EXPIRY_MAX = 64, /* bytes of a date */
};

void grant_init(struct grant *grant)
{
    *grant = (struct grant){.renew_at_ms = INT64_MAX};
}

void grant_fini(struct grant *grant)
{
    secret_unref(grant->token);
    for (int i = 0; i < GRANT_VALUES_MAX; i++)
        free(grant->values[i]);
    grant_init(grant);
}

bool grant_is_fresh(const struct grant *grant)
{
    return grant->token && clock_wall_ms() < grant->renew_at_ms;
}

static int missing(const char *path, struct err *err)
{
    return err_set(err, ERR_DECODE, "the answer to the login has no usable %.100s", path);
}

/* What goes into a header: a control character there would end it, or be refused at each
   call. */
static bool is_header_text(const struct jsontape_item *item)
{
    if (item->type != JSONTAPE_STRING || item->len == 0)
        return false;
    for (size_t i = 0; i < item->len; i++)
        if ((unsigned char)item->string[i] < ' ' || item->string[i] == 127)
            return false;
    return true;
}

static int take_token(struct secret **out, struct jsontape *tape, const char *path,
    const char *label, struct err *err)
{
    struct jsontape_item item;

    if (!jsontape_find(tape, path, &item) || !is_header_text(&item) ||
        secret_new(out, item.string, item.len, label, err))
        return missing(label, err);
    return 0;
}

/* An id: a text, or a number as text. */
static int take_value(
    char **out, const struct jsontape_item *item, const char *label, struct err *err)
{
    char digits[DIGITS_MAX];

    if (is_header_text(item))
        *out = strndup(item->string, item->len);
    else if (item->type == JSONTAPE_INTEGER) {
        snprintf(digits, sizeof digits, "%" PRId64, item->integer);
        *out = strdup(digits);
    } else
        return missing(label, err);
    return *out ? 0 : err_no_memory(err);
}

/* -1: not said, or not so that it can be read. */
static int64_t expiry_of(struct jsontape *tape, const struct grant_paths *paths)
{
    struct jsontape_item item;
    char text[EXPIRY_MAX];

    for (int i = 0; i < GRANT_EXPIRES_MAX && paths->expires[i]; i++) {
        if (!jsontape_find(tape, paths->expires[i], &item))
            continue;
        if (item.type == JSONTAPE_INTEGER)
            return expiry_from_number((double)item.integer);
        if (item.type == JSONTAPE_REAL)
            return expiry_from_number(item.real);
        if (item.type == JSONTAPE_STRING && item.len < sizeof text) {
            memcpy(text, item.string, item.len);
            text[item.len] = '\0';
            return expiry_from_text(text);
        }
    }
    return -1;
}

/* The Date is cut to seconds, so the server's clock may be that much further. */
static int64_t renew_at(int64_t expires_ms, const char *date)
{
    int64_t now_ms = clock_wall_ms();
    int64_t date_ms = date ? expiry_from_http_date(date) : -1;
    int64_t server_ms = date_ms < 0 ? now_ms : date_ms + DATE_CUT_MS;
    int64_t life_ms = expires_ms > server_ms ? expires_ms - server_ms : 0;
    int64_t ahead_ms = life_ms / 10 < RENEW_AHEAD_MS ? life_ms / 10 : RENEW_AHEAD_MS;

    if (expires_ms < 0 || expires_ms <= (date_ms < 0 ? now_ms : date_ms))
        return INT64_MAX;
    return now_ms + life_ms - ahead_ms;
}

static int take_values(struct grant *grant, struct jsontape *tape,
    const struct grant_paths *paths, struct err *err)
{
    struct jsontape_item item;

    if (take_token(&grant->token, tape, paths->token, paths->token, err))
        return -1;
    for (int i = 0; i < GRANT_VALUES_MAX; i++) {
        if (!paths->values[i])
            continue;
        if (!jsontape_find(tape, paths->values[i], &item))
            return missing(paths->values[i], err);
        if (take_value(&grant->values[i], &item, paths->values[i], err))
            return -1;
    }
    return 0;
}

static int open_tape(
    struct jsontape *tape, const char *text, size_t len, const char *what, struct err *err)
{
    struct jsontape_fault fault;

    jsontape_init(tape, NULL);
    return jsontape_read(tape, text, len, &fault)
               ? err_set(err, ERR_DECODE, "the %s is no JSON", what)
               : 0;
}

int grant_from_answer(struct grant *grant, const struct grant_paths *paths, const char *text,
    size_t len, const char *date, struct err *err)
{
    struct jsontape tape;
    int bad;

    grant_init(grant);
    bad = open_tape(&tape, text, len, "answer to the login", err) ||
          take_values(grant, &tape, paths, err);
    if (bad)
        grant_fini(grant);
    else
        grant->renew_at_ms = renew_at(expiry_of(&tape, paths), date);
    jsontape_fini(&tape);
    return bad ? -1 : 0;
}

static int add_text(struct buf *out, const char *text, struct err *err)
{
    return jsontext_string(out, text, strlen(text), err);
}

static int add_values(struct buf *out, const struct grant *grant, struct err *err)
{
    for (int i = 0; i < GRANT_VALUES_MAX; i++) {
        const char *value = grant->values[i];

        if (buf_add_string(out, i == 0 ? "[" : ",", err) ||
            (value ? add_text(out, value, err) : buf_add_string(out, "null", err)))
            return -1;
    }
    return buf_add_string(out, "]", err);
}

int grant_to_text(const struct grant *grant, struct buf *out, struct err *err)
{
    if (buf_add_string(out, "{\"token\":", err) ||
        add_text(out, secret_value(grant->token), err) ||
        buf_add_string(out, ",\"values\":", err) || add_values(out, grant, err))
        return -1;
    return buf_addf(out, err, ",\"renew_at_ms\":%" PRId64 "}", grant->renew_at_ms);
}

static int take_stored(struct grant *grant, struct jsontape *tape, struct err *err)
{
    static const char label[] = "stored session";
    struct jsontape_item item;
    char path[24];

    if (take_token(&grant->token, tape, "token", label, err))
        return -1;
    for (int i = 0; i < GRANT_VALUES_MAX; i++) {
        snprintf(path, sizeof path, "values.%d", i + 1);
        if (jsontape_find(tape, path, &item) && item.type != JSONTAPE_NULL &&
            take_value(&grant->values[i], &item, label, err))
            return -1;
    }
    if (!jsontape_find(tape, "renew_at_ms", &item) || item.type != JSONTAPE_INTEGER)
        return missing(label, err);
    grant->renew_at_ms = item.integer;
    return 0;
}

int grant_from_text(struct grant *grant, const char *text, size_t len, struct err *err)
{
    struct jsontape tape;
    int bad;

    grant_init(grant);
    bad = open_tape(&tape, text, len, "stored session", err) || take_stored(grant, &tape, err);
    if (bad)
        grant_fini(grant);
    jsontape_fini(&tape);
    return bad ? -1 : 0;
}
