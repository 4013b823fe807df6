/* Where secrets come from: the environment, a file, a command. */
#include "core/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/process.h"

enum { COMMAND_MS = 30 * 1000 };

/* What a variable held, kept for the life of the process. */
struct taken {
    struct taken *next;
    struct secret *secret; /* NULL when the value was no good */
    struct err err;
    char name[];
};

static struct taken *all_taken;

static struct taken *find(const char *name)
{
    struct taken *taken = all_taken;

    while (taken && strcmp(taken->name, name) != 0)
        taken = taken->next;
    return taken;
}

/* Overwrites each copy of the variable, so that /proc/self/environ does not show it either. */
static void erase(const char *name)
{
    size_t len = strlen(name);

    for (char **entry = environ; entry && *entry; entry++)
        if (!strncmp(*entry, name, len) && (*entry)[len] == '=')
            explicit_bzero(*entry + len + 1, strlen(*entry + len + 1));
    unsetenv(name);
}

static struct taken *take(const char *name, const char *value)
{
    struct taken *taken = calloc(1, sizeof *taken + strlen(name) + 1);

    if (!taken)
        return NULL;
    strcpy(taken->name, name);
    if (secret_new(&taken->secret, value, strlen(value), name, &taken->err))
        taken->secret = NULL;
    taken->next = all_taken;
    return all_taken = taken;
}

int secret_from_env(struct secret **out, const char *name, struct err *err)
{
    struct taken *taken = find(name);
    const char *value = taken ? NULL : getenv(name);

    *out = NULL;
    if (value && *value) {
        taken = take(name, value);
        if (!taken)
            return err_no_memory(err);
        erase(name);
    }
    if (taken && !taken->secret) {
        *err = taken->err;
        return -1;
    }
    *out = taken ? secret_ref(taken->secret) : NULL;
    return 0;
}

static size_t without_line_ends(const struct buf *text)
{
    size_t len = text->len;

    while (len && (text->data[len - 1] == '\n' || text->data[len - 1] == '\r'))
        len--;
    return len;
}

int secret_from_file(struct secret **out, const char *path, struct err *err)
{
    struct buf text;
    bool shared = false;
    int failed;

    buf_init(&text, SECRET_MAX);
    failed = file_read(path, &text, &shared, err);
    if (failed)
        err->kind = ERR_CONFIG;
    else if (shared)
        failed = err_set(err, ERR_CONFIG,
            "%s holds a secret and is open to others: run chmod 600 %s", path, path);
    else
        failed = secret_new(out, buf_text(&text), without_line_ends(&text), path, err);
    buf_wipe(&text);
    return failed;
}

/* The complaint may quote secrets of ours, but hardly the one that the command did not print.
 */
static int command_failed(
    const char *label, const struct process_result *result, struct err *err)
{
    struct buf shown;
    struct err ignored;
    const char *said;

    buf_init(&shown, 2 * PROCESS_COMPLAINT_MAX);
    said = secret_redact(&shown, buf_text(&result->complaint),
               without_line_ends(&result->complaint), &ignored)
               ? ""
               : buf_text(&shown);
    err_set(err, ERR_CONFIG, "%s failed with exit code %d%s%s", label, result->status,
        *said ? ": " : "", said);
    buf_fini(&shown);
    return -1;
}

int secret_from_command(struct secret **out, const char *const argv[], struct err *err)
{
    struct process_result result;
    char label[128];
    int failed;

    snprintf(label, sizeof label, "the command '%s'", argv[0]);
    if (process_capture(&result, argv, SECRET_MAX, COMMAND_MS, err)) {
        char why[sizeof err->message];

        strcpy(why, err->message);
        return err_set(err, err->kind == ERR_INTERRUPTED ? ERR_INTERRUPTED : ERR_CONFIG,
            "%s gave no secret: %.300s", label, why);
    }
    if (result.status != 0)
        failed = command_failed(label, &result, err);
    else
        failed = secret_new(
            out, buf_text(&result.output), without_line_ends(&result.output), label, err);
    process_result_fini(&result);
    return failed;
}
