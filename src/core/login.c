#include "core/login.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/grant.h"
#include "core/http.h"
#include "core/secret.h"

enum {
    TIMEOUT_MS = 30000,
    ANSWER_MAX = 1024 * 1024,
    BODY_MAX = 256 * 1024,
};

struct login {
    const struct grant_paths *paths;
    struct http_headers headers;
    struct buf body;
    struct http_transfer *transfer;
};

static int make_body(struct buf *body, const struct login_request *request, struct err *err)
{
    json_t *root = json_pack("{s:s, s:s}", "username", request->username, "password",
        secret_value(request->password));
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    int bad = text ? buf_add_string(body, text, err)
                   : err_set(err, ERR_CONFIG, "the user name or password is no valid UTF-8");

    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    json_decref(root);
    return bad;
}

static int start(struct login *login, struct http *http, const struct login_request *request,
    void (*done)(void *context), void *context, struct err *err)
{
    struct http_request sent = {
        .method = "POST",
        .url = request->url,
        .headers = &login->headers,
        .ca_file = request->ca_file,
        .proxy = request->proxy,
        .timeout_ms = TIMEOUT_MS,
        .body_max = ANSWER_MAX,
        .write = true,
    };

    if (make_body(&login->body, request, err) ||
        http_headers_add(&login->headers, "Content-Type", "application/json", 16, err) ||
        http_headers_add(&login->headers, "Accept", "application/json", 16, err))
        return -1;
    sent.body = login->body.data;
    sent.body_len = login->body.len;
    return http_start(&login->transfer, http, &sent, done, context, err);
}

int login_start(struct login **out, struct http *http, const struct login_request *request,
    void (*done)(void *context), void *context, struct err *err)
{
    struct login *login = calloc(1, sizeof *login);

    if (!login)
        return err_no_memory(err);
    login->paths = request->paths;
    buf_init(&login->body, BODY_MAX);
    if (start(login, http, request, done, context, err)) {
        login_free(login);
        return -1;
    }
    *out = login;
    return 0;
}

void login_free(struct login *login)
{
    if (!login)
        return;
    if (login->transfer)
        buf_wipe(&http_transfer_response(login->transfer)->body);
    http_transfer_free(login->transfer);
    http_headers_fini(&login->headers);
    buf_wipe(&login->body);
    free(login);
}

/* What the service says of a refusal; the fields that such answers use. */
static const char *said(json_t *root)
{
    static const char *const fields[] = {"error_description", "message", "error"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *text = json_string_value(json_object_get(root, fields[i]));

        if (text)
            return text;
    }
    return "no reason given";
}

static enum err_kind kind_of(int status, double retry_after)
{
    if (status == 429 || (status == 503 && retry_after >= 0))
        return ERR_RATE_LIMITED;
    if (status >= 500)
        return ERR_SERVER;
    return status >= 400 ? ERR_AUTH : ERR_DECODE;
}

static int refuse(const struct http_response *answer, struct err *err)
{
    json_t *root = json_loadb(buf_text(&answer->body), answer->body.len, 0, NULL);
    double retry_after = http_response_retry_after(answer);

    err_set(err, kind_of(answer->status, retry_after), "the login was answered %d: %.200s",
        answer->status, said(root));
    err->sent = SENT_YES;
    err->retry_after = retry_after > 0 ? retry_after : 0;
    json_decref(root);
    return -1;
}

int login_outcome(struct login *login, struct grant *grant, struct err *err)
{
    struct http_response *answer = http_transfer_response(login->transfer);
    char date[64];

    if (http_outcome(login->transfer, err))
        return -1;
    if (answer->status < 200 || answer->status > 299)
        return refuse(answer, err);
    if (!grant_from_answer(grant, login->paths, buf_text(&answer->body), answer->body.len,
            http_response_header(answer, "Date", date, sizeof date), err))
        return 0;
    err->sent = SENT_YES;
    return -1;
}
