/* line: reads lines from a terminal, with editing and a history in memory. */
#pragma once
#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

struct line;

enum line_result {
    LINE_TEXT,
    LINE_INTERRUPTED, /* Ctrl-C: what was typed is to be forgotten */
    LINE_END          /* Ctrl-D, or the terminal went away */
};

/* `in` and `out` are a terminal's and must outlive the editor. Takes over the character set of the
 * environment for the whole process. Free with line_free; NULL is fine. */
MUST_USE int line_new(struct line **out_line, FILE *in, FILE *out, struct err *err);
void line_free(struct line *line);

/* Waits for a line. With LINE_TEXT, `text` has no newline and is good until the next call. While
 * it waits, SIGINT is its own; then whoever had it gets it back. */
enum line_result line_read(
    struct line *line, const char *prompt, const char **text, size_t *len);

/* Puts a text at the end of the history. */
void line_remember(struct line *line, const char *text);
