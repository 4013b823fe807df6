/* nearest: the known name that somebody probably meant. */
#pragma once
#include <stddef.h>

/* Names longer than this many bytes are near to nothing. */
enum { NEAREST_NAME_MAX = 63 };

/* The number of edits (insert, delete, replace, swap two neighbours) from a to b;
 * NEAREST_NAME_MAX + 1 when one of them is too long. */
unsigned nearest_distance(const char *a, const char *b);

/* The name in the NULL-terminated list `known` with the fewest edits from `name`: at most two,
 * or a third of its length, and fewer than the name found has bytes. NULL when none is that
 * near. */
const char *nearest_name(const char *name, const char *const *known);
