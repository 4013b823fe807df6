/* slots_file: a block of slots (slots.h) in a file that the processes of one user map, with the lock
   that the kernel frees when its holder dies. There is no daemon. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/slots.h"

struct slots_file;

struct slots_file_spec {
    const char *folder; /* NULL: memory of this process alone */
    const char *name;   /* of the file; a fingerprint of the account */
    int limit;          /* what a damaged file may have held ... */
    int64_t hold_ms;    /* ... and for how long: a window and a guard */
    bool assume_fresh;  /* a damaged file is taken for an empty one, and that is logged */
};

/* Opens the file, or makes it: a first use starts at once. When a file that processes hold is deleted,
   renamed or replaced, what they hold goes into the one that is at the path from then on. One that
   is damaged, or of an earlier boot, waits out what it may have held; damage is told on stderr.
   ERR_CONFIG when the folder is on a network, where neither locks nor maps are shared, or when the
   file can't be used: not a plain file, another user's, no space. */
MUST_USE int slots_file_open(
    struct slots_file **out, const struct slots_file_spec *spec, struct err *err);
void slots_file_close(struct slots_file *file);

/* Waits for the lock (microseconds) and gives the block, which may be at another address each time.
   ERR_CONFIG when the file was taken away and can't be made anew. */
MUST_USE int slots_file_lock(struct slots_file *file, struct slots **out, struct err *err);
void slots_file_unlock(struct slots_file *file);
