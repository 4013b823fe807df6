/* slots_search: the files that processes hold open, whatever became of their names. */
#pragma once
#include <stdint.h>

#include "core/err.h"

/* A file that a process holds open, by its name in a folder of /proc. */
struct slots_search_held {
    int64_t pid;
    int folder;
    const char *name;
};

/* -1 ends the search. */
typedef int slots_search_visit(
    void *context, const struct slots_search_held *held, struct err *err);

/* Visits each open file of each process of this user. One that is opened, and closed again,
   while the search runs may be left out. ERR_CONFIG when it can't be seen what processes
   hold. */
MUST_USE int slots_search_files(slots_search_visit *visit, void *context, struct err *err);
