#include "core/search.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "core/edit.h"
#include "core/recall.h"

enum { PATTERN_MAX = 200, PROMPT_MAX = PATTERN_MAX + 32 }; /* bytes */
enum { CTRL_G = 7, CTRL_H = 8, CTRL_R = 18, CTRL_S = 19, RUBOUT = 127 };

struct search {
    EditLine *editor;
    const struct recall *recall;
    char pattern[PATTERN_MAX];
    size_t len;
    size_t at; /* the entry in the line; recall_count: what was typed */
    bool failed;
    char *typed;
};

/* Goes from entry `from` on in a direction to one that has the pattern. */
static void find(struct search *search, size_t from, int direction)
{
    size_t count = recall_count(search->recall);
    search->failed = false;
    for (size_t at = from; at < count; at += (size_t)direction) {
        if (strstr(recall_text(search->recall, at), search->pattern) == NULL)
            continue;
        search->at = at;
        edit_replace(search->editor, recall_text(search->recall, at));
        return;
    }
    search->failed = true;
}

/* The entry in the line may do, or else the newest older one. */
static void find_again(struct search *search)
{
    size_t count = recall_count(search->recall);
    if (search->len > 0)
        find(search, search->at < count ? search->at : count - 1, -1);
}

static void add(struct search *search, wchar_t key)
{
    char bytes[MB_LEN_MAX + 1];
    mbstate_t state = {0};
    size_t len = wcrtomb(bytes, key, &state);
    if (len == (size_t)-1 || search->len + len >= PATTERN_MAX)
        return;
    memcpy(search->pattern + search->len, bytes, len);
    search->len += len;
    search->pattern[search->len] = '\0';
    find_again(search);
}

/* What is left of the pattern may be in a newer entry. */
static void take_back(struct search *search)
{
    while (search->len > 0 && (search->pattern[--search->len] & 0xC0) == 0x80) {
    }
    search->pattern[search->len] = '\0';
    search->at = recall_count(search->recall);
    find_again(search);
}

/* Whether the key is part of the search. */
static bool take(struct search *search, wchar_t key)
{
    if (iswprint((wint_t)key))
        add(search, key);
    else if (key == CTRL_H || key == RUBOUT)
        take_back(search);
    else if (key == CTRL_R)
        find(search, search->at - 1, -1);
    else if (key == CTRL_S)
        find(search, search->at + 1, 1);
    else
        return false;
    return true;
}

static unsigned char leave(struct search *search, wchar_t key)
{
    const wchar_t again[] = {key, L'\0'};
    if (key == CTRL_G)
        edit_replace(search->editor, search->typed);
    else
        el_wpush(search->editor, again);
    return CC_REFRESH;
}

static unsigned char read_keys(struct search *search, const struct search_view *view)
{
    char prompt[PROMPT_MAX];
    wchar_t key;
    do {
        snprintf(prompt, sizeof prompt, "%s \"%s\": ", search->failed ? "not found" : "search",
            search->pattern);
        view->show(view->context, prompt);
        if (el_wgetc(search->editor, &key) != 1) {
            view->show(view->context, NULL);
            return CC_EOF;
        }
        view->hide(view->context);
    } while (take(search, key));
    view->show(view->context, NULL);
    return leave(search, key);
}

unsigned char search_run(
    EditLine *editor, const struct recall *recall, const struct search_view *view)
{
    const LineInfo *line = el_line(editor);
    struct search search = {.editor = editor, .recall = recall, .at = recall_count(recall)};
    unsigned char next;
    search.typed = strndup(line->buffer, (size_t)(line->lastchar - line->buffer));
    if (search.typed == NULL)
        return CC_ERROR;
    next = read_keys(&search, view);
    free(search.typed);
    return next;
}
