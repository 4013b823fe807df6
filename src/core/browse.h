/* browse: goes through what was typed before, from the line being edited (Up and Down): all of
   it, or what begins as the line does before its cursor. */
#pragma once
#include <histedit.h>
#include <stddef.h>

struct recall;

struct browse {
    struct recall *recall;
    size_t at;     /* the entry shown; recall_count: the line typed */
    char *typed;   /* what is searched for, and comes back after the last entry */
    size_t prefix; /* bytes of it */
    char *shown;   /* the entry as it was put into the line */
};

void browse_init(struct browse *browse, struct recall *recall);
void browse_fini(struct browse *browse);

/* One step back (-1) or forth (1): what the editor is to do then (CC_REFRESH, CC_ERROR). In
   text of several lines it moves the cursor, unless the text is an entry as it was. */
unsigned char browse_step(struct browse *browse, EditLine *editor, int direction);
