#include "core/spin.h"

enum { MISSES_MAX = 10 };

bool spin_begins(struct spin *spin)
{
    if (spin->rests == 0)
        return true;
    spin->rests--;
    return false;
}

void spin_ended(struct spin *spin, bool is_hit)
{
    if (is_hit) {
        spin->misses = 0;
        return;
    }
    if (spin->misses < MISSES_MAX)
        spin->misses++;
    spin->rests = 1u << spin->misses;
}
