/* console: stdout and stderr of a process that has a line being typed on the same terminal.
   Whatever is written to them, by whomever, can be announced first. They are the process's, so
   there is one console; once installed it stays. */
#pragma once
#include <stdbool.h>

#include "core/err.h"

/* Puts streams of its own in the places of stdout and stderr, where these are terminals (glibc
   has them for variables). */
MUST_USE int console_install(struct err *err);

/* Calls `before` ahead of each write from now on; NULL: nobody. */
void console_watch(void (*before)(void *context), void *context);

/* Whether what was written last left its line unended. */
bool console_is_midline(void);

/* Forgets that, as something else ended the line. */
void console_end_line(void);

/* Somebody types on the line, from then on and no longer. */
void console_begin_typing(void);
void console_end_typing(void);

/* Something lies on the line where writing goes on: `uncover` is called ahead of each write, to
   take it away. NULL: nothing does. */
void console_cover(void (*uncover)(void));

/* Whether the line is empty and nobody types on it. */
bool console_is_free(void);
