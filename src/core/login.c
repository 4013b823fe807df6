#include "core/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/grant.h"
#include "core/http.h"
#include "core/jsontape.h"
#include "core/jsontext.h"
#include "core/secret.h"
#include "core/utf8.h"

enum {
    TIMEOUT_MS = 30000,
    ANSWER_MAX = 1024 * 1024,
    BODY_MAX = 256 * 1024,
    REASON_MAX = 201,
};

struct login {
    const struct grant_paths *paths;
    struct http_headers headers;
    struct buf body;
    struct http_transfer *transfer;
};

static int add_text(struct buf *body, const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (utf8_valid(text, len) < len)
        return err_set(err, ERR_CONFIG, "the user name or password is no valid UTF-8");
    return jsontext_string(body, text, len, err);
}

static int make_body(struct buf *body, const struct login_request *request, struct err *err)
{
    if (buf_add_string(body, "{\"password\":", err) ||
        add_text(body, secret_value(request->password), err) ||
        buf_add_string(body, ",\"username\":", err) || add_text(body, request->username, err))
        return -1;
    return buf_add_string(body, "}", err);
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

/* What the service says of a refusal, into `text`; the fields that such answers use. */
static void copy_reason(char *text, size_t size, const struct http_response *answer)
{
    static const char *const fields[] = {"error_description", "message", "error"};
    struct jsontape tape;
    struct jsontape_fault fault;
    struct jsontape_item item;
    int bad;

    snprintf(text, size, "no reason given");
    jsontape_init(&tape, NULL);
    bad = jsontape_read(&tape, buf_text(&answer->body), answer->body.len, &fault);
    for (size_t i = 0; !bad && i < sizeof fields / sizeof *fields; i++)
        if (jsontape_find(&tape, fields[i], &item) && item.type == JSONTAPE_STRING) {
            snprintf(text, size, "%.*s", (int)item.len, item.string);
            break;
        }
    jsontape_fini(&tape);
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
    double retry_after = http_response_retry_after(answer);
    char reason[REASON_MAX];

    copy_reason(reason, sizeof reason, answer);
    err_set(err, kind_of(answer->status, retry_after), "the login was answered %d: %s",
        answer->status, reason);
    err->sent = SENT_YES;
    err->retry_after = retry_after > 0 ? retry_after : 0;
    return -1;
}

bool login_is_hopeless(const struct login *login)
{
    return http_transfer_is_hopeless(login->transfer);
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
