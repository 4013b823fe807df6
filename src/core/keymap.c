#include "core/keymap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_vi(EditLine *editor)
{
    const char *mode = NULL;
    el_get(editor, EL_EDITOR, &mode);
    return mode != NULL && strcmp(mode, "vi") == 0;
}

/* In vi's mode an ESC has been read, as a command, before the rest of a key's sequence comes:
   that is bound among the commands. The rest of the new line's key is Enter there. */
static void bind_key(EditLine *editor, const char *key, const char *function)
{
    bool is_sequence = *key == '\033', vi = is_vi(editor);
    if (!vi || !is_sequence)
        el_set(editor, EL_BIND, key, function, NULL);
    if (vi && strcmp(function, "siterun-newline") != 0)
        el_set(editor, EL_BIND, "-a", key + is_sequence, function, NULL);
}

static void bind_keys(EditLine *editor)
{
    static const char paste[] = {KEYMAP_PASTE, '\0'};
    static const char *const keys[][2] = {
        {paste, "siterun-paste"},
        {"\033\r", "siterun-newline"},
        {"\033\n", "siterun-newline"},
        {"\t", "siterun-complete"},
        {"\033[A", "siterun-back"},
        {"\033OA", "siterun-back"},
        {"\020", "siterun-back"},
        {"\033[B", "siterun-forth"},
        {"\033OB", "siterun-forth"},
        {"\016", "siterun-forth"},
        {"\022", "siterun-search"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        bind_key(editor, keys[i][0], keys[i][1]);
}

/* libedit looks for the file by itself only where there is issetugid(). */
static void read_editrc(EditLine *editor)
{
    const char *home = getenv("HOME"), *named = getenv("EDITRC");
    char *path = NULL;
    if (named != NULL && *named != '\0')
        el_source(editor, named);
    else if (home != NULL && asprintf(&path, "%s/.editrc", home) >= 0)
        el_source(editor, path);
    free(path);
}

/* libedit keeps the wide texts, and loses copies of narrow ones. */
static void add_functions(const struct keymap *keymap, EditLine *editor)
{
    const struct {
        const wchar_t *name, *text;
        unsigned char (*function)(EditLine *editor, int key);
    } functions[] = {
        {L"siterun-paste", L"Insert what was pasted", keymap->paste},
        {L"siterun-newline", L"Insert a line end", keymap->newline},
        {L"siterun-complete", L"Complete what was typed", keymap->complete},
        {L"siterun-back", L"An earlier entry", keymap->back},
        {L"siterun-forth", L"A later entry", keymap->forth},
        {L"siterun-search", L"Search what was typed", keymap->search},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        el_wset(editor, EL_ADDFN, functions[i].name, functions[i].text, functions[i].function);
}

void keymap_set(const struct keymap *keymap, EditLine *editor)
{
    add_functions(keymap, editor);
    el_set(editor, EL_EDITOR, "emacs");
    read_editrc(editor);
    bind_keys(editor);
}
