#include "core/recall.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/recall_file.h"
#include "core/secret.h"

struct list {
    char **texts;
    size_t count, cap;
};

struct recall {
    struct list others, own;
    bool has_file;
    struct recall_file file;
    unsigned version;
};

/* ---- lists ---- */

static int list_add(struct list *list, char *text, struct err *err)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 64;
        char **texts = realloc(list->texts, cap * sizeof *texts);
        if (texts == NULL)
            return err_no_memory(err);
        list->texts = texts;
        list->cap = cap;
    }
    list->texts[list->count++] = text;
    return 0;
}

static void list_drop_first(struct list *list, size_t count)
{
    if (count > list->count)
        count = list->count;
    for (size_t i = 0; i < count; i++)
        free(list->texts[i]);
    list->count -= count;
    if (count > 0)
        memmove(list->texts, list->texts + count, list->count * sizeof *list->texts);
}

static void list_fini(struct list *list)
{
    list_drop_first(list, list->count);
    free(list->texts);
}

/* ---- an entry is a line of the file: "\n" and "\\" stand for what they do in C ---- */

static int add_line(struct buf *out, const char *text, struct err *err)
{
    for (; *text != '\0'; text++) {
        const char *escaped = *text == '\n' ? "\\n" : *text == '\\' ? "\\\\" : NULL;
        if (escaped != NULL ? buf_add_string(out, escaped, err) : buf_add(out, text, 1, err))
            return -1;
    }
    return buf_add(out, "\n", 1, err);
}

static char *text_of_line(const char *line, size_t len)
{
    char *text = malloc(len + 1), *end = text;
    for (size_t i = 0; text != NULL && i < len; i++) {
        if (line[i] == '\\' && i + 1 < len)
            *end++ = line[++i] == 'n' ? '\n' : line[i];
        else if (line[i] != '\0')
            *end++ = line[i];
    }
    if (text != NULL)
        *end = '\0';
    return text;
}

/* ---- the entries ---- */

size_t recall_count(const struct recall *recall)
{
    return recall->others.count + recall->own.count;
}

static char **entry(const struct recall *recall, size_t i)
{
    size_t others = recall->others.count;
    return i < others ? &recall->others.texts[i] : &recall->own.texts[i - others];
}

const char *recall_text(const struct recall *recall, size_t i)
{
    return *entry(recall, i);
}

unsigned recall_version(const struct recall *recall)
{
    return recall->version;
}

/* How many of the newest entries fit: in number, and in what they take when all is escaped. */
static size_t count_kept(const struct recall *recall)
{
    size_t count = recall_count(recall), kept = 0, bytes = 0;
    while (kept < count && kept < RECALL_MAX) {
        bytes += 2 * strlen(recall_text(recall, count - kept - 1)) + 1;
        if (bytes > RECALL_FILE_MAX / 2)
            break;
        kept++;
    }
    return kept;
}

static void drop_oldest(struct recall *recall)
{
    size_t dropped = recall_count(recall) - count_kept(recall);
    size_t others = recall->others.count;
    if (dropped == 0)
        return;
    list_drop_first(&recall->others, dropped);
    if (dropped > others)
        list_drop_first(&recall->own, dropped - others);
    recall->version++;
}

static int redacted(const char *text, char **out, struct err *err)
{
    struct buf shown;
    buf_init(&shown, 2 * RECALL_ENTRY_MAX);
    int failed = secret_redact(&shown, text, strlen(text), err);
    *out = failed ? NULL : buf_take(&shown);
    buf_fini(&shown);
    if (!failed && *out == NULL)
        *out = strdup("");
    return *out != NULL ? 0 : -1;
}

/* Whether an entry held a secret, and so does the file; -1 on an error */
static int hide_secrets(struct recall *recall, struct err *err)
{
    int found = 0;
    for (size_t i = 0; i < recall_count(recall); i++) {
        char **text = entry(recall, i), *shown;
        if (redacted(*text, &shown, err) != 0)
            return -1;
        found |= strcmp(*text, shown) != 0;
        free(*text);
        *text = shown;
    }
    recall->version += found ? 1 : 0;
    return found;
}

/* ---- the file ---- */

/* A line that somebody else put there may be too long for an entry: it is left out. */
static int take_line(struct recall *recall, const char *line, size_t len, struct err *err)
{
    char *text = len > 0 ? text_of_line(line, len) : NULL;
    bool fits = text != NULL && strlen(text) <= RECALL_ENTRY_MAX;
    int failed = fits ? list_add(&recall->others, text, err) : 0;
    if (!fits || failed)
        free(text);
    return failed;
}

static int take_lines(struct recall *recall, const struct buf *lines, struct err *err)
{
    const char *at = buf_text(lines), *end = at + lines->len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        if (take_line(recall, at, len, err) != 0)
            return -1;
        recall->version++;
        at += len + 1;
    }
    return 0;
}

/* Of a file that was replaced all is read again, this session's entries too. */
static int take_others(struct recall *recall, bool is_other, struct err *err)
{
    struct buf lines;
    buf_init(&lines, RECALL_FILE_MAX);
    int failed = recall_file_read(&recall->file, &lines, err);
    if (!failed && is_other) {
        list_drop_first(&recall->others, recall->others.count);
        list_drop_first(&recall->own, recall->own.count);
    }
    failed = failed || take_lines(recall, &lines, err);
    buf_fini(&lines);
    return failed ? -1 : 0;
}

static int write_anew(struct recall *recall, struct err *err)
{
    struct buf lines;
    int failed = 0;
    drop_oldest(recall);
    buf_init(&lines, RECALL_FILE_MAX);
    for (size_t i = 0; !failed && i < recall_count(recall); i++)
        failed = add_line(&lines, recall_text(recall, i), err);
    if (!failed)
        failed = recall_file_replace(&recall->file, buf_text(&lines), lines.len, err);
    buf_fini(&lines);
    return failed ? -1 : 0;
}

static int append(struct recall *recall, const char *text, struct err *err)
{
    struct buf line;
    buf_init(&line, 2 * RECALL_ENTRY_MAX + 2);
    int failed = add_line(&line, text, err) ||
                 recall_file_append(&recall->file, buf_text(&line), line.len, err);
    buf_fini(&line);
    return failed ? -1 : 0;
}

static int keep(struct recall *recall, char *text, struct err *err)
{
    if (list_add(&recall->own, text, err) == 0) {
        recall->version++;
        return 0;
    }
    free(text);
    return -1;
}

/* With the file locked. */
static int share(struct recall *recall, bool is_other, char *text, struct err *err)
{
    int failed = take_others(recall, is_other, err);
    int found = hide_secrets(recall, err);
    if (keep(recall, text, err) != 0 || found < 0)
        return -1;
    if (failed || found || recall_count(recall) > RECALL_MAX + RECALL_SLACK ||
        recall->file.seen > RECALL_FILE_MAX / 2)
        return write_anew(recall, err);
    return append(recall, text, err);
}

static bool is_repeated(const struct recall *recall, const char *text)
{
    size_t own = recall->own.count;
    return own > 0 && strcmp(recall->own.texts[own - 1], text) == 0;
}

int recall_add(struct recall *recall, const char *text, struct err *err)
{
    bool is_other = false;
    char *shown;
    if (strlen(text) > RECALL_ENTRY_MAX)
        return 0;
    if (redacted(text, &shown, err) != 0)
        return -1;
    if (is_repeated(recall, shown)) {
        free(shown);
        return 0;
    }
    if (!recall->has_file || recall_file_lock(&recall->file, &is_other, err) != 0) {
        int failed = keep(recall, shown, err) != 0 || hide_secrets(recall, err) < 0;
        drop_oldest(recall);
        return failed || recall->has_file ? -1 : 0;
    }
    int failed = share(recall, is_other, shown, err);
    recall_file_unlock(&recall->file);
    return failed;
}

void recall_merge(struct recall *recall)
{
    bool is_other = false;
    struct err err;
    if (!recall->has_file || access(recall->file.path, F_OK) != 0 ||
        recall_file_lock(&recall->file, &is_other, &err) != 0)
        return;
    if (take_others(recall, is_other, &err) != 0 || hide_secrets(recall, &err) < 0)
        recall->version++; /* what could be read is there */
    recall_file_unlock(&recall->file);
}

int recall_new(struct recall **out, const char *path, struct err *err)
{
    struct recall *recall = calloc(1, sizeof *recall);
    if (recall == NULL)
        return err_no_memory(err);
    recall->has_file = path != NULL;
    if (path != NULL && recall_file_init(&recall->file, path, err) != 0) {
        free(recall);
        return -1;
    }
    recall_merge(recall);
    *out = recall;
    return 0;
}

void recall_free(struct recall *recall)
{
    if (recall == NULL)
        return;
    if (recall->has_file)
        recall_file_fini(&recall->file);
    list_fini(&recall->others);
    list_fini(&recall->own);
    free(recall);
}
