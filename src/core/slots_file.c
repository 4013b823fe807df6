#include "core/slots_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/slots_make.h"
#include "core/slots_owner.h"
#include "core/volume.h"

enum { PATH_BYTES = SLOTS_MAKE_PATH_BYTES, OPEN_TRIES = 1000 };

struct slots_file {
    struct slots_file_spec spec;
    char path[PATH_BYTES];
    uint64_t home;
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t id; /* of the file, for good: inodes are given out again */
    struct slots *slots;
    unsigned opened;   /* how many files at the path were, so far */
    unsigned searched; /* `opened` when other processes were asked what they hold */
};

/* ---- messages ---- */

static int fail(const struct slots_file *file, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot %s %.300s: %s", what, file->path, strerror(errno));
}

static void say(const struct slots_file *file, const char *what)
{
    fprintf(stderr, "siterun: %s %s\n", file->path, what);
}

/* ---- opening ---- */

static void release(struct slots_file *file)
{
    if (file->slots)
        munmap(file->slots, sizeof *file->slots);
    if (file->fd >= 0)
        close(file->fd);
    file->slots = NULL;
    file->fd = -1;
}

static int lock_fd(int fd)
{
    int bad;

    do
        bad = flock(fd, LOCK_EX);
    while (bad && errno == EINTR);
    return bad;
}

/* A copy of the file may get the inode that its original had, but not its birth. */
static uint64_t id_of(int fd, ino_t inode)
{
    struct statx stat;
    uint64_t born_ns = 0;

    if (!statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stat) && (stat.stx_mask & STATX_BTIME))
        born_ns = (uint64_t)stat.stx_btime.tv_sec * 1000000000 + stat.stx_btime.tv_nsec;
    return (inode * 1099511628211u ^ born_ns) | 1;
}

/* Takes a descriptor that was opened: it must be a plain file, and ours. */
static int own(struct slots_file *file, struct err *err)
{
    struct stat stat;

    if (fstat(file->fd, &stat))
        return fail(file, "look at", err);
    if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid())
        return err_set(
            err, ERR_CONFIG, "%.300s is not a plain file of this user: remove it", file->path);
    if ((stat.st_mode & 077) && fchmod(file->fd, 0600))
        return fail(file, "protect", err);
    file->device = stat.st_dev;
    file->inode = stat.st_ino;
    file->id = id_of(file->fd, stat.st_ino);
    file->opened++;
    return 0;
}

/* Opens what is at the path, after making it when there is nothing. */
static int open_path(struct slots_file *file, struct err *err)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

    file->fd = open(file->path, flags);
    for (int i = 0; file->fd < 0 && errno == ENOENT && i < OPEN_TRIES; i++) {
        if (slots_make_file(file->path, file->home, err))
            return -1;
        file->fd = open(file->path, flags);
    }
    if (file->fd < 0)
        return fail(file, "open", err);
    if (!own(file, err))
        return 0;
    release(file);
    return -1;
}

/* Whatever a damaged file held, it was no more than the limit, for a window and a guard. */
static void repair(struct slots_file *file, const char *boot_id)
{
    struct slots_start start = {
        .boot_id = boot_id,
        .home = file->home,
        .first_id = slots_make_id(),
        .held = file->spec.assume_fresh ? 0 : file->spec.limit,
        .free_ms = clock_ms() + file->spec.hold_ms,
    };

    slots_init(file->slots, &start);
    say(file, file->spec.assume_fresh ? "is damaged; taken for fresh, as --assume-fresh says"
                                      : "is damaged; waiting out what it may have held");
}

/* A file that was cut is damaged, whatever is left. Longer holds than ours may be in it: another window
   was configured then. Times of another boot say nothing. */
static void check(struct slots_file *file, bool cut)
{
    const int64_t day_ms = 86400000;
    char boot_id[SLOTS_BOOT_BYTES];
    int64_t max_ms = file->spec.hold_ms > day_ms ? file->spec.hold_ms : day_ms;
    bool same;

    slots_owner_boot_id(boot_id);
    same = !strncmp(file->slots->boot_id, boot_id, SLOTS_BOOT_BYTES);
    if (cut || !slots_is_sound(file->slots, same ? clock_ms() : INT64_MAX / 2, max_ms))
        repair(file, boot_id);
    else if (!same)
        slots_reboot(file->slots, boot_id, file->spec.hold_ms);
}

static struct slots *map(int fd)
{
    void *at = mmap(NULL, sizeof(struct slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Without holes: a store to a hole on a full disk would kill the process. */
static int resize(struct slots_file *file, struct err *err)
{
    if (ftruncate(file->fd, sizeof *file->slots))
        return fail(file, "mend", err);
    errno = posix_fallocate(file->fd, 0, sizeof *file->slots);
    return errno ? fail(file, "mend", err) : 0;
}

/* Under the lock, with what fstat says: the block is mapped and can be trusted. */
static int prepare(struct slots_file *file, const struct stat *stat, struct err *err)
{
    bool first = !file->slots, cut = stat->st_size != sizeof *file->slots;

    if (cut && resize(file, err))
        return -1;
    if (first && !(file->slots = map(file->fd)))
        return fail(file, "map", err);
    if (first || cut || !slots_is_block(file->slots))
        check(file, cut);
    return 0;
}

/* Whether the file is still the one at its path: it may have been deleted, renamed or replaced. */
static bool is_at_path(const struct slots_file *file, struct stat *stat)
{
    return !lstat(file->path, stat) && stat->st_ino == file->inode &&
           stat->st_dev == file->device;
}

/* ---- what was taken from the path, and what is put there ---- */

static int lock_current(struct slots_file *file, struct err *err);

/* Both locked. */
static void leave(const struct slots_file *file, struct slots_file *current)
{
    slots_merge(current->slots, file->slots, clock_ms() + file->spec.hold_ms);
    file->slots->moved = 1;
}

/* From a locked file that is not at the path to the one that is, locked, with what the first holds.
   That one stays open: it may be taken away next, and be held by nobody else. Locks are taken in
   this order only. */
static int move_on(struct slots_file *file, struct err *err)
{
    struct slots_file *current = malloc(sizeof *current);
    int bad;

    if (!current)
        return err_no_memory(err);
    *current = *file;
    current->slots = NULL;
    current->fd = -1;
    bad = lock_current(current, err);
    if (bad) {
        release(current);
    } else {
        leave(file, current);
        release(file);
        *file = *current;
    }
    free(current);
    return bad;
}

/* Locks the file at the path. When that is no longer the open one, what that one holds goes there; if
   it can't, the open one is kept for the next time. */
static int lock_current(struct slots_file *file, struct err *err)
{
    for (int i = 0; i < OPEN_TRIES; i++) {
        struct stat stat;
        bool current;

        if (file->fd < 0 && open_path(file, err))
            return -1;
        if (lock_fd(file->fd))
            return fail(file, "lock", err);
        current = is_at_path(file, &stat);
        if (!current && fstat(file->fd, &stat))
            return fail(file, "look at", err);
        if (prepare(file, &stat, err))
            return -1;
        if (current)
            return 0;
        if (!file->slots->moved)
            return move_on(file, err);
        release(file);
    }
    return err_set(err, ERR_CONFIG, "%.300s is taken away again and again", file->path);
}

/* Whether the file is not known to be all there is: it is new, was put there by somebody, or what it
   held has gone elsewhere. */
static bool is_foreign(const struct slots_file *file)
{
    return file->slots->file != file->id || file->slots->home != file->home ||
           file->slots->moved;
}

/* ---- what other processes hold ---- */

/* Whether an open file of a process may be a block that was taken away from this path. */
static bool is_candidate(const struct slots_file *file, const struct stat *stat)
{
    return S_ISREG(stat->st_mode) && stat->st_size == sizeof(struct slots) &&
           stat->st_uid == geteuid() &&
           (stat->st_ino != file->inode || stat->st_dev != file->device);
}

static bool is_ours(const struct slots_file *other)
{
    return slots_is_block(other->slots) && other->slots->home == other->home &&
           !other->slots->moved;
}

/* Looked at before it is locked, too: the lock of another account's file is none of ours, and by now
   its holder may have opened ours instead. While ours is at the path the other is the older one,
   and may be locked before it. */
static bool lock_held(struct slots_file *other, const struct slots_file *file)
{
    struct stat stat;

    if (fstat(other->fd, &stat) || !is_candidate(file, &stat))
        return false;
    other->device = stat.st_dev;
    other->inode = stat.st_ino;
    other->slots = map(other->fd);
    return other->slots && is_ours(other) && is_at_path(file, &stat) && !lock_fd(other->fd) &&
           is_ours(other);
}

/* What can't be locked is seen to by its holder, or in the next search. */
static int leave_held(struct slots_file *other, struct slots_file *file, struct err *err)
{
    if (!lock_held(other, file))
        return 0;
    if (lock_current(file, err))
        return -1;
    leave(other, file);
    slots_file_unlock(file);
    return 0;
}

static int adopt(struct slots_file *file, const char *held, struct err *err)
{
    struct slots_file *other;
    struct stat seen;
    int bad = 0;

    if (stat(held, &seen) || !is_candidate(file, &seen))
        return 0;
    other = malloc(sizeof *other);
    if (!other)
        return err_no_memory(err);
    *other = *file;
    other->slots = NULL;
    other->fd = open(held, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (other->fd >= 0) /* or its holder is gone */
        bad = leave_held(other, file, err);
    release(other);
    free(other);
    return bad;
}

/* Looks through the open files of one process. */
static int adopt_from(struct slots_file *file, const char *pid, struct err *err)
{
    char folder[300], held[600];
    const struct dirent *entry;
    DIR *dir;
    int bad = 0;

    snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
    dir = opendir(folder);
    while (dir && !bad && (entry = readdir(dir))) {
        snprintf(held, sizeof held, "%s/%s", folder, entry->d_name);
        bad = adopt(file, held, err);
    }
    if (dir)
        closedir(dir);
    return bad;
}

/* Not under the lock: what processes hold of files that were at the path goes into ours. Done after
   ours is at the path: nobody can open an older one any more. */
static int adopt_all(struct slots_file *file, struct err *err)
{
    const struct dirent *entry;
    DIR *dir = opendir("/proc");
    int bad = 0;

    while (dir && !bad && (entry = readdir(dir)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            bad = adopt_from(file, entry->d_name, err);
    if (dir)
        closedir(dir);
    return bad;
}

/* ---- locking ---- */

static void claim(const struct slots_file *file)
{
    file->slots->home = file->home;
    file->slots->moved = 0;
    file->slots->file = file->id;
}

/* Locked at the path: 1 when it can be used, 0 when others have to be asked first. */
static int lock_known(struct slots_file *file, struct err *err)
{
    if (lock_current(file, err))
        return -1;
    if (is_foreign(file) && file->searched == file->opened)
        claim(file);
    return !is_foreign(file);
}

static int ask_others(struct slots_file *file, struct err *err)
{
    unsigned opened = file->opened;

    slots_file_unlock(file);
    if (adopt_all(file, err))
        return -1;
    file->searched = opened;
    return 0;
}

int slots_file_lock(struct slots_file *file, struct slots **out, struct err *err)
{
    int known = !file->spec.folder;

    for (int i = 0; !known && i < OPEN_TRIES; i++) {
        known = lock_known(file, err);
        if (!known && ask_others(file, err))
            known = -1;
    }
    *out = file->slots;
    if (known > 0)
        return 0;
    slots_file_unlock(file);
    return known < 0
               ? -1
               : err_set(err, ERR_CONFIG, "%.300s is replaced again and again", file->path);
}

void slots_file_unlock(struct slots_file *file)
{
    if (file->fd >= 0)
        flock(file->fd, LOCK_UN);
}

/* ---- the face ---- */

/* FNV-1a */
static uint64_t hash(const char *text)
{
    uint64_t sum = 14695981039346656037u;

    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * 1099511628211u;
    return sum;
}

static int open_memory(struct slots_file *file, struct err *err)
{
    file->slots = mmap(
        NULL, sizeof *file->slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file->slots == MAP_FAILED) {
        file->slots = NULL;
        return err_no_memory(err);
    }
    slots_init(file->slots, &(struct slots_start){.boot_id = "", .first_id = slots_make_id()});
    return 0;
}

/* The folder by its real path, as /proc names the files in it. */
static int set_path(struct slots_file *file, struct err *err)
{
    char *folder = realpath(file->spec.folder, NULL);
    int len;

    if (!folder)
        return err_set(
            err, ERR_CONFIG, "the state folder %.300s: %s", file->spec.folder, strerror(errno));
    len = snprintf(file->path, PATH_BYTES, "%s/limit-%.16s", folder, file->spec.name);
    free(folder);
    if (len >= PATH_BYTES)
        return err_set(err, ERR_CONFIG, "the name of the state folder is too long");
    file->home = hash(file->path);
    if (volume_is_network(file->spec.folder))
        return err_set(err, ERR_CONFIG,
            "the state folder %.300s is on a network, where limits can't be shared safely: set "
            "SITERUN_STATE to a local folder",
            file->spec.folder);
    return 0;
}

int slots_file_open(
    struct slots_file **out, const struct slots_file_spec *spec, struct err *err)
{
    struct slots_file *file = calloc(1, sizeof *file);
    struct slots *slots;
    int bad;

    if (!file)
        return err_no_memory(err);
    file->fd = -1;
    file->spec = *spec;
    bad = spec->folder ? set_path(file, err) || slots_file_lock(file, &slots, err)
                       : open_memory(file, err);
    if (bad) {
        slots_file_close(file);
        return -1;
    }
    slots_file_unlock(file);
    *out = file;
    return 0;
}

/* What is held of a file that was taken away may be held by this process alone. */
static void bequeath(struct slots_file *file)
{
    struct stat stat;
    struct err ignored;

    if (!file->slots || is_at_path(file, &stat) || lock_fd(file->fd))
        return;
    if (!file->slots->moved && slots_used(file->slots, clock_ms()) > 0)
        (void)!move_on(file, &ignored);
}

void slots_file_close(struct slots_file *file)
{
    if (!file)
        return;
    if (file->spec.folder)
        bequeath(file);
    release(file);
    free(file);
}
