/* duration: lengths of time as people write them. */
#pragma once
#include "core/err.h"

/* Reads "90s", "10m", "1h", "500ms", "2d" or a sum such as "1h30m" into seconds; a bare number
 * is seconds. Refuses (kind usage) what is empty, negative, zero, or longer than 10 years. */
MUST_USE int duration_parse(const char *text, double *seconds, struct err *err);
