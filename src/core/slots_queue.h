/* slots_queue: those that wait for a slot (slots.h), over all processes. Under the lock. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/slots.h"

/* Joins the queue; false when it is full. A waiter shows that its process runs by
   slots_queue_see: without that for SLOTS_QUEUE_PROMPT_MS it counts for itself alone, and for
   SLOTS_QUEUE_SEEN_MS (stopped, or busy with something else) it holds up nobody. */
enum {
    SLOTS_QUEUE_PROMPT_MS = 2000,
    SLOTS_QUEUE_SEEN_MS = 5000,
    SLOTS_QUEUE_FAR_MAX = 100000, /* of those behind a waiter whose keys are not known */
};
bool slots_queue_enter(struct slots *slots, int64_t key_ms, int64_t now_ms,
    struct slots_owner owner, struct slots_place *place);
void slots_queue_see(struct slots *slots, struct slots_place place, int64_t now_ms);
void slots_queue_leave(struct slots *slots, struct slots_place place);

/* Whether the place is still this waiter's: not after the block was made anew. */
bool slots_queue_has(const struct slots *slots, struct slots_place place);

/* Says who waits behind the waiter: those that come after some of them wait for these too. */
void slots_queue_set_behind(
    struct slots *slots, struct slots_place place, const struct slots_behind *behind);

/* Requests that are to be served before one with this key, about. INT64_MAX: all that wait. */
int slots_queue_ahead(const struct slots *slots, int64_t key_ms, int64_t now_ms);

/* How many requests wait in front of this waiter's; about, where more than SLOTS_KEYS_MAX wait
   behind one. 0 for the first waiter. */
int slots_queue_rank(const struct slots *slots, struct slots_place place, int64_t now_ms);
