/* slots: the log that a limit is kept by, as one flat block of memory that processes share. A slot is
   in flight from the sending of a request to its end, and then held until one window later. The
   functions are called under a lock, but the process may die at any instruction in them: each
   store leaves a block that holds at least what it must. No clock and no file in here. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    SLOTS_ENDED_MAX =
        16384, /* slots held; a power of two. The largest limit that can be kept */
    SLOTS_FLIGHT_MAX = 4096, /* requests in flight */
    SLOTS_WAITERS_MAX = 1024,
    SLOTS_BOOT_BYTES = 40,
};

/* A process, safe against pids that are given out again. */
struct slots_owner {
    int64_t pid;
    uint64_t born; /* clock ticks from boot to its start */
};

struct slots_flight {
    uint64_t ticket; /* 0: the place is free */
    struct slots_owner owner;
};

struct slots_waiter {
    uint64_t id;    /* 0: the place is free */
    int64_t key_ms; /* waiters are served in the order of their keys, then ids */
    struct slots_owner owner;
};

struct slots {
    char magic[8];
    uint64_t size;
    char boot_id[SLOTS_BOOT_BYTES];
    uint64_t moved;      /* the block was copied elsewhere and is dead */
    uint64_t next_id;    /* of tickets and waiters */
    uint64_t head, tail; /* of `ended`; head <= tail */
    uint64_t in_flight;  /* at least the flights in use */
    uint64_t waiting;    /* at least the waiters in use */
    int64_t paused_until_ms;
    int64_t retry_budget; /* see slots_retry */
    int64_t
        ended_ms[SLOTS_ENDED_MAX]; /* when the slot becomes free, sorted from head to tail */
    struct slots_flight flights[SLOTS_FLIGHT_MAX];
    struct slots_waiter waiters[SLOTS_WAITERS_MAX];
};

/* Where a request's slot is. */
struct slots_place {
    uint32_t index;
    uint64_t ticket;
};

/* A fresh block: nothing held. Tickets count from `first_id`, which is not 0. */
void slots_init(struct slots *slots, const char *boot_id, uint64_t first_id);

/* Whether the block can be trusted at `now_ms`: it is one, and what it holds is possible. No slot is
   held for longer than `held_max_ms`. */
bool slots_is_sound(const struct slots *slots, int64_t now_ms, int64_t held_max_ms);

/* Makes a block of an earlier boot one of this boot: whatever it held was sent before this boot, so
   it is held until `free_ms` on this boot's clock. */
void slots_reboot(struct slots *slots, const char *boot_id, int64_t free_ms);

/* Holds `count` slots until `free_ms`, whoever used them. */
void slots_hold(struct slots *slots, int count, int64_t free_ms);

/* Slots in flight or held. */
int slots_used(struct slots *slots, int64_t now_ms);

/* Takes a slot, if fewer than `limit` are used and the service asked for no pause. */
bool slots_take(struct slots *slots, int limit, int64_t now_ms, struct slots_owner owner,
    struct slots_place *place);

/* Ends a flight: its slot is held until `free_ms`; 0 gives it back at once. A place that is not
   this flight's (the block was made anew meanwhile) is left alone, the slot held all the same. */
void slots_release(struct slots *slots, struct slots_place place, int64_t free_ms);

/* Joins the queue; false when it is full. */
bool slots_enter(
    struct slots *slots, int64_t key_ms, struct slots_owner owner, struct slots_place *place);
void slots_leave(struct slots *slots, struct slots_place place);

/* How many wait in front of this waiter. */
int slots_rank(const struct slots *slots, struct slots_place place);

/* When the waiter with `rank` others in front can expect a slot: known, or a window from now at the
   earliest. Not before the end of a pause. */
int64_t slots_due_ms(
    struct slots *slots, int limit, int rank, int64_t now_ms, int64_t window_ms);

/* Finds the slots and waiters of processes that are gone. Their requests may still arrive, so the
   slots are held until `free_ms`. The counts are made exact. */
void slots_reap(
    struct slots *slots, bool (*is_alive)(struct slots_owner owner), int64_t free_ms);

/* Nothing is granted until then. Only ever later. */
void slots_pause(struct slots *slots, int64_t until_ms);

/* The budget that keeps an outage from being amplified: each first attempt adds a tenth of a
   repetition, up to SLOTS_BUDGET_MAX; each repetition takes a whole one, when there is one. An
   account starts with ten, so that its first calls survive a hiccup, and saves up a hundred. */
enum { SLOTS_BUDGET_MAX = 1000, SLOTS_BUDGET_FIRST = 100, SLOTS_RETRY_COST = 10 };
void slots_earn_retry(struct slots *slots);
bool slots_spend_retry(struct slots *slots);
