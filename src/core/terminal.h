/* terminal: what is known of the terminals at the standard streams. */
#pragma once
#include <stdbool.h>

struct terminal_size {
    int columns, rows;
};

/* Whether the descriptor is a terminal that understands escape sequences. */
bool terminal_is(int fd);

/* Its size; 80 by 24 where it tells none. */
struct terminal_size terminal_size(int fd);
