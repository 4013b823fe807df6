#include "core/grant.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/expiry.h"
#include "core/secret.h"

enum {
    RENEW_AHEAD_MS = 60 * 1000, /* or a tenth of a short life */
    DATE_CUT_MS = 999,
    VALUE_MAX = 128, /* digits of a number given as value */
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

static json_t *step(json_t *value, const char *name, size_t len)
{
    char key[64];

    if (len >= sizeof key)
        return NULL;
    memcpy(key, name, len);
    key[len] = '\0';
    if (json_is_array(value))
        return json_array_get(value, (size_t)strtoul(key, NULL, 10) - 1);
    return json_object_get(value, key);
}

static json_t *look_up(json_t *root, const char *path)
{
    while (root && *path) {
        size_t len = strcspn(path, ".");

        root = step(root, path, len);
        path += len + (path[len] == '.');
    }
    return root;
}

static int missing(const char *path, struct err *err)
{
    return err_set(err, ERR_DECODE, "the answer to the login has no usable %.100s", path);
}

/* What goes into a header: a control character there would end it, or be refused at each call. */
static bool is_header_text(json_t *value)
{
    const char *text = json_string_value(value);

    if (!text || !*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    return true;
}

static int take_token(struct secret **out, json_t *value, const char *path, struct err *err)
{
    if (!is_header_text(value) ||
        secret_new(out, json_string_value(value), json_string_length(value), path, err))
        return missing(path, err);
    return 0;
}

/* An id: a text, or a number as text. */
static int take_value(char **out, json_t *value, const char *path, struct err *err)
{
    char digits[VALUE_MAX];

    snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
    if (is_header_text(value))
        *out = strdup(json_string_value(value));
    else if (json_is_integer(value))
        *out = strdup(digits);
    else
        return missing(path, err);
    return *out ? 0 : err_no_memory(err);
}

static int64_t expiry_of(json_t *root, const struct grant_paths *paths)
{
    for (int i = 0; i < GRANT_EXPIRES_MAX && paths->expires[i]; i++) {
        json_t *value = look_up(root, paths->expires[i]);

        if (json_is_string(value))
            return expiry_from_text(json_string_value(value));
        if (json_is_number(value))
            return expiry_from_number(json_number_value(value));
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

static int take_values(
    struct grant *grant, json_t *root, const struct grant_paths *paths, struct err *err)
{
    if (take_token(&grant->token, look_up(root, paths->token), paths->token, err))
        return -1;
    for (int i = 0; i < GRANT_VALUES_MAX; i++)
        if (paths->values[i] && take_value(&grant->values[i], look_up(root, paths->values[i]),
                                    paths->values[i], err))
            return -1;
    return 0;
}

int grant_from_answer(struct grant *grant, const struct grant_paths *paths, const char *text,
    size_t len, const char *date, struct err *err)
{
    json_t *root = json_loadb(text, len, 0, NULL);
    int bad;

    grant_init(grant);
    if (!root)
        return err_set(err, ERR_DECODE, "the answer to the login is no JSON");
    bad = take_values(grant, root, paths, err);
    if (bad)
        grant_fini(grant);
    else
        grant->renew_at_ms = renew_at(expiry_of(root, paths), date);
    json_decref(root);
    return bad;
}

int grant_to_text(const struct grant *grant, struct buf *out, struct err *err)
{
    json_t *values = json_array();
    json_t *root;
    char *text;
    int bad;

    for (int i = 0; i < GRANT_VALUES_MAX; i++)
        json_array_append_new(
            values, grant->values[i] ? json_string(grant->values[i]) : json_null());
    root = json_pack("{s:s, s:o, s:I}", "token", secret_value(grant->token), "values", values,
        "renew_at_ms", (json_int_t)grant->renew_at_ms);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    bad = text ? buf_add_string(out, text, err) : err_no_memory(err);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    json_decref(root);
    return bad;
}

static int from_json(struct grant *grant, json_t *root, struct err *err)
{
    static const char label[] = "stored session";
    json_t *values = json_object_get(root, "values");

    if (take_token(&grant->token, json_object_get(root, "token"), label, err))
        return -1;
    for (size_t i = 0; i < GRANT_VALUES_MAX && i < json_array_size(values); i++) {
        json_t *value = json_array_get(values, i);

        if (!json_is_null(value) && take_value(&grant->values[i], value, label, err))
            return -1;
    }
    grant->renew_at_ms = json_integer_value(json_object_get(root, "renew_at_ms"));
    return 0;
}

int grant_from_text(struct grant *grant, const char *text, size_t len, struct err *err)
{
    json_t *root = json_loadb(text, len, 0, NULL);
    int bad;

    grant_init(grant);
    bad = root ? from_json(grant, root, err)
               : err_set(err, ERR_DECODE, "the stored session is no JSON");
    if (bad)
        grant_fini(grant);
    json_decref(root);
    return bad;
}
