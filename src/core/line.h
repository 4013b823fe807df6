/* line: reads lines from a terminal, with editing (libedit, set up by the user's ~/.editrc),
   history, pastes taken as text, and others at work meanwhile, whose output goes above the
   line. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct line;
struct loop;
struct loop_op;

enum line_result {
    LINE_TEXT,
    LINE_INTERRUPTED, /* Ctrl-C: what was typed is to be forgotten */
    LINE_END          /* Ctrl-D, or the terminal went away */
};

/* What is to be done about what precedes the cursor when Tab is pressed. */
struct line_completion {
    size_t erase; /* characters */
    char *insert; /* NULL: nothing; freed by the editor */
};

/* Whom the editor calls while it reads. These may write to stdout and stderr. */
struct line_host {
    void *context;
    /* Lets others work until the operation has ended or something else happened. LINE_TEXT: go
       on. */
    enum line_result (*wait)(void *context);
    /* `cursor` is an offset in `text`, in bytes. */
    struct line_completion (*complete)(
        void *context, const char *text, size_t len, size_t cursor);
};

/* For the terminal that stdin and stdout are, as the process's only editor; `loop` and `op`
   must outlive it. `op` has ended when there is something for the editor to do. `history` is a
   file (see recall.h) or NULL. Takes over the character set of the environment, and stdout and
   stderr (see console.h), for the whole process. Free with line_free; NULL is fine. */
MUST_USE int line_new(struct line **out_line, struct loop *loop, struct loop_op *op,
    const char *history, struct err *err);
void line_free(struct line *line);

/* Waits for a line. With LINE_TEXT, `text` is good until the next call; it may have several
   lines, the last one without its newline. Escape sequences in the prompt may set colours. */
enum line_result line_read(struct line *line, const struct line_host *host, const char *prompt,
    const char **text, size_t *len);

/* Whether line_read is under way. */
bool line_is_reading(const struct line *line);

/* Puts a text at the end of the history; see recall_add. */
MUST_USE int line_remember(struct line *line, const char *text, struct err *err);

/* The history, the oldest is 0. */
size_t line_history_count(const struct line *line);
const char *line_history_text(const struct line *line, size_t i);

/* Columns of the terminal. */
int line_columns(const struct line *line);
