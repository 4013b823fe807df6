/* slots_path: the file of slots (slots.h) at a path, also when it is cut, taken away or
   replaced there. */
#pragma once
#include <stdint.h>

#include "core/err.h"
#include "core/slots_file.h"
#include "core/slots_inode.h"
#include "core/slots_make.h"

struct slots_path {
    struct slots_file_spec spec;
    char path[SLOTS_MAKE_PATH_BYTES];
    uint64_t home;            /* hash of the path */
    struct slots_inode inode; /* of the file that was at the path when it was last looked at */
    uint64_t asked;           /* its user's; 0 again whenever another file is opened */
};

/* -1 with ERR_CONFIG: cannot do `what`, as errno says. */
int slots_path_fail(const struct slots_path *at, const char *what, struct err *err);

/* Another handle for the same path, with no file; NULL without memory. Freed by
   slots_path_drop. */
struct slots_path *slots_path_clone(const struct slots_path *at, struct err *err);
void slots_path_drop(struct slots_path *other);

/* Locks the open file and sees to it that its block can be trusted: 1 when it is at the path, 0
   when it was taken away from there. -1: it is still open, and perhaps locked. */
MUST_USE int slots_path_lock_open(
    struct slots_path *at, enum slots_inode_wait wait, struct err *err);

/* Locks the file at the path, after opening or making it. When that is no longer the open one,
   what that one holds goes there; if it can't, the open one is kept for the next time. */
MUST_USE int slots_path_lock(
    struct slots_path *at, enum slots_inode_wait wait, struct err *err);

/* From a locked file that is not at the path to the one that is, which is locked then, with
   what the first holds. */
MUST_USE int slots_path_move_on(struct slots_path *at, struct err *err);

/* Both locked, and the second at the path: it gets what the first holds, which process `pid`
   has open. What was cut off meanwhile counts as damaged. */
MUST_USE int slots_path_carry(
    const struct slots_path *from, const struct slots_path *to, int64_t pid, struct err *err);
