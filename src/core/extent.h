/* extent: which rows of the screen a line being edited takes, by the rules that libedit draws
   it by. */
#pragma once
#include <histedit.h>

struct extent {
    int row;  /* of the cursor, from 0 */
    int last; /* row */
};

enum { EXTENT_LITERAL = 1 }; /* the prompt's bytes between two of these take no room */

struct extent extent_of(const char *prompt, const LineInfoW *line, int columns);
