/* The states of the slots' model (slots_model_test.c): the log, the processes, and what is
   true. */
#pragma once
#include <setjmp.h>

#include "core/slots.h"

enum {
    PROCESSES = 3,
    FLIGHTS_EACH = 2,
    WINDOW = 2,
    GUARD = 1,
    ADVANCE = 1, /* of the keys of a higher priority */
    HELD_MAX = 1 + WINDOW + GUARD,
    NOW = 1000,
    KEY_OLDEST = -ADVANCE,     /* came before any newcomer: their order alone counts */
    DEAD = 9,                  /* the pid of all who died */
    HEAD = SLOTS_ENDED_MAX - 1 /* the log always wraps round */
};

enum { KEY_BYTES = 40, SET_MIN = 1 << 16 };

struct process {
    int flights;
    struct slots_place flight[FLIGHTS_EACH];
    bool waits;
    struct slots_place waiter;
    int64_t key;
    int order; /* of entering */
};

struct state {
    struct slots slots;
    int64_t now;
    struct process processes[PROCESSES];
    int64_t truth[SLOTS_ENDED_MAX + FLIGHTS_EACH]; /* when requests that ended stop to count */
    int truths;
    int entered; /* waiters so far */
    bool exact;  /* nobody died: what is held is what is true */
};

struct key {
    uint8_t bytes[KEY_BYTES];
};

extern int limit;

/* The first thing that was found wrong, or NULL. */
extern const char *bad;
void expect(bool good, const char *what);

bool is_alive(struct slots_owner owner);

/* A request that ended counts until then. */
void hold_truth(struct state *state, int64_t free_ms);

/* How many count at an instant, in truth and in the log. */
int truth_at(const struct state *state, int64_t at);
int held_at(const struct slots *slots, int64_t at);

/* The flights whose end was noted without the lock. */
int noted_in(const struct slots *slots);

int waiters_in_front(const struct state *state, int who);
void kill_process(struct state *state, int who);

/* Without the lock, and before anybody settles it. */
void note_end(struct state *state, struct process *process, int flight, int64_t free_ms);

/* What must hold in each state. */
void check_state(const struct state *state);

/* What matters of a state, and a state of which that matters. */
struct key key_of(const struct state *state);
void get_state(struct state *state, const struct key *key);

/* Of the process whose call is under way: at a store between these, after `left` others. */
struct death {
    jmp_buf out;
    const char *from, *to;
    int left; /* -1: it does not die */
};
extern struct death death;

/* By another process, meanwhile: before an access to this ticket, after `left` others. */
struct intrusion {
    const uint64_t *ticket; /* NULL: there is none */
    int left;
    void (*act)(void);
};
extern struct intrusion intrusion;
