#include "core/line.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { HISTORY_MAX = 1000 };

struct line {
    EditLine *editor;
    History *history;
    FILE *out;
    const char *prompt;
    int fd;
    bool interrupted;
    sigset_t waiting; /* the mask under which SIGINT comes through */
};

static void wake(int signal_number)
{
    (void)signal_number; /* its only use is that ppoll returns */
}

static struct line *line_of(EditLine *editor)
{
    void *line = NULL;
    el_get(editor, EL_CLIENTDATA, &line);
    return line;
}

static char *prompt_of(EditLine *editor)
{
    return (char *)(size_t)line_of(editor)->prompt;
}

/* 1: a byte, 0: the end, -1: an error or (with errno EINTR) a signal */
static int read_byte(struct line *line, char *byte)
{
    struct pollfd input = {.fd = line->fd, .events = POLLIN};
    if (ppoll(&input, 1, NULL, &line->waiting) < 0)
        return -1;
    return (int)read(line->fd, byte, 1);
}

static int read_character(EditLine *editor, wchar_t *character)
{
    struct line *line = line_of(editor);
    mbstate_t state = {0};
    char byte;
    for (;;) {
        int got = read_byte(line, &byte);
        if (got < 0 && errno == EINTR)
            line->interrupted = true;
        if (got <= 0)
            return 0;
        size_t used = mbrtowc(character, &byte, 1, &state);
        if (used == (size_t)-1)
            memset(&state, 0, sizeof state); /* not in the character set: left out */
        else if (used != (size_t)-2)
            return 1;
    }
}

static int set_up(struct line *line, FILE *in, struct err *err)
{
    HistEvent event;
    line->editor = el_init("siterun", in, line->out, stderr);
    line->history = history_init();
    if (line->editor == NULL || line->history == NULL)
        return err_no_memory(err);
    history(line->history, &event, H_SETSIZE, HISTORY_MAX);
    history(line->history, &event, H_SETUNIQUE, 1);
    el_set(line->editor, EL_CLIENTDATA, line);
    el_set(line->editor, EL_EDITOR, "emacs");
    el_set(line->editor, EL_PROMPT, prompt_of);
    el_set(line->editor, EL_GETCFN, read_character);
    el_set(line->editor, EL_HIST, history, line->history);
    return 0;
}

/* Without a locale, bytes beyond ASCII would be dropped; terminals of today send UTF-8. */
static void take_characters(void)
{
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

int line_new(struct line **out_line, FILE *in, FILE *out, struct err *err)
{
    struct line *line = calloc(1, sizeof *line);
    if (line == NULL)
        return err_no_memory(err);
    take_characters();
    line->out = out;
    line->fd = fileno(in);
    if (set_up(line, in, err) != 0) {
        line_free(line);
        return -1;
    }
    *out_line = line;
    return 0;
}

void line_free(struct line *line)
{
    if (line == NULL)
        return;
    if (line->editor != NULL)
        el_end(line->editor);
    if (line->history != NULL)
        history_end(line->history);
    free(line);
}

static const char *get_line(struct line *line, int *count)
{
    struct sigaction ours = {.sa_handler = wake}, theirs;
    sigset_t blocked;
    sigemptyset(&ours.sa_mask);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaction(SIGINT, &ours, &theirs);
    sigprocmask(SIG_BLOCK, &blocked, &line->waiting);
    const char *text = el_gets(line->editor, count);
    sigprocmask(SIG_SETMASK, &line->waiting, NULL);
    sigaction(SIGINT, &theirs, NULL);
    return text;
}

enum line_result line_read(
    struct line *line, const char *prompt, const char **text, size_t *len)
{
    int count = 0;
    line->prompt = prompt;
    line->interrupted = false;
    *text = get_line(line, &count);
    if (line->interrupted || *text == NULL || count <= 0) {
        fputc('\n', line->out);
        fflush(line->out);
        return line->interrupted ? LINE_INTERRUPTED : LINE_END;
    }
    *len = (size_t)count - ((*text)[count - 1] == '\n');
    return LINE_TEXT;
}

void line_remember(struct line *line, const char *text)
{
    HistEvent event;
    history(line->history, &event, H_ENTER, text);
}
