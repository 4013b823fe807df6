/* slots: the log that a limit is kept by, as one flat block of memory that processes share. A
   slot is in flight from the sending of a request to its end, and then held until one window
   later. The functions are called under a lock, where slots_ends.h does not say otherwise, but
   the process may die at any instruction in them: each store leaves a block that holds at least
   what it must. No clock and no file in here. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef SLOTS_SMALL /* for the model that tests explore */
enum { SLOTS_ENDED_MAX = 4, SLOTS_FLIGHT_MAX = 6, SLOTS_WAITERS_MAX = 3 };
#else
enum {
    SLOTS_ENDED_MAX = 16384, /* slots held, a power of two: the largest limit there can be */
    SLOTS_FLIGHT_MAX = 4096, /* requests in flight */
    SLOTS_WAITERS_MAX = 1024,
};
#endif
enum { SLOTS_BOOT_BYTES = 40, SLOTS_ANCESTORS_MAX = 32 };

/* A process, safe against pids that are given out again. */
struct slots_owner {
    int64_t pid;
    uint64_t born; /* clock ticks from boot to its start, and a mark of the boot */
};

struct slots_flight {
    uint64_t ticket; /* 0: the place is free; see slots_ends.h for one that ended */
    struct slots_owner owner;
};

enum { SLOTS_KEYS_MAX = 16 };

/* The requests that wait behind a waiter in its process. */
struct slots_behind {
    int64_t count;
    int64_t keys_ms[SLOTS_KEYS_MAX]; /* of the first ones, sorted */
    int64_t last_key_ms;
};

struct slots_waiter {
    uint64_t id;     /* 0: the place is free */
    int64_t key_ms;  /* waiters are served in the order of their keys, then ids */
    int64_t seen_ms; /* when its process last looked */
    struct slots_owner owner;
    struct slots_behind behind;
};

struct slots {
    uint64_t magic; /* written last: a block that is half made is none */
    uint64_t size;
    uint64_t home;       /* of the path that its file was made at */
    uint64_t file;       /* which one it is in; 0 until others were asked what they hold */
    uint64_t moved;      /* not 0: it holds nothing that is not elsewhere too */
    uint64_t departures; /* how often others took over what it held */
    uint64_t origin;     /* tells the block from all others */
    uint64_t
        ancestors[SLOTS_ANCESTORS_MAX]; /* the last blocks that went into it: their origins */
    uint64_t descents;                  /* how many did */
    char boot_id[SLOTS_BOOT_BYTES];
    uint64_t next_id;    /* of tickets and waiters */
    uint64_t head, tail; /* of `ended`; head <= tail */
    uint64_t in_flight;  /* at least the flights in use */
    uint64_t waiting;    /* at least the waiters in use */
    int64_t paused_until_ms;
    int64_t retry_budget; /* see slots_budget.h */
    int64_t reserved;     /* see slots_reserve */
    int64_t reserved_until_ms;
    int64_t most_used;                 /* in the time until then */
    int64_t ended_ms[SLOTS_ENDED_MAX]; /* when the slot is free; sorted from head to tail */
    struct slots_flight flights[SLOTS_FLIGHT_MAX];
    struct slots_waiter waiters[SLOTS_WAITERS_MAX];
};

/* Where a request's slot is. */
struct slots_place {
    uint32_t index;
    uint64_t ticket;
};

/* How a block begins. */
struct slots_start {
    const char *boot_id;
    uint64_t home;
    uint64_t first_id; /* tickets count from it; not 0 */
    int held;          /* slots held from the start, whoever used them ... */
    int64_t free_ms;   /* ... until then */
};

void slots_init(struct slots *slots, const struct slots_start *start);

/* Whether it is a block, whole and of this version. */
bool slots_is_block(const struct slots *slots);

/* Whether the block can be trusted at `now_ms`: what it holds is possible. No slot is
   held for longer than `held_max_ms`. */
bool slots_is_sound(const struct slots *slots, int64_t now_ms, int64_t held_max_ms);

/* Makes a block of an earlier boot one of this boot: whatever it held, or may have held since
   it was written to the disk, was sent before this boot, so it is held until `free_ms` on this
   boot's clock. A process that dies in it leaves no block. */
void slots_reboot(struct slots *slots, const char *boot_id, int64_t free_ms);

/* Adds what `from` holds, in flight included, to another block. Flights keep their tickets.
   Those for which there is no room are held until `free_ms`. Doing it twice holds too much for
   a while. */
void slots_merge(struct slots *slots, const struct slots *from, int64_t free_ms);

/* Adds what a block that was merged into some other still tells. That other may be lost: then
   `from` is no ancestor, and all that it held counts. Flights of process `pid` count in any
   case: it has looked at no later block, so it noted here which of them ended. Those of other
   living processes are in theirs. */
void slots_salvage(struct slots *slots, const struct slots *from, int64_t pid,
    bool (*is_alive)(struct slots_owner owner), int64_t free_ms);

/* After merging: what the block held is elsewhere, and it is in no file that may be used. */
void slots_depart(struct slots *slots);

/* Before it is used: the block is the one of the file, and all there is. */
void slots_claim(struct slots *slots, uint64_t home, uint64_t file);

/* Slots in flight or held. */
int slots_used(struct slots *slots, int64_t now_ms);

/* Takes a slot, if fewer than `limit` are used and the service asked for no pause. */
bool slots_take(struct slots *slots, int limit, int64_t now_ms, struct slots_owner owner,
    struct slots_place *place);

/* Before taking a slot: when true, the block has to be on the disk first. So what a power cut
   leaves tells of at least as many slots as are used. A quarter and 8 more are reserved, for
   the time to `until_ms`, and after that as many as were used in it: so a steady use asks for
   no sync. */
bool slots_reserve(struct slots *slots, int limit, int64_t now_ms, int64_t until_ms);

/* Ends a flight: its slot is held until `free_ms`; 0 gives it back at once. When the flight is
   not known (the block was made anew meanwhile) the slot is held all the same. */
void slots_release(struct slots *slots, struct slots_place place, int64_t free_ms);

/* Whether the block knows the flight, and no end of it. */
bool slots_flies(struct slots *slots, struct slots_place place);

/* When the waiter with `rank` others in front can expect a slot: known, or a window from now at
   the earliest. Not before the end of a pause; with limit 0, at that. */
int64_t slots_due_ms(
    struct slots *slots, int limit, int rank, int64_t now_ms, int64_t window_ms);

/* Finds the slots and waiters of processes that are gone. Their requests may still arrive, so
   the slots are held until `free_ms`. The counts are made exact. */
void slots_reap(
    struct slots *slots, bool (*is_alive)(struct slots_owner owner), int64_t free_ms);

/* Nothing is granted until then. Only ever later. */
void slots_pause(struct slots *slots, int64_t until_ms);
