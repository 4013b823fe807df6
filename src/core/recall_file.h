/* recall_file: the file that sessions share their history in: a line an entry, private to its
   owner. A session appends under a lock, and reads what others appended since it last
   looked. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"

struct recall_file {
    char *path;
    int fd;     /* kept open, as the inode of a file that went may be another's; -1: none */
    off_t seen; /* bytes of it that were read or written by this session */
};

MUST_USE int recall_file_init(struct recall_file *file, const char *path, struct err *err);
void recall_file_fini(struct recall_file *file);

/* Makes the file when there is none; waits for at most 2 s while another session has the lock.
   `*is_other` says that the file was replaced since: it is to be read from its beginning. */
MUST_USE int recall_file_lock(struct recall_file *file, bool *is_other, struct err *err);
void recall_file_unlock(struct recall_file *file);

/* All for a file that is locked. Appends to `out` what the session has not seen. */
MUST_USE int recall_file_read(struct recall_file *file, struct buf *out, struct err *err);

/* Appends a line. */
MUST_USE int recall_file_append(
    struct recall_file *file, const char *line, size_t len, struct err *err);

/* Replaces all that is in the file. */
MUST_USE int recall_file_replace(
    struct recall_file *file, const char *bytes, size_t len, struct err *err);
