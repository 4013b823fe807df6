/* slots_check: looks at a file of slots (slots_file.h) and changes nothing. */
#pragma once
#include <stdint.h>

#include "core/err.h"

/* ERR_CONFIG, with what is wrong, when the file can't be read, is damaged, or is kept locked. A
   file that another version wrote passes. `hold_ms`: the longest that a slot may be held. */
MUST_USE int slots_check_file(const char *path, int64_t hold_ms, struct err *err);
