/* keyboard: characters typed on a terminal, with what is pasted taken out: a terminal puts the
   latter between ESC [200~ and ESC [201~ when it is asked to. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "core/buf.h"

enum {
    KEYBOARD_PASTE_MAX = 1024 * 1024, /* bytes; a longer paste is refused as a whole */
    KEYBOARD_MARK = 6,                /* bytes of either mark */
};

enum keyboard_result {
    KEYBOARD_CHARACTER,
    KEYBOARD_PASTE,   /* keyboard_take_paste gives it */
    KEYBOARD_NOTHING, /* at the moment */
    KEYBOARD_END      /* the terminal went away */
};

struct keyboard {
    int fd;
    unsigned char ahead[KEYBOARD_MARK]; /* read, not yet given out */
    size_t ahead_count;
    mbstate_t state; /* of a character whose first bytes came */
    bool pasting;
    bool too_long; /* the paste */
    struct buf paste;
};

void keyboard_init(struct keyboard *keyboard, int fd);
void keyboard_fini(struct keyboard *keyboard);

/* The next character, or a whole paste. Does not wait, but for what follows an ESC (100 ms). */
enum keyboard_result keyboard_next(struct keyboard *keyboard, wchar_t *character);

/* Forgets what was read, and the rest of a paste under way. */
void keyboard_abort(struct keyboard *keyboard);

/* The text that was pasted, its line ends made "\n", without NULs and what is no character. The
   caller frees it. NULL when it was too long, or there is no memory for it. */
MUST_USE wchar_t *keyboard_take_paste(struct keyboard *keyboard);
