#include "core/http_headers.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Its text is here, or another's: see http_headers_refer. */
struct line {
    struct curl_slist listed;
    char text[];
};

/* RFC 9110 5.6.2: tchar. */
static const bool is_tchar[UCHAR_MAX + 1] = {['!'] = true,
    ['#' ... '\''] = true,
    ['*'] = true,
    ['+'] = true,
    ['-'] = true,
    ['.'] = true,
    ['0' ... '9'] = true,
    ['A' ... 'Z'] = true,
    ['^' ... 'z'] = true,
    ['|'] = true,
    ['~'] = true};

bool http_headers_is_token(const char *name)
{
    const char *end = name;

    while (is_tchar[(unsigned char)*end])
        end++;
    return end > name && !*end;
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
        if ((*name | 0x20) == (*names[i] | 0x20) && !strcasecmp(name, names[i]))
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

static void append(struct http_headers *headers, struct line *line)
{
    struct curl_slist **link = &headers->lines;

    while (*link)
        link = &(*link)->next;
    line->listed.next = NULL;
    *link = &line->listed;
}

static struct line *make(const char *name, const char *value, size_t value_len)
{
    size_t name_len = strlen(name), len = name_len + 2 + value_len;
    struct line *line = malloc(sizeof *line + len + 1);

    if (!line)
        return NULL;
    line->listed.data = line->text;
    memcpy(line->text, name, name_len);
    /* "name;" is how libcurl is told of a header without a value. */
    memcpy(line->text + name_len, value_len ? ": " : ";", 2);
    memcpy(line->text + name_len + 2, value, value_len);
    line->text[len] = '\0';
    return line;
}

int http_headers_add(struct http_headers *headers, const char *name, const char *value,
    size_t value_len, struct err *err)
{
    struct line *line;
    size_t len;

    if (check_header(name, value, value_len, err))
        return -1;
    len = strlen(name) + value_len;
    if (headers->len + len > HTTP_HEADERS_MAX)
        return err_set(err, ERR_USAGE, "headers over the limit of %d bytes", HTTP_HEADERS_MAX);
    line = make(name, value, value_len);
    if (!line)
        return err_no_memory(err);
    append(headers, line);
    headers->len += len;
    return 0;
}

int http_headers_refer(
    struct http_headers *to, const struct http_headers *from, struct err *err)
{
    for (const struct curl_slist *listed = from->lines; listed; listed = listed->next) {
        struct line *line = malloc(sizeof *line);

        if (!line)
            return err_no_memory(err);
        line->listed.data = listed->data;
        append(to, line);
    }
    return 0;
}

void http_headers_fini(struct http_headers *headers)
{
    while (headers->lines) {
        struct line *line = (struct line *)headers->lines;

        headers->lines = line->listed.next;
        if (line->listed.data == line->text)
            explicit_bzero(line->text, strlen(line->text));
        free(line);
    }
}
