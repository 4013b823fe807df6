/* session_file: a session shared by the processes of one user: a sealed file of mode 0600 in
   the state folder, and the lock under which one process logs in for all. */
#pragma once
#include <stdbool.h>

#include "core/err.h"
#include "core/seal.h"

struct buf;
struct session_file;

/* `folder` exists; `name` is a fingerprint; the key seals what is written. All are copied. */
MUST_USE int session_file_new(struct session_file **out, const char *folder, const char *name,
    const unsigned char key[SEAL_KEY_BYTES], struct err *err);
void session_file_free(struct session_file *file);

/* Appends the content to `out`: nothing when there is no file, or none that this key opens (it
   is then written anew by the next login). ERR_CONFIG when it can't be read. */
MUST_USE int session_file_read(struct session_file *file, struct buf *out, struct err *err);

/* Replaces the content at once, for readers too. */
MUST_USE int session_file_write(
    struct session_file *file, const struct buf *content, struct err *err);

/* Takes the lock if no other process has it: 1 taken, 0 busy, -1 ERR_CONFIG. A process that
   dies loses it. */
MUST_USE int session_file_lock(struct session_file *file, struct err *err);
void session_file_unlock(struct session_file *file);
