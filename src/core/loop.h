/* loop: one place that waits. It drives libcurl's multi handle, timers and further descriptors,
   and keeps the list of operations that have ended. Nothing here calls Lua. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct loop;

/* Calls `fire` once at or after `due_ms`. Owned and kept in place by the user while started. */
struct loop_timer {
    int64_t due_ms;
    void (*fire)(void *context);
    void *context;
    int heap_index; /* -1 when not started */
};

/* Calls `ready` whenever `fd` can be read (or written); level triggered. Kept by the user. */
struct loop_watch {
    int fd;
    void (*ready)(void *context, unsigned events);
    void *context;
};

/* Something that somebody waits for. Embed it; loop_end puts it on the list of what has ended. */
struct loop_op {
    struct loop_op *next;
    bool ended;  /* its result can be read */
    bool listed; /* on the list that loop_next_ended takes from */
};

MUST_USE int loop_new(struct loop **out, struct err *err);

/* Everything that was started on the loop must have been stopped before. NULL is fine. */
void loop_free(struct loop *loop);

/* Waits for at most `timeout_ms` (-1: until something happens; 0: only what is ready) and runs
   the callbacks of what did. */
MUST_USE int loop_turn(struct loop *loop, int64_t timeout_ms, struct err *err);

/* Timers. Starting a started one moves it. Stopping one that is not started does nothing.
   loop_timer_start fails only for want of memory. */
void loop_timer_init(struct loop_timer *timer, void (*fire)(void *), void *context);
MUST_USE int loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t delay_ms,
                              struct err *err);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Watches; `events` are epoll's (EPOLLIN, EPOLLOUT). loop_unwatch of an unwatched fd is harmless. */
MUST_USE int loop_watch(struct loop *loop, struct loop_watch *watch, unsigned events,
                        struct err *err);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* Marks the operation as ended and lists it (once). */
void loop_end(struct loop *loop, struct loop_op *op);

/* Takes the operation that ended first off the list, NULL when there is none. */
struct loop_op *loop_next_ended(struct loop *loop);

/* Takes the operation off the list, if it is there: before its memory goes. */
void loop_forget(struct loop *loop, struct loop_op *op);

/* The instant (clock_ms) after which no wait may last; INT64_MAX when there is none. */
void loop_set_deadline(struct loop *loop, int64_t deadline_ms);
int64_t loop_deadline(const struct loop *loop);

/* Ends the turn under way, or the next one, at once. Async-signal-safe; concerns every loop of the
   process. loop_interrupted says whether it happened and, with `clear`, forgets it. */
void loop_interrupt(void);
bool loop_interrupted(bool clear);

/* libcurl's multi handle on this loop, made (and libcurl initialised) at the first call; NULL when
   that fails. A finished transfer calls the function that http.c set as CURLOPT_PRIVATE. */
typedef void CURLM;
MUST_USE CURLM *loop_multi(struct loop *loop, struct err *err);
