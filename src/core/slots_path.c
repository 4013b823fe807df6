#include "core/slots_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/slots_ends.h"
#include "core/slots_make.h"
#include "core/slots_owner.h"

enum { TRIES = 1000 };

/* ---- messages ---- */

int slots_path_fail(const struct slots_path *at, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot %s %.300s: %s", what, at->path, strerror(errno));
}

static void say(const struct slots_path *at, const char *what)
{
    fprintf(stderr, "siterun: %s %s\n", at->path, what);
}

/* ---- opening ---- */

static int fail_kind(const struct slots_path *at, struct err *err)
{
    return err_set(
        err, ERR_CONFIG, "%.300s is not a plain file of this user: remove it", at->path);
}

/* Takes what was opened: it must be a plain file, and ours. */
static int own(struct slots_path *at, const struct stat *stat, struct err *err)
{
    if (!S_ISREG(stat->st_mode) || stat->st_uid != geteuid())
        return fail_kind(at, err);
    if ((stat->st_mode & 077) && fchmod(at->inode.fd, 0600))
        return slots_path_fail(at, "protect", err);
    at->asked = 0;
    return 0;
}

/* Opens what is at the path, after making it when there is nothing. */
static int open_path(struct slots_path *at, struct err *err)
{
    struct stat stat;
    int bad = slots_inode_open(&at->inode, AT_FDCWD, at->path, O_NOFOLLOW, &stat);

    for (int i = 0; bad && errno == ENOENT && i < TRIES; i++) {
        if (slots_make_file(at->path, at->home, err))
            return -1;
        bad = slots_inode_open(&at->inode, AT_FDCWD, at->path, O_NOFOLLOW, &stat);
    }
    if (bad && (errno == ELOOP || errno == EISDIR)) /* a link, a folder */
        return fail_kind(at, err);
    if (bad)
        return slots_path_fail(at, "open", err);
    if (!own(at, &stat, err))
        return 0;
    slots_inode_close(&at->inode);
    return -1;
}

/* Whatever a damaged file held, it was no more than the limit, for a window and a guard. */
static void repair(const struct slots_path *at, const char *boot_id)
{
    struct slots_start start = {
        .boot_id = boot_id,
        .home = at->home,
        .first_id = slots_make_id(),
        .held = at->spec.assume_fresh ? 0 : at->spec.limit,
    };

    slots_ends_refuse(at->inode.slots);
    start.free_ms = clock_ms() + at->spec.hold_ms;
    slots_init(at->inode.slots, &start);
    say(at, at->spec.assume_fresh ? "is damaged; taken for fresh, as --assume-fresh says"
                                  : "is damaged; waiting out what it may have held");
}

/* A file that was cut is damaged, whatever is left. Longer holds than ours may be in it:
   another window was configured then. Times of another boot say nothing. */
static void check(const struct slots_path *at, bool cut)
{
    struct slots *slots = at->inode.slots;
    const int64_t day_ms = 86400000;
    char boot_id[SLOTS_BOOT_BYTES];
    int64_t max_ms = at->spec.hold_ms > day_ms ? at->spec.hold_ms : day_ms;
    bool same;

    slots_owner_boot_id(boot_id);
    same = !strncmp(slots->boot_id, boot_id, SLOTS_BOOT_BYTES);
    if (cut || !slots_is_sound(slots, same ? clock_ms() : INT64_MAX / 2, max_ms))
        repair(at, boot_id);
    else if (!same)
        slots_reboot(slots, boot_id, at->spec.hold_ms);
}

/* Under the lock: the block is mapped, fits the file and can be trusted. */
static int fit(struct slots_path *at, bool cut, struct err *err)
{
    struct slots_inode *inode = &at->inode;
    bool first = !inode->map;

    if (cut && slots_inode_resize(inode))
        return slots_path_fail(at, "mend", err);
    if (first && slots_inode_map(inode))
        return slots_path_fail(at, "map", err);
    if (first || cut || !slots_is_block(inode->slots))
        check(at, cut);
    return 0;
}

/* The same, with what is known of the file, also while somebody cuts it. */
static int prepare(struct slots_path *at, struct stat *stat, struct err *err)
{
    struct slots_inode *inode = &at->inode;
    bool cut = false;

    for (int i = 0; i < TRIES; i++) {
        if (slots_inode_is_torn(inode))
            slots_inode_unmap(inode);
        cut = cut || stat->st_size != sizeof *inode->slots;
        if (fit(at, cut, err))
            return -1;
        if (!slots_inode_is_torn(inode))
            return 0;
        if (fstat(inode->fd, stat))
            return slots_path_fail(at, "look at", err);
    }
    return err_set(err, ERR_CONFIG, "%.300s is cut again and again", at->path);
}

int slots_path_lock_open(struct slots_path *at, enum slots_inode_wait wait, struct err *err)
{
    struct stat stat;
    bool current;

    if (slots_inode_lock(&at->inode, wait))
        return slots_path_fail(at, "lock", err);
    current = slots_inode_is_at(&at->inode, at->path, &stat);
    if (!current && fstat(at->inode.fd, &stat))
        return slots_path_fail(at, "look at", err);
    return prepare(at, &stat, err) ? -1 : current;
}

/* ---- what was taken from the path, and what is put there ---- */

int slots_path_carry(
    const struct slots_path *from, const struct slots_path *to, int64_t pid, struct err *err)
{
    struct slots *source = from->inode.slots, *target = to->inode.slots;
    int64_t free_ms = clock_ms() + from->spec.hold_ms;

    if (source->moved)
        slots_salvage(target, source, pid, slots_owner_is_alive, free_ms);
    else
        slots_merge(target, source, free_ms);
    if (slots_inode_is_torn(&from->inode)) {
        check(from, true);
        slots_merge(target, source, free_ms);
    }
    if (slots_inode_is_torn(&to->inode))
        return err_set(err, ERR_CONFIG, "%.300s was cut while it was written", to->path);
    slots_map_sync(to->inode.map);
    slots_depart(source);
    return 0;
}

struct slots_path *slots_path_clone(const struct slots_path *at, struct err *err)
{
    struct slots_path *other = malloc(sizeof *other);

    if (!other) {
        err_no_memory(err);
        return NULL;
    }
    *other = *at;
    slots_inode_init(&other->inode);
    return other;
}

void slots_path_drop(struct slots_path *other)
{
    slots_inode_close(&other->inode);
    free(other);
}

int slots_path_move_on(struct slots_path *at, struct err *err)
{
    struct slots_path *current = slots_path_clone(at, err);
    struct slots_inode left = at->inode;

    if (!current)
        return -1;
    if (slots_path_lock(current, SLOTS_INODE_BRIEFLY, err) ||
        slots_path_carry(at, current, getpid(), err)) {
        slots_path_drop(current);
        return -1;
    }
    *at = *current;
    free(current);
    slots_inode_close(&left);
    return 0;
}

/* A file that never was used here, and whose block has gone elsewhere, is none of ours. */
int slots_path_lock(struct slots_path *at, enum slots_inode_wait wait, struct err *err)
{
    for (int i = 0; i < TRIES; i++) {
        bool is_used = at->inode.map;
        int at_path;

        if (at->inode.fd < 0 && open_path(at, err))
            return -1;
        at_path = slots_path_lock_open(at, wait, err);
        if (at_path)
            return at_path < 0 ? -1 : 0;
        if (is_used || !at->inode.slots->moved)
            return slots_path_move_on(at, err);
        slots_inode_close(&at->inode);
    }
    return err_set(err, ERR_CONFIG, "%.300s is taken away again and again", at->path);
}
