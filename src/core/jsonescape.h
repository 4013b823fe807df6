/* jsonescape: the escapes in a string of JSON. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Reads the escape at `at`, a backslash, in a text that ends in a NUL: its code point into
   `code` (of a surrogate pair the one that both mean), and returns what follows. Where there is
   no such escape `*wrong` says why and the place is returned; else `*wrong` is left alone. */
const char *jsonescape_read(uint32_t *code, const char *at, const char **wrong);

/* Writes the `len` bytes at `from`, whose escapes are all right, to `to` as what they mean.
   Returns the number of bytes, at most `len`. */
size_t jsonescape_undo(char *to, const char *from, size_t len);
