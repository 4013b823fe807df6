#include "core/edit.h"

void edit_replace(EditLine *editor, const char *text)
{
    const LineInfoW *line = el_wline(editor);

    el_cursor(editor, (int)(line->lastchar - line->cursor));
    line = el_wline(editor);
    el_deletestr(editor, (int)(line->lastchar - line->buffer));
    if (*text != '\0')
        el_insertstr(editor, text);
}
