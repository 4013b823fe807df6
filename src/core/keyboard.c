#include "core/keyboard.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the rest of a key's sequence may take: a network may part it. */
enum { PATIENCE_MS = 100, ESCAPE = 0x1B };

static const char begin_mark[] = "\033[200~", end_mark[] = "\033[201~";

void keyboard_init(struct keyboard *keyboard, int fd)
{
    *keyboard = (struct keyboard){.fd = fd};
    buf_init(&keyboard->paste, KEYBOARD_PASTE_MAX + KEYBOARD_MARK);
}

void keyboard_fini(struct keyboard *keyboard)
{
    buf_wipe(&keyboard->paste);
}

/* Makes sure that `ahead` holds `count` bytes. */
static enum keyboard_result look_ahead(struct keyboard *keyboard, size_t count, int wait_ms)
{
    while (keyboard->ahead_count < count) {
        struct pollfd input = {.fd = keyboard->fd, .events = POLLIN};
        if (poll(&input, 1, wait_ms) <= 0)
            return KEYBOARD_NOTHING;
        ssize_t got = read(keyboard->fd, &keyboard->ahead[keyboard->ahead_count], 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return KEYBOARD_NOTHING;
        if (got <= 0)
            return KEYBOARD_END;
        keyboard->ahead_count++;
    }
    return KEYBOARD_CHARACTER;
}

static void drop(struct keyboard *keyboard, size_t count)
{
    keyboard->ahead_count -= count;
    memmove(keyboard->ahead, keyboard->ahead + count, keyboard->ahead_count);
}

/* Whether the bytes ahead are the mark. Those of other keys are left where they are. */
static bool is_paste(struct keyboard *keyboard)
{
    for (size_t i = 0; i < KEYBOARD_MARK; i++) {
        if (look_ahead(keyboard, i + 1, PATIENCE_MS) != KEYBOARD_CHARACTER ||
            keyboard->ahead[i] != (unsigned char)begin_mark[i])
            return false;
    }
    return true;
}

static bool is_complete(const struct buf *paste)
{
    return paste->len >= KEYBOARD_MARK &&
           memcmp(paste->data + paste->len - KEYBOARD_MARK, end_mark, KEYBOARD_MARK) == 0;
}

/* Of a paste that is too long only the end is looked for. */
static void add_pasted(struct keyboard *keyboard, unsigned char byte)
{
    struct buf *paste = &keyboard->paste;
    struct err err;
    if (buf_add(paste, &byte, 1, &err) == 0)
        return;
    keyboard->too_long = true;
    if (paste->len > KEYBOARD_MARK) { /* else there is no memory */
        memmove(paste->data, paste->data + paste->len - KEYBOARD_MARK, KEYBOARD_MARK);
        paste->len = KEYBOARD_MARK;
    }
    if (buf_add(paste, &byte, 1, &err) != 0)
        paste->len = 0;
}

static enum keyboard_result read_paste(struct keyboard *keyboard)
{
    while (!is_complete(&keyboard->paste)) {
        enum keyboard_result result = look_ahead(keyboard, 1, 0);
        if (result != KEYBOARD_CHARACTER)
            return result;
        add_pasted(keyboard, keyboard->ahead[0]);
        drop(keyboard, 1);
    }
    keyboard->paste.len -= KEYBOARD_MARK;
    keyboard->pasting = false;
    return KEYBOARD_PASTE;
}

static void begin_paste(struct keyboard *keyboard)
{
    drop(keyboard, KEYBOARD_MARK);
    buf_clear(&keyboard->paste);
    keyboard->pasting = true;
    keyboard->too_long = false;
}

/* Adds the byte ahead to the character that it belongs to; true when that is complete. A byte
   that is no part of one is left out. */
static bool decode(struct keyboard *keyboard, wchar_t *character)
{
    bool has_begun = !mbsinit(&keyboard->state);
    size_t used = mbrtowc(character, (char *)keyboard->ahead, 1, &keyboard->state);
    if (used == (size_t)-1)
        memset(&keyboard->state, 0, sizeof keyboard->state);
    if (used != (size_t)-1 || !has_begun)
        drop(keyboard, 1);
    return used != (size_t)-1 && used != (size_t)-2;
}

enum keyboard_result keyboard_next(struct keyboard *keyboard, wchar_t *character)
{
    enum keyboard_result result;
    do {
        if (keyboard->pasting)
            return read_paste(keyboard);
        result = look_ahead(keyboard, 1, 0);
        if (result != KEYBOARD_CHARACTER)
            return result;
        if (keyboard->ahead[0] == ESCAPE && is_paste(keyboard)) {
            begin_paste(keyboard);
            continue;
        }
    } while (keyboard->pasting || !decode(keyboard, character));
    return result;
}

/* A paste whose end never comes is over when the terminal is silent. */
void keyboard_abort(struct keyboard *keyboard)
{
    while (keyboard->pasting && look_ahead(keyboard, 1, PATIENCE_MS) == KEYBOARD_CHARACTER) {
        add_pasted(keyboard, keyboard->ahead[0]);
        drop(keyboard, 1);
        keyboard->pasting = !is_complete(&keyboard->paste);
    }
    keyboard->pasting = false;
    keyboard->ahead_count = 0;
    memset(&keyboard->state, 0, sizeof keyboard->state);
    buf_wipe(&keyboard->paste);
}

static size_t decode_text(wchar_t *out, const char *text, size_t len)
{
    mbstate_t state = {0};
    size_t count = 0;
    for (size_t i = 0; i < len;) {
        size_t used = mbrtowc(&out[count], text + i, len - i, &state);
        if (used == 0 || used == (size_t)-1 || used == (size_t)-2) {
            memset(&state, 0, sizeof state);
            i++;
            continue;
        }
        i += used;
        if (out[count] == L'\r')
            out[count] = L'\n';
        if (out[count] != L'\n' || i < 2 || text[i - 1] != '\n' || text[i - 2] != '\r')
            count++;
    }
    return count;
}

wchar_t *keyboard_take_paste(struct keyboard *keyboard)
{
    wchar_t *text = NULL;
    if (!keyboard->too_long)
        text = calloc(keyboard->paste.len + 1, sizeof *text);
    if (text != NULL)
        text[decode_text(text, buf_text(&keyboard->paste), keyboard->paste.len)] = L'\0';
    buf_wipe(&keyboard->paste);
    return text;
}
