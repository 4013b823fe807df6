/* slots_make: a fresh block of slots (slots.h) as a file. */
#pragma once
#include <stdint.h>

#include "core/err.h"

enum { SLOTS_MAKE_PATH_BYTES = 4096 };

/* The first ticket of a block: none that it gives is one of a block that was there before. */
uint64_t slots_make_id(void);

/* Makes the file, and its folder, unless it is there: whoever opens it sees a whole block.
   `path` has fewer than SLOTS_MAKE_PATH_BYTES. ERR_CONFIG when it can't be made. */
MUST_USE int slots_make_file(const char *path, uint64_t home, struct err *err);
