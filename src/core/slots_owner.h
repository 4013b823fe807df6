/* slots_owner: who holds slots (slots.h): processes, and the boot they run in, told from others
   of the same number. */
#pragma once
#include <stdbool.h>

#include "core/slots.h"

/* This process. */
struct slots_owner slots_owner_self(void);

/* Whether the process still runs: a zombie does not. */
bool slots_owner_is_alive(struct slots_owner owner);

/* The kernel's name for the time since the machine was started; "unknown" without /proc. */
void slots_owner_boot_id(char boot_id[SLOTS_BOOT_BYTES]);
