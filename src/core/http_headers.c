#include "core/http_headers.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

/* RFC 9110 5.6.2: tchar. */
bool http_headers_is_token(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if (*name <= ' ' || *name > '~' || strchr("\"(),/:;<=>?@[\\]{}", *name))
            return false;
    return true;
}

static bool has_control(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 127)
            return true;
    return false;
}

/* A second Content-Length or Transfer-Encoding would let two readers see two messages. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"Connection", "Content-Length", "Expect", "Host",
        "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(name, names[i]))
            return true;
    return false;
}

static int check_header(const char *name, const char *value, size_t len, struct err *err)
{
    if (!http_headers_is_token(name))
        return err_set(err, ERR_USAGE, "\"%.60s\" is no header name", name);
    if (is_reserved(name))
        return err_set(err, ERR_USAGE, "the header %.60s is set by siterun itself", name);
    if (has_control(value, len))
        return err_set(err, ERR_USAGE,
            "the header %.60s holds a control character (NUL, CR, LF ...)", name);
    return 0;
}

int http_headers_add(struct http_headers *headers, const char *name, const char *value,
    size_t value_len, struct err *err)
{
    struct buf line;
    struct curl_slist *lines = NULL;
    int failed;

    if (check_header(name, value, value_len, err))
        return -1;
    buf_init(&line, HTTP_HEADERS_MAX);
    /* "name;" is how libcurl is told of a header without a value. */
    failed = buf_add_string(&line, name, err) ||
             buf_add_string(&line, value_len ? ": " : ";", err) ||
             buf_add(&line, value, value_len, err);
    if (!failed)
        lines = curl_slist_append(headers->lines, line.data);
    buf_wipe(&line);
    if (failed)
        return -1;
    if (!lines)
        return err_no_memory(err);
    headers->lines = lines;
    return 0;
}

int http_headers_copy(struct http_headers *to, const struct http_headers *from, struct err *err)
{
    for (const struct curl_slist *line = from->lines; line; line = line->next) {
        struct curl_slist *lines = curl_slist_append(to->lines, line->data);

        if (!lines)
            return err_no_memory(err);
        to->lines = lines;
    }
    return 0;
}

void http_headers_fini(struct http_headers *headers)
{
    for (struct curl_slist *line = headers->lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(headers->lines);
    headers->lines = NULL;
}
