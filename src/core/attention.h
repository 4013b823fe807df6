/* attention: signals that concern a terminal while a line is typed on it. They are the
   process's, so there is one such terminal at a time. */
#pragma once
#include <termios.h>

#include "core/err.h"

enum attention {
    ATTENTION_RESIZED = 1,
    ATTENTION_STOPPED = 2,  /* the user wants to stop the process (Ctrl-Z) */
    ATTENTION_CONTINUED = 4 /* it was stopped, and others used the terminal */
};

/* Readable when there is something to take: for a loop to watch. -1 when it can't be made. */
int attention_fd(struct err *err);

/* Catches the signals. One that ends the process first puts the terminal `fd` into the `modes`
   and ends the bracketing of pastes there. */
void attention_begin(int fd, const struct termios *modes);

/* Whoever had the signals gets them back. */
void attention_end(void);

/* What came since the last call, as a set of the above. */
unsigned attention_take(void);

/* Stops the process, as the signal that was caught would have done; returns when it goes on. */
void attention_stop(void);
