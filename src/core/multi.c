#include "core/multi.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/spare.h"
#include "core/spin.h"
#include "core/timer.h"

/* In use and idle, over all hosts: with fewer than there are transfers at a time each of these
   would close its own. A transfer has at most so many sockets: two attempts to connect, and its
   resolver's. */
enum { CONNECTIONS_MAX = 512, SOCKETS_EACH = 3 };

/* Few transfers are waited for and run all together, at less cost for libcurl and the system as
   long as most of them have something to do; many, or idle ones, are watched each for
   itself. */
enum {
    FEW = 64,
    USEFUL_LOOKS = 8, /* at transfers, for each that ended */
    USELESS_LOOKS_MAX = 1000,
    LONG_MS = 3600 * 1000,
};

/* After each transfer libcurl looks through all names that it has resolved, for those that it
   has known for a minute. To do so every ten seconds is enough. */
enum { NAMES_KEPT_S = 60, NAMES_MS = 10 * 1000 };

struct socket;

struct multi {
    struct loop *loop;
    CURLM *curlm;
    struct loop_waiter together;
    bool may_wait;    /* in the loop's place */
    bool is_watching; /* each for itself */
    struct spin spin;
    bool is_new;        /* a transfer was added: nothing is waited for */
    long useless_looks; /* when together */
    struct timer timer;
    size_t count;
    int64_t names_ms; /* clock_ms: when the names were looked through */
    struct multi_transfer *first_ended, **last_ended;
    struct socket *spare;
    size_t sockets;     /* in use and spare */
    struct err failure; /* of a callback, which has no way to return one */
};

/* A socket of libcurl's, watched. */
struct socket {
    struct loop_watch watch;
    struct multi *multi;
    struct socket *next; /* when spare */
};

static void stop_watching(struct multi *multi)
{
    curl_multi_setopt(multi->curlm, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(multi->curlm, CURLMOPT_TIMERFUNCTION, NULL);
    loop_timer_stop(multi->loop, &multi->timer);
    multi->is_watching = false;
    multi->useless_looks = 0;
}

/* Only when no transfer is left does libcurl know of no socket that it has told us of. */
static void lose(struct multi *multi)
{
    if (--multi->count || !multi->may_wait)
        return;
    loop_set_waiter(multi->loop, NULL);
    if (multi->is_watching)
        stop_watching(multi);
}

/* Each handle that is removed is looked for among the messages, so these are all read
   before. */
static void read_messages(struct multi *multi)
{
    struct multi_transfer *transfer;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->curlm, &left))) {
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer->code = message->data.result;
        transfer->next = NULL;
        *multi->last_ended = transfer;
        multi->last_ended = &transfer->next;
    }
}

/* Takes it off the list if it is there. */
static void forget_ended(struct multi *multi, struct multi_transfer *transfer)
{
    struct multi_transfer **link = &multi->first_ended;

    while (*link && *link != transfer)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = transfer->next;
    if (!*link)
        multi->last_ended = link;
}

static void collect(struct multi *multi)
{
    struct multi_transfer *transfer;

    read_messages(multi);
    while ((transfer = multi->first_ended)) {
        forget_ended(multi, transfer);
        curl_multi_remove_handle(multi->curlm, transfer->easy);
        lose(multi);
        if (!transfer->keeps_names)
            multi->names_ms = clock_ms();
        transfer->done(transfer->context, transfer->code);
    }
}

static void act(struct multi *multi, curl_socket_t fd, int what)
{
    int running;

    curl_multi_socket_action(multi->curlm, fd, what, &running);
    collect(multi);
}

static void timer_fired(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_ready(void *context, unsigned events)
{
    struct socket *socket = context;
    int what = (events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) |
               (events & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_OUT : 0);

    act(socket->multi, socket->watch.fd, what);
}

static void make_spare(struct multi *multi, struct socket *socket)
{
    socket->next = multi->spare;
    multi->spare = socket;
}

/* The callback below must not run out of memory: libcurl 7.88 crashes when it fails. */
static int reserve_sockets(struct multi *multi, struct err *err)
{
    while (multi->sockets < (multi->count + 1) * SOCKETS_EACH) {
        struct socket *socket = calloc(1, sizeof *socket);

        if (!socket)
            return err_no_memory(err);
        multi->sockets++;
        make_spare(multi, socket);
    }
    return 0;
}

static void forget_socket(struct multi *multi, curl_socket_t fd, struct socket *socket)
{
    if (!socket)
        return;
    loop_unwatch(multi->loop, &socket->watch);
    curl_multi_assign(multi->curlm, fd, NULL);
    make_spare(multi, socket);
}

static struct socket *take_socket(struct multi *multi, curl_socket_t fd)
{
    struct socket *socket = multi->spare;

    if (!socket)
        return NULL;
    multi->spare = socket->next;
    socket->multi = multi;
    socket->watch = (struct loop_watch){.fd = fd, .ready = socket_ready, .context = socket};
    curl_multi_assign(multi->curlm, fd, socket);
    return socket;
}

/* CURLMOPT_SOCKETFUNCTION: -1 makes libcurl fail the transfers concerned. */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct multi *multi = context;
    struct socket *socket = known;
    unsigned events =
        (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        forget_socket(multi, fd, socket);
        return 0;
    }
    if (!socket && !(socket = take_socket(multi, fd)))
        return -1;
    return loop_watch(multi->loop, &socket->watch, events, &multi->failure);
}

/* CURLMOPT_TIMERFUNCTION. A time-out of 0 means now: the timer is due in this very turn. */
static int timer_changed(CURLM *curlm, long timeout_ms, void *context)
{
    struct multi *multi = context;

    (void)curlm;
    if (timeout_ms >= 0)
        loop_timer_start(multi->loop, &multi->timer, timeout_ms);
    else
        loop_timer_stop(multi->loop, &multi->timer);
    return 0;
}

static void start_watching(struct multi *multi)
{
    multi->is_watching = true;
    curl_multi_setopt(multi->curlm, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(multi->curlm, CURLMOPT_TIMERFUNCTION, timer_changed);
}

/* libcurl tells of all sockets and timers that there are already. */
static void watch_each(struct multi *multi)
{
    int running;

    loop_set_waiter(multi->loop, NULL);
    start_watching(multi);
    CURL_IGNORE_DEPRECATION(curl_multi_socket_all(multi->curlm, &running);)
    collect(multi);
}

static void run_all(struct multi *multi)
{
    size_t before = multi->count;
    int running;

    multi->is_new = false;
    curl_multi_perform(multi->curlm, &running);
    multi->useless_looks += (long)before;
    collect(multi);
    if (multi->count < before)
        multi->useless_looks -= USEFUL_LOOKS * (long)(before - multi->count);
    if (multi->useless_looks < 0)
        multi->useless_looks = 0;
}

/* Whether something can be done after a few looks. */
static bool comes_soon(struct multi *multi, struct curl_waitfd *other)
{
    int ready = 0;

    if (!spin_begins(&multi->spin))
        return false;
    for (int i = 0; i < SPIN_LOOKS && ready == 0; i++)
        curl_multi_poll(multi->curlm, other, 1, 0, &ready);
    spin_ended(&multi->spin, ready > 0);
    return ready > 0;
}

static bool wait_together(void *context, int fd, int timeout_ms)
{
    struct multi *multi = context;
    struct curl_waitfd other = {.fd = fd, .events = CURL_WAIT_POLLIN};

    if (timeout_ms < 0)
        timeout_ms = LONG_MS;
    if (!multi->is_new && (timeout_ms == 0 || !comes_soon(multi, &other)))
        curl_multi_poll(multi->curlm, &other, 1, timeout_ms, NULL);
    if (multi->count > FEW || multi->useless_looks > USELESS_LOOKS_MAX)
        watch_each(multi);
    else
        run_all(multi);
    return other.revents;
}

/* At exit OpenSSL would free each block that it has, which takes 3 % of a short run; the system
   takes them all at once. */
static int set_up(struct multi *multi, struct err *err)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    spare_start();
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, spare_malloc, spare_free, spare_realloc,
            spare_strdup, spare_calloc) ||
        !(multi->curlm = curl_multi_init()))
        return err_set(err, ERR_CONFIG, "libcurl cannot be initialised");
    curl_multi_setopt(multi->curlm, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curlm, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->curlm, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    return 0;
}

int multi_new(struct multi **out, struct loop *loop, bool may_wait, struct err *err)
{
    struct multi *multi = calloc(1, sizeof *multi);

    if (!multi)
        return err_no_memory(err);
    multi->loop = loop;
    multi->last_ended = &multi->first_ended;
    multi->together = (struct loop_waiter){.wait = wait_together, .context = multi};
    timer_init(&multi->timer, timer_fired, multi);
    if (set_up(multi, err)) {
        multi_free(multi);
        return -1;
    }
    multi->may_wait = may_wait;
    if (!may_wait)
        start_watching(multi);
    *out = multi;
    return 0;
}

void multi_free(struct multi *multi)
{
    if (!multi)
        return;
    curl_multi_cleanup(multi->curlm);
    loop_timer_stop(multi->loop, &multi->timer);
    while (multi->spare) {
        struct socket *next = multi->spare->next;

        free(multi->spare);
        multi->spare = next;
    }
    free(multi);
}

static void set_names(struct multi *multi, struct multi_transfer *transfer)
{
    bool keeps = multi->names_ms && clock_ms() - multi->names_ms < NAMES_MS;

    if (transfer->keeps_names == keeps)
        return;
    transfer->keeps_names = keeps;
    curl_easy_setopt(
        transfer->easy, CURLOPT_DNS_CACHE_TIMEOUT, keeps ? -1L : (long)NAMES_KEPT_S);
}

int multi_add(struct multi *multi, struct multi_transfer *transfer, struct err *err)
{
    CURLMcode code;

    if (reserve_sockets(multi, err))
        return -1;
    set_names(multi, transfer);
    code = curl_multi_add_handle(multi->curlm, transfer->easy);
    if (code)
        return err_set(err, ERR_NETWORK, "libcurl: %s", curl_multi_strerror(code));
    multi->count++;
    multi->is_new = true;
    if (!multi->is_watching)
        loop_set_waiter(multi->loop, &multi->together);
    return 0;
}

void multi_remove(struct multi *multi, struct multi_transfer *transfer)
{
    forget_ended(multi, transfer);
    curl_multi_remove_handle(multi->curlm, transfer->easy);
    lose(multi);
}

size_t multi_count(const struct multi *multi)
{
    return multi->count;
}
