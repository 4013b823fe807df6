#include "core/exchange_request.h"

#include <string.h>

#include "core/account.h"
#include "core/auth.h"
#include "core/buf.h"
#include "core/url.h"

static const char *ca_file(const struct exchange_request *request)
{
    return request->account ? account_ca_file(request->account) : request->ca_file;
}

static const char *proxy(const struct exchange_request *request)
{
    return request->account ? account_proxy(request->account) : request->proxy;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t exchange_request_size(const struct exchange_request *request)
{
    return text_size(request->method) + text_size(request->url) + text_size(ca_file(request)) +
           text_size(proxy(request)) + (request->body ? request->body_len : 0);
}

/* Returns the copy, and moves `*memory` to its end. */
static char *copy(char **memory, const void *bytes, size_t size)
{
    char *copied = *memory;

    if (!bytes)
        return NULL;
    *memory += size;
    return memcpy(copied, bytes, size);
}

static char *copy_text(char **memory, const char *text)
{
    return copy(memory, text, text_size(text));
}

void exchange_request_copy(
    struct exchange_request *to, struct exchange_request *from, char *memory)
{
    *to = *from;
    from->headers.lines = NULL;
    to->method = copy_text(&memory, from->method);
    to->url = copy_text(&memory, from->url);
    to->ca_file = copy_text(&memory, ca_file(from));
    to->proxy = copy_text(&memory, proxy(from));
    to->body = copy(&memory, from->body, from->body_len);
}

void exchange_request_fini(struct exchange_request *copied)
{
    http_headers_fini(&copied->headers);
}

const char *exchange_request_url(
    const struct exchange_request *request, struct buf *made, struct err *err)
{
    if (!request->account || !auth_has_query(account_auth(request->account)))
        return request->url;
    if (buf_add_string(made, request->url, err) ||
        auth_add_query(account_auth(request->account), request->write, made, err))
        return NULL;
    return buf_text(made);
}

int exchange_request_add_headers(
    const struct exchange_request *request, struct http_headers *to, struct err *err)
{
    if (http_headers_refer(to, &request->headers, err))
        return -1;
    return request->account ? auth_add_headers(account_auth(request->account), to, err) : 0;
}
