/* bar: a text on the last line of the terminal at stderr that gives way to whatever is written
   there: how far something is. */
#pragma once
#include <stddef.h>

/* Shows a text that fits the line and may hold colours, in place of the one before. Does
   nothing where something is being typed or a line was begun. Needs console_install. */
void bar_draw(const char *text, size_t len);

/* Takes it away. */
void bar_erase(void);
