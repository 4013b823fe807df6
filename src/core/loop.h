/* loop: one place that waits. It drives timers and descriptors (libcurl's and the server's
   among them) and keeps the list of operations that have ended. Nothing here calls Lua. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct loop;
struct timer;

/* Calls `ready` whenever `fd` can be read or written; level triggered. Kept in place by its
   user while watched. */
struct loop_watch {
    int fd;
    void (*ready)(void *context, unsigned events);
    void *context;
    unsigned events; /* 0 when not watched */
};

/* Something that somebody waits for. Embed it, first of all where the host is to wait for it,
   and start it with loop_op_init; loop_end puts it on the list of what has ended. */
struct loop_op {
    const struct loop_op *self; /* tells it from other memory */
    struct loop_op *next;
    bool ended;   /* its result can be read */
    bool listed;  /* on the list that loop_next_ended takes from */
    void *waiter; /* whoever waits for it; the host's */
};

/* Somebody who waits for descriptors of his own, and for the loop's meanwhile. */
struct loop_waiter {
    /* Waits for at most `timeout_ms` (-1: until something happens) until one of them or `fd`
       can be read, and runs what concerns them. Returns whether `fd` can be. */
    bool (*wait)(void *context, int fd, int timeout_ms);
    void *context;
};

void loop_op_init(struct loop_op *op);

/* Whether `op`, of which `len` bytes can be read, is one. */
bool loop_is_op(const struct loop_op *op, size_t len);

MUST_USE int loop_new(struct loop **out, struct err *err);

/* Whatever was started on the loop must have been stopped before. NULL is fine. */
void loop_free(struct loop *loop);

/* Waits for at most `timeout_ms` (-1: until something happens; 0: only what is ready) and runs
   the callbacks of what did: of the timers that are due, or in every other turn at least, of
   the descriptors. Returns at once after loop_interrupt. */
MUST_USE int loop_turn(struct loop *loop, int64_t timeout_ms, struct err *err);

/* See timer.h. A delay of 0 fires in one of the next two turns, and nothing is waited for
   before. */
void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop *loop, struct timer *timer);

/* Starts watching, or changes the events (EPOLLIN, EPOLLOUT) of a watch. */
MUST_USE int loop_watch(
    struct loop *loop, struct loop_watch *watch, unsigned events, struct err *err);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* Lets `waiter` wait in the loop's place; NULL: the loop itself. */
void loop_set_waiter(struct loop *loop, const struct loop_waiter *waiter);

/* Marks the operation as ended and lists it, once. */
void loop_end(struct loop *loop, struct loop_op *op);

/* Takes the operation that ended first off the list; NULL when there is none. */
struct loop_op *loop_next_ended(struct loop *loop);

/* Whether there is one. */
bool loop_has_ended(const struct loop *loop);

/* Takes the operation off the list, if it is there: to be called before its memory goes. */
void loop_forget(struct loop *loop, struct loop_op *op);

/* The instant (clock_ms) after which no wait may last; INT64_MAX when there is none. */
void loop_set_deadline(struct loop *loop, int64_t deadline_ms);
int64_t loop_deadline(const struct loop *loop);

/* Ends the turn under way, or the next one, at once. Async-signal-safe; it concerns every loop
   of the process. loop_interrupted says whether that happened; loop_resume forgets it. */
void loop_interrupt(void);
bool loop_interrupted(void);
void loop_resume(void);
