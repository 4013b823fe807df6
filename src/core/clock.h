/* clock: the two clocks that siterun uses. */
#pragma once
#include <stdint.h>

/* Milliseconds since boot, suspend included; never stepped (CLOCK_BOOTTIME). */
int64_t clock_ms(void);

/* Milliseconds since 1970 UTC; may step. Only for what people or services read. */
int64_t clock_wall_ms(void);
