/* slots_ends: the ends of flights (slots.h) that are noted without the lock: in one store, to
   the ticket of the flight, by the process that took it. From then on it holds its slot as
   long as one that ended, and counts as in flight until somebody settles it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/slots.h"

/* Without the lock. False when the block knows no such flight, or is made anew: then
   slots_release has to tell of the end. `free_ms` is over 0. */
bool slots_ends_note(struct slots *slots, struct slots_place place, int64_t free_ms);

/* Under the lock: puts what was noted into the log, all of it or that of one place. */
void slots_ends_settle(struct slots *slots);
void slots_ends_settle_at(struct slots *slots, uint32_t index);

/* Before a block is made anew: what ends after this is not noted in it. */
void slots_ends_refuse(struct slots *slots);

/* When the slot of a flight with this ticket is free; 0: its end was not noted. */
int64_t slots_ends_free_ms(uint64_t ticket);
