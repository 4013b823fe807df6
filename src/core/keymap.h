/* keymap: which keys do what, in libedit's emacs and vi modes. ~/.editrc (or $EDITRC) is read
   first: it chooses the mode, and binds other keys. */
#pragma once
#include <histedit.h>

/* The key that stands for a paste: Ctrl-\, which the terminal makes a signal when it is
   pressed. */
enum { KEYMAP_PASTE = 0x1C };

/* What keys do that libedit has nothing for. */
struct keymap {
    unsigned char (*paste)(EditLine *editor, int key);
    unsigned char (*newline)(EditLine *editor, int key);
    unsigned char (*complete)(EditLine *editor, int key);
    unsigned char (*back)(EditLine *editor, int key);
    unsigned char (*forth)(EditLine *editor, int key);
    unsigned char (*search)(EditLine *editor, int key);
};

void keymap_set(const struct keymap *keymap, EditLine *editor);
