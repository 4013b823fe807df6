/* jsonnumber: a number of JSON, read exactly: an integer of 64 bits where there is neither a
   fraction nor an exponent, else the nearest double, whatever the locale. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct jsonnumber {
    bool whole;
    union {
        int64_t integer;
        double real;
    };
};

/* Reads the number at the start of `text`, which ends in a NUL, and returns what follows it.
   When it is none, or does not fit, `*wrong` says why and the place is returned instead; else
   `*wrong` is left alone. Never fails otherwise. */
const char *jsonnumber_read(struct jsonnumber *out, const char *text, const char **wrong);
