#include "core/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/timer.h"

enum { EVENTS_A_TURN = 64 };

struct loop {
    int epoll;
    struct timer_heap timers;
    const struct loop_waiter *waiter;
    struct epoll_event events[EVENTS_A_TURN];
    int event_count; /* of the turn under way */
    struct loop_op *first_ended, **last_ended;
    int64_t deadline_ms;
    bool fired; /* by the turn before: descriptors have their turn now */
};

/* A signal handler has no argument to find a loop by, hence the process-wide pair. */
static volatile sig_atomic_t interrupted;
static int interrupt_fd = -1;

static int open_interrupt_fd(struct err *err)
{
    if (interrupt_fd < 0)
        interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (interrupt_fd < 0)
        return err_set(err, ERR_CONFIG, "eventfd: %s", strerror(errno));
    return 0;
}

static int open_epoll(struct loop *loop, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, interrupt_fd, &event))
        return err_set(err, ERR_CONFIG, "epoll: %s", strerror(errno));
    return 0;
}

int loop_new(struct loop **out, struct err *err)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return err_no_memory(err);
    loop->epoll = -1;
    loop->deadline_ms = INT64_MAX;
    loop->last_ended = &loop->first_ended;
    if (open_interrupt_fd(err) || open_epoll(loop, err)) {
        loop_free(loop);
        return -1;
    }
    *out = loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}

/* Whether any was due. */
static bool fire_timers(struct loop *loop)
{
    bool any = false;
    int64_t now_ms;
    struct timer *timer;

    if (timer_heap_next(&loop->timers) == INT64_MAX)
        return false;
    now_ms = clock_ms();
    while ((timer = timer_heap_due(&loop->timers, now_ms))) {
        any = true;
        timer->fire(timer->context);
    }
    return any;
}

/* How long epoll may wait. */
static int wait_ms(const struct loop *loop, int64_t timeout_ms)
{
    int64_t next_ms = timer_heap_next(&loop->timers);
    int64_t left_ms;

    if (interrupted)
        return 0;
    if (next_ms != INT64_MAX) {
        left_ms = next_ms - clock_ms();
        if (left_ms < 0)
            left_ms = 0;
        if (timeout_ms < 0 || left_ms < timeout_ms)
            timeout_ms = left_ms;
    }
    return timeout_ms > 3600000 ? 3600000 : (int)timeout_ms;
}

static void run_watches(struct loop *loop)
{
    for (int i = 0; i < loop->event_count; i++) {
        struct loop_watch *watch = loop->events[i].data.ptr;

        if (watch)
            watch->ready(watch->context, loop->events[i].events);
    }
    loop->event_count = 0;
}

static int wait_for_watches(struct loop *loop, int timeout_ms, struct err *err)
{
    int count = epoll_wait(loop->epoll, loop->events, EVENTS_A_TURN, timeout_ms);

    if (count < 0 && errno != EINTR)
        return err_set(err, ERR_CONFIG, "epoll_wait: %s", strerror(errno));
    loop->event_count = count < 0 ? 0 : count;
    run_watches(loop);
    return 0;
}

int loop_turn(struct loop *loop, int64_t timeout_ms, struct err *err)
{
    const struct loop_waiter *waiter = loop->waiter;
    int left_ms;

    /* libcurl's "now" is a timer that is due: it is not asked what else there is before. */
    loop->fired = !loop->fired && fire_timers(loop);
    if (loop->fired)
        return 0;
    left_ms = wait_ms(loop, timeout_ms);
    if (!waiter)
        return wait_for_watches(loop, left_ms, err);
    return waiter->wait(waiter->context, loop->epoll, left_ms) ? wait_for_watches(loop, 0, err)
                                                               : 0;
}

void loop_set_waiter(struct loop *loop, const struct loop_waiter *waiter)
{
    loop->waiter = waiter;
}

void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
    timer_heap_add(&loop->timers, timer, clock_ms() + delay_ms);
}

void loop_timer_stop(struct loop *loop, struct timer *timer)
{
    timer_heap_remove(&loop->timers, timer);
}

int loop_watch(struct loop *loop, struct loop_watch *watch, unsigned events, struct err *err)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int change = watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (watch->events == events)
        return 0;
    if (epoll_ctl(loop->epoll, change, watch->fd, &event))
        return err_set(err, ERR_CONFIG, "epoll_ctl: %s", strerror(errno));
    watch->events = events;
    return 0;
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
    if (!watch->events)
        return;
    watch->events = 0;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->event_count; i++) /* it may be in the turn under way */
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void loop_op_init(struct loop_op *op)
{
    *op = (struct loop_op){.self = op};
}

bool loop_is_op(const struct loop_op *op, size_t len)
{
    return op && len >= sizeof *op && op->self == op;
}

void loop_end(struct loop *loop, struct loop_op *op)
{
    op->ended = true;
    if (op->listed)
        return;
    op->listed = true;
    op->next = NULL;
    *loop->last_ended = op;
    loop->last_ended = &op->next;
}

bool loop_has_ended(const struct loop *loop)
{
    return loop->first_ended != NULL;
}

struct loop_op *loop_next_ended(struct loop *loop)
{
    struct loop_op *op = loop->first_ended;

    if (op)
        loop_forget(loop, op);
    return op;
}

void loop_forget(struct loop *loop, struct loop_op *op)
{
    struct loop_op **link = &loop->first_ended;

    if (!op->listed)
        return;
    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
    if (!op->next)
        loop->last_ended = link;
    op->listed = false;
}

void loop_set_deadline(struct loop *loop, int64_t deadline_ms)
{
    loop->deadline_ms = deadline_ms;
}

int64_t loop_deadline(const struct loop *loop)
{
    return loop->deadline_ms;
}

void loop_interrupt(void)
{
    const uint64_t one = 1;
    int saved = errno;

    interrupted = 1;
    if (interrupt_fd >= 0 && write(interrupt_fd, &one, sizeof one) < 0)
        interrupted = 1; /* the counter is full, so the loop is awake already */
    errno = saved;
}

bool loop_interrupted(void)
{
    return interrupted;
}

void loop_resume(void)
{
    uint64_t count;

    interrupted = 0;
    if (interrupt_fd >= 0 && read(interrupt_fd, &count, sizeof count) < 0)
        interrupted = 0; /* nothing was written */
}
