/* raw WORKLOAD: what libcurl alone needs for a workload of work.lua. Answers are counted and
   not decoded. Prints "ok COUNT BYTES". */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT_MAX = 10000, URL_MAX = 256, WAIT_MS = 1000 };

struct request {
    CURL *easy;
    char *body; /* kept only where the next address stands in it */
    size_t len, cap;
};

static struct request requests[IN_FLIGHT_MAX];
static const char *base;
static bool pages;
static long left, done;
static unsigned long long bytes;

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "raw: %s\n", what);
    exit(1);
}

static void keep(struct request *r, const char *data, size_t len)
{
    if (r->len + len >= r->cap) {
        r->cap = 2 * (r->len + len) + 1;
        r->body = realloc(r->body, r->cap);
        check(r->body != NULL, "out of memory");
    }
    memcpy(r->body + r->len, data, len);
    r->len += len;
    r->body[r->len] = '\0';
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    bytes += size * count;
    if (pages)
        keep(context, data, size * count);
    return size * count;
}

static void set_url(struct request *r, const char *path)
{
    char url[URL_MAX];

    snprintf(url, sizeof url, "%s/%s", base, path);
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
}

static void begin(CURLM *multi, struct request *r, const char *path)
{
    r->easy = curl_easy_init();
    check(r->easy != NULL, "no handle");
    set_url(r, path);
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(multi, r->easy);
}

/* The token of the next page stands at the end of this one. */
static bool turn_page(struct request *r)
{
    static const char name[] = "\"continuationToken\":\"";
    char path[64], *token = strstr(r->body + (r->len > 64 ? r->len - 64 : 0), name);

    if (token == NULL)
        return false;
    snprintf(path, sizeof path, "page/%d", atoi(token + strlen(name)));
    set_url(r, path);
    r->len = 0;
    return true;
}

static void end(CURLM *multi, const CURLMsg *message)
{
    CURL *easy = message->easy_handle;
    struct request *r = NULL;
    long status = 0;

    check(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    check(status == 200, "the status is not 200");
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&r);
    done++;
    curl_multi_remove_handle(multi, easy);
    if (left <= 0 || (pages && !turn_page(r)))
        return;
    left--;
    curl_multi_add_handle(multi, easy);
}

/* Whether an answer was complete: then others may have begun. */
static bool end_all(CURLM *multi)
{
    const CURLMsg *message;
    bool any = false;
    int queued;

    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
        end(multi, message);
        any = true;
    }
    return any;
}

static void drive(CURLM *multi)
{
    bool any = false;
    int running;

    do {
        check(curl_multi_perform(multi, &running) == CURLM_OK, "perform");
        any = end_all(multi);
        if (!any && running > 0)
            curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
    } while (any || running > 0);
}

static const char *path_of(const char *work)
{
    return strcmp(work, "W4") == 0 ? "page/1" : strcmp(work, "W5") == 0 ? "slow" : "small";
}

static void run(CURLM *multi, const char *work)
{
    long in_flight = atol(getenv("BENCH_C"));

    base = getenv("BENCH_URL");
    left = atol(getenv("BENCH_N"));
    check(in_flight > 0 && in_flight <= IN_FLIGHT_MAX, "too many in flight");
    pages = strcmp(work, "W4") == 0;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
    for (long i = 0; i < in_flight && left > 0; i++, left--)
        begin(multi, &requests[i], path_of(work));
    drive(multi);
}

int main(int argc, char **argv)
{
    CURLM *multi;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    check(multi != NULL, "no multi handle");
    if (argc > 1 && strcmp(argv[1], "W1") != 0)
        run(multi, argv[1]);
    printf("ok %ld %llu\n", done, bytes);
    return 0;
}
