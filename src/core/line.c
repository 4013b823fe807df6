#include "core/line.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "core/attention.h"
#include "core/browse.h"
#include "core/console.h"
#include "core/extent.h"
#include "core/keyboard.h"
#include "core/keymap.h"
#include "core/loop.h"
#include "core/recall.h"
#include "core/search.h"
#include "core/terminal.h"

enum { PROMPT_MAX = 512, ESCAPE_MAX = 16, PATTERN_MAX = 2048 };

struct line {
    EditLine *editor;
    History *history;
    unsigned history_version; /* of `recall` when it was filled */
    size_t longest, room;     /* characters: of an entry, and of the line's buffer */
    FILE *out;
    struct termios modes; /* of the terminal before */
    char prompt[PROMPT_MAX];
    const char *shown_prompt;
    struct keyboard keyboard;
    struct recall *recall;
    struct browse browse;
    struct loop *loop;
    struct loop_watch input, signals;
    struct loop_op *op;
    const struct line_host *host; /* NULL unless reading */
    enum line_result result;
    bool hidden; /* what is typed was taken off the screen for the output of others */
    bool fresh;  /* nothing was read of this line */
};

static struct line *line_of(EditLine *editor)
{
    void *line = NULL;
    el_get(editor, EL_CLIENTDATA, &line);
    return line;
}

static char *prompt_of(EditLine *editor)
{
    return (char *)(size_t)line_of(editor)->shown_prompt;
}

/* ---- what is on the screen ---- */

int line_columns(const struct line *line)
{
    return terminal_size(fileno(line->out)).columns;
}

static struct extent extent(struct line *line)
{
    return extent_of(line->shown_prompt, el_wline(line->editor), line_columns(line));
}

static void hide(struct line *line)
{
    int row = extent(line).row;
    if (row > 0)
        fprintf(line->out, "\033[%dA", row);
    fputs("\r\033[J", line->out);
    fflush(line->out);
    line->hidden = true;
}

/* Called before others write. */
static void make_room(void *context)
{
    struct line *line = context;
    if (line->host != NULL && !line->hidden)
        hide(line);
}

static void show(struct line *line)
{
    fflush(stdout);
    if (console_is_midline())
        fputc('\n', line->out);
    console_end_line();
    line->hidden = false;
    el_set(line->editor, EL_REFRESH);
}

/* Below all of what was typed. */
static void leave_line(struct line *line)
{
    struct extent there = extent(line);
    if (!line->hidden)
        for (int row = there.row; row <= there.last; row++)
            fputc('\n', line->out);
    fflush(line->out);
}

/* Of pastes. */
static void ask_for_marks(struct line *line, bool is_on)
{
    if (!terminal_is(fileno(line->out)))
        return;
    fputs(is_on ? "\033[?2004h" : "\033[?2004l", line->out);
    fflush(line->out);
}

/* ---- waiting ---- */

static void stop(struct line *line)
{
    leave_line(line);
    ask_for_marks(line, false);
    el_set(line->editor, EL_PREP_TERM, 0);
    attention_stop();
}

/* Others may have set the terminal's modes, and written what they liked. */
static void come_back(struct line *line)
{
    el_set(line->editor, EL_PREP_TERM, 0);
    el_set(line->editor, EL_PREP_TERM, 1);
    ask_for_marks(line, true);
    el_resize(line->editor);
    show(line);
}

static void attend(struct line *line)
{
    unsigned came = attention_take();
    if ((came & ATTENTION_STOPPED) != 0)
        stop(line);
    if ((came & (ATTENTION_STOPPED | ATTENTION_CONTINUED)) != 0) {
        come_back(line);
    } else if ((came & ATTENTION_RESIZED) != 0) {
        if (!line->hidden)
            hide(line);
        el_resize(line->editor);
        show(line);
    }
}

static void woken(void *context, unsigned events)
{
    struct line *line = context;
    (void)events;
    loop_unwatch(line->loop, &line->input);
    loop_unwatch(line->loop, &line->signals);
    loop_end(line->loop, line->op);
}

static int listen(struct line *line, struct err *err)
{
    loop_forget(line->loop, line->op);
    line->op->ended = false;
    return loop_watch(line->loop, &line->input, EPOLLIN, err) ||
           loop_watch(line->loop, &line->signals, EPOLLIN, err);
}

static enum line_result wait_for_input(struct line *line)
{
    struct err err;
    enum line_result result = LINE_TEXT;
    if (listen(line, &err) != 0)
        return LINE_END;
    while (result == LINE_TEXT && !line->op->ended) {
        result = line->host->wait(line->host->context);
        if (line->hidden && result == LINE_TEXT)
            show(line);
    }
    loop_unwatch(line->loop, &line->input);
    loop_unwatch(line->loop, &line->signals);
    loop_forget(line->loop, line->op);
    attend(line);
    return result;
}

/* libedit's own search, which a key may be bound to, keeps a pointer into the line while it
   fetches entries: the line must have room for the longest one, and what is searched for,
   beforehand. */
static void make_line_long(struct line *line)
{
    size_t needed = line->longest + PATTERN_MAX;
    wchar_t *blanks = needed > line->room ? calloc(needed + 1, sizeof *blanks) : NULL;
    if (blanks == NULL)
        return;
    wmemset(blanks, L' ', needed);
    if (el_winsertstr(line->editor, blanks) == 0) {
        el_deletestr(line->editor, (int)needed);
        line->room = needed;
    }
    free(blanks);
}

static int read_character(EditLine *editor, wchar_t *character)
{
    struct line *line = line_of(editor);
    if (line->fresh)
        make_line_long(line);
    line->fresh = false;
    for (;;) {
        switch (keyboard_next(&line->keyboard, character)) {
        case KEYBOARD_PASTE:
            *character = KEYMAP_PASTE;
            return 1;
        case KEYBOARD_CHARACTER:
            return 1;
        case KEYBOARD_NOTHING:
            line->result = wait_for_input(line);
            break;
        case KEYBOARD_END:
            line->result = LINE_END;
        }
        if (line->result != LINE_TEXT) {
            keyboard_abort(&line->keyboard);
            return 0;
        }
    }
}

/* ---- keys ---- */

/* After a key that may have written something. */
static unsigned char draw_again(struct line *line)
{
    if (!line->hidden)
        return CC_REFRESH;
    show(line);
    return CC_NORM;
}

static unsigned char insert_paste(EditLine *editor, int key)
{
    struct line *line = line_of(editor);
    wchar_t *text = keyboard_take_paste(&line->keyboard);
    (void)key;
    if (text != NULL)
        el_winsertstr(editor, text);
    else
        fprintf(stderr,
            "siterun: a paste of more than %d bytes is left out: put it into a file\n",
            KEYBOARD_PASTE_MAX);
    free(text);
    return draw_again(line);
}

static unsigned char insert_newline(EditLine *editor, int key)
{
    (void)key;
    return el_winsertstr(editor, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char go_back(EditLine *editor, int key)
{
    (void)key;
    return browse_step(&line_of(editor)->browse, editor, -1);
}

static unsigned char go_forth(EditLine *editor, int key)
{
    (void)key;
    return browse_step(&line_of(editor)->browse, editor, 1);
}

static void show_behind(void *context, const char *prompt)
{
    struct line *line = context;
    if (!line->hidden)
        hide(line);
    line->shown_prompt = prompt != NULL ? prompt : line->prompt;
    show(line);
}

static unsigned char search(EditLine *editor, int key)
{
    struct line *line = line_of(editor);
    const struct search_view view = {.context = line, .hide = make_room, .show = show_behind};
    (void)key;
    recall_merge(line->recall);
    return search_run(editor, line->recall, &view);
}

static unsigned char complete(EditLine *editor, int key)
{
    struct line *line = line_of(editor);
    const LineInfo *typed = el_line(editor);
    struct line_completion found = line->host->complete(line->host->context, typed->buffer,
        (size_t)(typed->lastchar - typed->buffer), (size_t)(typed->cursor - typed->buffer));
    (void)key;
    if (found.erase > 0)
        el_deletestr(editor, (int)found.erase);
    if (found.insert != NULL && *found.insert != '\0')
        el_insertstr(editor, found.insert);
    free(found.insert);
    return draw_again(line);
}

/* ---- from beginning to end ---- */

static int set_up(struct line *line, struct err *err)
{
    static const struct keymap keymap = {
        insert_paste, insert_newline, complete, go_back, go_forth, search};
    line->editor = el_init("siterun", stdin, line->out, line->out);
    line->history = history_init();
    if (line->editor == NULL || line->history == NULL)
        return err_no_memory(err);
    el_set(line->editor, EL_CLIENTDATA, line);
    el_set(line->editor, EL_PROMPT_ESC, prompt_of, EXTENT_LITERAL);
    el_set(line->editor, EL_GETCFN, read_character);
    el_set(line->editor, EL_HIST, history, line->history);
    keymap_set(&keymap, line->editor);
    return 0;
}

/* Without a locale, bytes beyond ASCII would be dropped; terminals of today send UTF-8. */
static void take_characters(void)
{
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int open_terminal(struct line *line, struct err *err)
{
    int fd = dup(STDOUT_FILENO);
    line->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (line->out == NULL || tcgetattr(STDIN_FILENO, &line->modes) != 0)
        return err_set(err, ERR_CONFIG, "the terminal: %s", strerror(errno));
    line->signals.fd = attention_fd(err);
    return line->signals.fd < 0 ? -1 : console_install(err);
}

int line_new(struct line **out_line, struct loop *loop, struct loop_op *op,
    const char *history_path, struct err *err)
{
    struct line *line = calloc(1, sizeof *line);
    if (line == NULL)
        return err_no_memory(err);
    take_characters();
    line->loop = loop;
    line->op = op;
    line->input = (struct loop_watch){.fd = STDIN_FILENO, .ready = woken, .context = line};
    line->signals = (struct loop_watch){.fd = -1, .ready = woken, .context = line};
    keyboard_init(&line->keyboard, STDIN_FILENO);
    if (open_terminal(line, err) || recall_new(&line->recall, history_path, err) ||
        set_up(line, err)) {
        line_free(line);
        return -1;
    }
    browse_init(&line->browse, line->recall);
    console_watch(make_room, line);
    *out_line = line;
    return 0;
}

static void end_reading(struct line *line)
{
    if (line->host == NULL)
        return;
    line->host = NULL;
    console_end_typing();
    ask_for_marks(line, false);
    attention_end();
}

void line_free(struct line *line)
{
    if (line == NULL)
        return;
    console_watch(NULL, NULL);
    end_reading(line);
    loop_unwatch(line->loop, &line->input);
    loop_unwatch(line->loop, &line->signals);
    loop_forget(line->loop, line->op);
    if (line->editor != NULL)
        el_end(line->editor);
    if (line->history != NULL)
        history_end(line->history);
    browse_fini(&line->browse);
    recall_free(line->recall);
    keyboard_fini(&line->keyboard);
    if (line->out != NULL)
        fclose(line->out);
    free(line);
}

/* libedit's copy, which its searches go through. */
static void fill_history(struct line *line)
{
    HistEvent event;
    if (line->history_version == recall_version(line->recall))
        return;
    history(line->history, &event, H_CLEAR);
    history(line->history, &event, H_SETSIZE, RECALL_MAX + RECALL_SLACK);
    for (size_t i = 0; i < recall_count(line->recall); i++) {
        const char *text = recall_text(line->recall, i);
        size_t len = strlen(text);
        line->longest = len > line->longest ? len : line->longest;
        history(line->history, &event, H_ENTER, text);
    }
    line->history_version = recall_version(line->recall);
}

/* Bytes of the escape sequence ("ESC [ 3 1 m") that the text begins with. */
static size_t escape_len(const char *text)
{
    size_t len = *text == '\033' ? strcspn(text, "m") + 1 : 0;
    return len < ESCAPE_MAX && (len == 0 || text[len - 1] == 'm') ? len : 0;
}

/* libedit must be told which of the prompt's characters take no room. */
static void set_prompt(struct line *line, const char *prompt)
{
    char *at = line->prompt, *end = at + PROMPT_MAX - ESCAPE_MAX - 2;
    while (*prompt != '\0' && at < end) {
        size_t escape = escape_len(prompt), len = escape > 0 ? escape : 1;
        if (escape > 0)
            *at++ = EXTENT_LITERAL;
        memcpy(at, prompt, len);
        at += len;
        prompt += len;
        if (escape > 0)
            *at++ = EXTENT_LITERAL;
    }
    *at = '\0';
    line->shown_prompt = line->prompt;
}

static void begin_reading(struct line *line, const struct line_host *host, const char *prompt)
{
    console_begin_typing();
    fflush(stdout);
    if (console_is_midline())
        fputc('\n', line->out);
    console_end_line();
    set_prompt(line, prompt);
    fill_history(line);
    browse_fini(&line->browse);
    line->result = LINE_TEXT;
    line->hidden = false;
    line->fresh = true;
    line->host = host;
    attention_begin(STDIN_FILENO, &line->modes);
    ask_for_marks(line, true);
}

enum line_result line_read(struct line *line, const struct line_host *host, const char *prompt,
    const char **text, size_t *len)
{
    int count = 0;
    begin_reading(line, host, prompt);
    *text = el_gets(line->editor, &count);
    if (*text == NULL || count <= 0) {
        leave_line(line);
        end_reading(line);
        return line->result == LINE_INTERRUPTED ? LINE_INTERRUPTED : LINE_END;
    }
    end_reading(line);
    *len = (size_t)count - ((*text)[count - 1] == '\n');
    return LINE_TEXT;
}

bool line_is_reading(const struct line *line)
{
    return line->host != NULL;
}

int line_remember(struct line *line, const char *text, struct err *err)
{
    return recall_add(line->recall, text, err);
}

size_t line_history_count(const struct line *line)
{
    return recall_count(line->recall);
}

const char *line_history_text(const struct line *line, size_t i)
{
    return recall_text(line->recall, i);
}
