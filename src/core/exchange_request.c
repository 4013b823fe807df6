#include "core/exchange_request.h"

#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/auth.h"
#include "core/buf.h"
#include "core/url.h"

static char *copy(const char *text, bool *lost)
{
    char *copied = text ? strdup(text) : NULL;

    *lost |= text && !copied;
    return copied;
}

static char *copy_body(const struct exchange_request *from, bool *lost)
{
    char *copied = from->body ? malloc(from->body_len + 1) : NULL;

    *lost |= from->body && !copied;
    if (copied)
        memcpy(copied, from->body, from->body_len);
    return copied;
}

int exchange_request_copy(
    struct exchange_request *to, struct exchange_request *from, struct err *err)
{
    struct account *account = from->account;
    bool lost = false;

    *to = *from;
    from->headers.lines = NULL;
    to->method = copy(from->method, &lost);
    to->url = copy(from->url, &lost);
    to->body = copy_body(from, &lost);
    to->ca_file = copy(account ? account_ca_file(account) : from->ca_file, &lost);
    to->proxy = copy(account ? account_proxy(account) : from->proxy, &lost);
    return lost ? err_no_memory(err) : 0;
}

void exchange_request_fini(struct exchange_request *copied)
{
    http_headers_fini(&copied->headers);
    free((char *)copied->method);
    free((char *)copied->url);
    free((char *)copied->body);
    free((char *)copied->ca_file);
    free((char *)copied->proxy);
}

const char *exchange_request_url(
    const struct exchange_request *request, struct buf *made, struct err *err)
{
    if (!request->account)
        return request->url;
    if (buf_add_string(made, request->url, err) ||
        auth_add_query(account_auth(request->account), request->write, made, err))
        return NULL;
    return buf_text(made);
}

int exchange_request_add_headers(
    const struct exchange_request *request, struct http_headers *to, struct err *err)
{
    if (http_headers_copy(to, &request->headers, err))
        return -1;
    return request->account ? auth_add_headers(account_auth(request->account), to, err) : 0;
}
