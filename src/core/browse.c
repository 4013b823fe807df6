#include "core/browse.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/edit.h"
#include "core/recall.h"

void browse_init(struct browse *browse, struct recall *recall)
{
    *browse = (struct browse){.recall = recall};
}

static void forget(char **text)
{
    free(*text);
    *text = NULL;
}

void browse_fini(struct browse *browse)
{
    forget(&browse->typed);
    forget(&browse->shown);
}

/* ---- among the lines of a text ---- */

static const wchar_t *line_start(const LineInfoW *line, const wchar_t *at)
{
    while (at > line->buffer && at[-1] != L'\n')
        at--;
    return at;
}

static const wchar_t *line_end(const LineInfoW *line, const wchar_t *at)
{
    while (at < line->lastchar && *at != L'\n')
        at++;
    return at;
}

/* NULL when there is no line in this direction. */
static const wchar_t *target(const LineInfoW *line, int direction)
{
    const wchar_t *start = line_start(line, line->cursor), *to, *end;
    if (direction < 0 && start == line->buffer)
        return NULL;
    to = direction < 0 ? line_start(line, start - 1) : line_end(line, line->cursor) + 1;
    if (to > line->lastchar)
        return NULL;
    end = line_end(line, to);
    return end - to < line->cursor - start ? end : to + (line->cursor - start);
}

static bool move_cursor(EditLine *editor, int direction)
{
    const LineInfoW *line = el_wline(editor);
    const wchar_t *to = target(line, direction);
    if (to == NULL)
        return false;
    el_cursor(editor, (int)(to - line->cursor));
    return true;
}

/* ---- among the entries ---- */

static bool is_entry(const struct browse *browse, const LineInfo *line)
{
    size_t len = (size_t)(line->lastchar - line->buffer);
    return browse->shown != NULL && line->cursor == line->lastchar &&
           strlen(browse->shown) == len && memcmp(browse->shown, line->buffer, len) == 0;
}

static bool begin(struct browse *browse, const LineInfo *line)
{
    recall_merge(browse->recall);
    browse_fini(browse);
    browse->typed = strndup(line->buffer, (size_t)(line->lastchar - line->buffer));
    browse->prefix = (size_t)(line->cursor - line->buffer);
    browse->at = recall_count(browse->recall);
    return browse->typed != NULL;
}

/* An entry that is shown already is passed over. */
static bool fits(const struct browse *browse, const char *text)
{
    const char *shown = browse->shown != NULL ? browse->shown : browse->typed;
    return strncmp(text, browse->typed, browse->prefix) == 0 && strcmp(text, shown) != 0;
}

static const char *find(struct browse *browse, int direction)
{
    size_t count = recall_count(browse->recall), at = browse->at;
    while (direction < 0 ? at > 0 : at < count) {
        at = direction < 0 ? at - 1 : at + 1;
        const char *text = at < count ? recall_text(browse->recall, at) : browse->typed;
        if (at < count && !fits(browse, text))
            continue;
        browse->at = at;
        return text;
    }
    return NULL;
}

unsigned char browse_step(struct browse *browse, EditLine *editor, int direction)
{
    const LineInfo *line = el_line(editor);
    bool goes_on = is_entry(browse, line);
    const char *text;
    if (!goes_on && move_cursor(editor, direction))
        return CC_REFRESH;
    if (!goes_on && (direction > 0 || !begin(browse, line)))
        return CC_ERROR;
    text = find(browse, direction);
    if (text == NULL)
        return CC_ERROR;
    forget(&browse->shown);
    browse->shown = strdup(text);
    edit_replace(editor, text);
    return CC_REFRESH;
}
