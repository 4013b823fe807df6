/* search: looks for what was typed before by any part of it, letter by letter (Ctrl-R).
   libedit's own takes seconds a letter where an entry is long. */
#pragma once
#include <histedit.h>

struct recall;

struct search_view {
    void *context;
    /* Takes the line off the screen: its rows are known as long as its text is the one
       shown. */
    void (*hide)(void *context);
    /* Shows the line behind this prompt; NULL: behind its own. */
    void (*show)(void *context, const char *prompt);
};

/* Reads keys until one is no part of a search, which then does what it always does: Enter runs
   the entry. Ctrl-R goes on to an older one, Ctrl-S to a newer one, Ctrl-G gives the line back.
   Returns what the editor is to do then. */
unsigned char search_run(
    EditLine *editor, const struct recall *recall, const struct search_view *view);
