/* spin: whether to look again and again for an answer before sleeping until it comes. Falling
   asleep and waking up takes longer than a service on this machine needs to answer. Where no
   answer comes so soon, ever fewer waits begin so: in the end one in a thousand. */
#pragma once
#include <stdbool.h>

enum { SPIN_LOOKS = 64 }; /* about 50 us */

/* Zeroed to begin with. */
struct spin {
    unsigned misses; /* in a row */
    unsigned rests;  /* waits that are to begin with sleep */
};

/* Whether the wait that begins is to look first. Then spin_ended is told what came of it. */
bool spin_begins(struct spin *spin);
void spin_ended(struct spin *spin, bool is_hit);
