/* recall: what was typed in earlier lines, here and in other sessions. Known secrets are not in
   it: their values are hidden, also in entries from before they were known. */
#pragma once
#include <stddef.h>

#include "core/err.h"

struct recall;

enum {
    RECALL_MAX = 1000,                 /* entries that are kept */
    RECALL_SLACK = 100,                /* above it, until the file is written anew */
    RECALL_ENTRY_MAX = 64 * 1024,      /* bytes; a longer one is not remembered */
    RECALL_FILE_MAX = 2 * 1024 * 1024, /* bytes; a larger file is replaced */
};

/* `path` is the file that sessions share, made when there is something to keep; NULL: none. A
   file that can't be used is no failure here. */
MUST_USE int recall_new(struct recall **out, const char *path, struct err *err);
void recall_free(struct recall *recall); /* NULL is fine */

/* Remembers the text, unless it is the same as the last one. -1 when that could not be shared;
   this session has it all the same. */
MUST_USE int recall_add(struct recall *recall, const char *text, struct err *err);

/* Takes over what other sessions added. */
void recall_merge(struct recall *recall);

/* Entry `i`, the oldest is 0: those of other and earlier sessions, then this one's. */
size_t recall_count(const struct recall *recall);
const char *recall_text(const struct recall *recall, size_t i);

/* Changes whenever the entries do. */
unsigned recall_version(const struct recall *recall);
