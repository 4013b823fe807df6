/* edit: changes of the line being edited that libedit has no function for. */
#pragma once
#include <histedit.h>

/* Puts the text in the place of the whole line, the cursor behind it. */
void edit_replace(EditLine *editor, const char *text);
