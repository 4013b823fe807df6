/* slots_map: the block of slots (slots.h) in a file, in memory. Whoever cuts the file, or fills
   the disk, kills no process by that (SIGBUS): the map is torn then, and empty memory of this
   process alone. For maps that one thread uses. */
#pragma once
#include <stdbool.h>

#include "core/slots.h"

struct slots_map;

/* Maps the file's block. NULL, with errno, when that can't be. */
struct slots_map *slots_map_new(int fd);

/* NULL is fine. */
void slots_map_free(struct slots_map *map);

/* At the same address until it is freed. */
struct slots *slots_map_block(const struct slots_map *map);

/* Whether what was done in the block since it was mapped may be in no file. */
bool slots_map_is_torn(const struct slots_map *map);

/* Waits until all but the slots themselves, their counts above all, is on the disk:
   milliseconds. */
void slots_map_sync(const struct slots_map *map);
