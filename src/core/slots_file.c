#include "core/slots_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/slots_budget.h"
#include "core/slots_ends.h"
#include "core/slots_make.h"
#include "core/slots_path.h"
#include "core/slots_search.h"
#include "core/volume.h"

enum { TRIES = 1000, ENDS_MAX = 64 };

/* A flight whose end was noted without the lock. */
struct end {
    struct slots_place place;
    int64_t free_ms;
};

struct slots_file {
    struct slots_path at;
    struct slots *memory; /* instead of a file */
    struct end ends[ENDS_MAX];
    int end_count;
    uint64_t ended_in; /* which file they were noted in */
};

/* ---- what other processes hold ---- */

/* Whether an open file of a process may be a block that was taken away from this path. */
static bool is_candidate(const struct slots_path *at, const struct stat *stat)
{
    return S_ISREG(stat->st_mode) && stat->st_size == sizeof(struct slots) &&
           stat->st_uid == geteuid() && !slots_inode_is(&at->inode, stat);
}

/* Opens what a process holds: 1 when it is of this path. The lock of another account's file is
   none of ours, so this is asked before; its own home a file never loses. */
static int open_held(struct slots_path *other, const struct slots_file *file,
    const struct slots_search_held *held, struct err *err)
{
    struct stat stat;
    bool is_kin;

    if (slots_inode_open(&other->inode, held->folder, held->name, 0, &stat))
        return errno == EMFILE || errno == ENFILE ? slots_path_fail(other, "look for", err) : 0;
    if (!is_candidate(&file->at, &stat))
        return 0;
    if (slots_inode_map(&other->inode))
        return slots_path_fail(other, "map", err);
    is_kin = other->inode.slots->home == other->home;
    slots_inode_unmap(&other->inode);
    return is_kin;
}

/* A search in which blocks that were carried on before are left for later: the ones they went
   to may be found, and then they tell nothing new. */
struct asking {
    struct slots_file *file;
    bool takes_moved;
    bool saw_moved;
};

/* Under the lock: nobody closes it before having moved on to another, for which it takes this
   lock. */
static bool is_held(const struct slots_path *other, const struct slots_search_held *held)
{
    struct stat seen;

    return !fstatat(held->folder, held->name, &seen, 0) && slots_inode_is(&other->inode, &seen);
}

/* Locked, and not at the path. */
static bool is_for_now(
    struct asking *asking, const struct slots_path *other, const struct slots_search_held *held)
{
    if (!other->inode.slots->moved)
        return true; /* its holder may be gone, and only we have it */
    asking->saw_moved = true;
    return asking->takes_moved && is_held(other, held);
}

/* Ours is at the path, so that the other was there before: older files are locked first. */
static int carry_held(
    struct slots_file *file, struct slots_path *other, int64_t pid, struct err *err)
{
    int bad;

    if (slots_path_lock(&file->at, SLOTS_INODE_BRIEFLY, err))
        return -1;
    bad = slots_path_carry(other, &file->at, pid, err);
    slots_inode_unlock(&file->at.inode);
    return bad;
}

/* Not while the other is locked: ours may be older. It stays open, though, as its holder may be
   gone. */
static int catch_up(struct slots_file *file, struct slots_path *other, struct err *err)
{
    slots_inode_unlock(&other->inode);
    if (slots_path_lock(&file->at, SLOTS_INODE_FOREVER, err))
        return -1;
    slots_inode_unlock(&file->at.inode);
    return 0;
}

static int adopt_held(struct asking *asking, struct slots_path *other,
    const struct slots_search_held *held, struct err *err)
{
    struct slots_file *file = asking->file;
    struct stat stat;

    for (int i = 0; i < TRIES; i++) {
        int at_path = slots_path_lock_open(other, SLOTS_INODE_FOREVER, err);

        if (at_path < 0)
            return -1;
        if (at_path) /* so ours is not */
            file->at.asked = 0;
        if (at_path || !is_for_now(asking, other, held))
            return 0;
        if (slots_inode_is_at(&file->at.inode, file->at.path, &stat))
            return carry_held(file, other, held->pid, err);
        if (catch_up(file, other, err))
            return -1;
    }
    return err_set(err, ERR_CONFIG, "%.300s is replaced again and again", file->at.path);
}

static int adopt(void *context, const struct slots_search_held *held, struct err *err)
{
    struct asking *asking = context;
    struct slots_path *other;
    struct stat seen;
    int bad;

    if (fstatat(held->folder, held->name, &seen, 0) || !is_candidate(&asking->file->at, &seen))
        return 0;
    other = slots_path_clone(&asking->file->at, err);
    if (!other)
        return -1;
    bad = open_held(other, asking->file, held, err);
    if (bad > 0)
        bad = adopt_held(asking, other, held, err);
    slots_path_drop(other);
    return bad;
}

static int adopt_all(struct slots_file *file, struct err *err)
{
    struct asking asking = {.file = file};

    if (slots_search_files(adopt, &asking, err))
        return -1;
    asking.takes_moved = true;
    return asking.saw_moved ? slots_search_files(adopt, &asking, err) : 0;
}

/* ---- locking ---- */

/* Whether the file is not known to be all there is: it is new, was put there by somebody, or
   what it held has gone elsewhere. */
static bool is_foreign(const struct slots_file *file)
{
    const struct slots *slots = file->at.inode.slots;

    return slots->file != file->at.inode.id || slots->home != file->at.home || slots->moved;
}

/* Since when others would have to be asked; never 0. */
static uint64_t age(const struct slots_file *file)
{
    return file->at.inode.slots->departures + 1;
}

/* Locked at the path: 1 when it can be used, 0 when others have to be asked first. */
static int lock_known(struct slots_file *file, struct err *err)
{
    if (slots_path_lock(&file->at, SLOTS_INODE_FOREVER, err))
        return -1;
    if (is_foreign(file) && file->at.asked == age(file))
        slots_claim(file->at.inode.slots, file->at.home, file->at.inode.id);
    return !is_foreign(file);
}

/* The folder, locked: one process asks at a time. -1 with errno. */
static int lock_folder(const struct slots_file *file)
{
    char folder[SLOTS_MAKE_PATH_BYTES];
    int fd;

    snprintf(folder, sizeof folder, "%s", file->at.path);
    *strrchr(folder, '/') = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX))
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    return fd;
}

/* Not under the file's lock: what processes hold of files that were at the path goes into ours.
   That is good for as long as ours was not taken away in between. */
static int ask(struct slots_file *file, struct err *err)
{
    file->at.asked = age(file);
    slots_file_unlock(file);
    if (!adopt_all(file, err))
        return 0;
    file->at.asked = 0;
    return -1;
}

/* 1 when the file is locked and can be used: another process asked meanwhile. */
static int ask_others(struct slots_file *file, struct err *err)
{
    int folder, known;

    slots_file_unlock(file);
    folder = lock_folder(file);
    if (folder < 0)
        return errno == ENOENT ? 0 : slots_path_fail(&file->at, "lock the folder of", err);
    known = lock_known(file, err);
    if (!known && ask(file, err))
        known = -1;
    close(folder);
    return known;
}

static int lock_file(struct slots_file *file, struct err *err)
{
    int known = 0;

    for (int i = 0; !known && i < TRIES; i++) {
        known = lock_known(file, err);
        if (!known)
            known = ask_others(file, err);
    }
    if (known > 0)
        return 0;
    slots_file_unlock(file);
    return known < 0
               ? -1
               : err_set(err, ERR_CONFIG, "%.300s is replaced again and again", file->at.path);
}

/* Whether all flights that were in the block when their end was noted are there alone: nobody
   ever put them elsewhere, from where they may come back. */
static bool has_all_ends(const struct slots_file *file)
{
    return file->ended_in == file->at.inode.id && !file->at.inode.slots->departures;
}

static void settle_ends(struct slots_file *file)
{
    struct slots *slots = file->at.inode.slots;
    bool has_all = has_all_ends(file);

    for (int i = 0; i < file->end_count; i++) {
        const struct end *end = &file->ends[i];

        slots_ends_settle_at(slots, end->place.index);
        if (!has_all && slots_flies(slots, end->place))
            slots_release(slots, end->place, end->free_ms);
    }
    file->end_count = 0;
}

int slots_file_lock(struct slots_file *file, struct slots **out, struct err *err)
{
    if (!file->memory && lock_file(file, err))
        return -1;
    if (file->end_count)
        settle_ends(file);
    *out = file->memory ? file->memory : file->at.inode.slots;
    return 0;
}

/* Nobody waits, no pause is on, and there are as many repetitions as there can be. */
static bool lets_pass(const struct slots *slots)
{
    return slots_is_block(slots) && !slots->waiting && clock_ms() >= slots->paused_until_ms &&
           slots->retry_budget == SLOTS_BUDGET_MAX;
}

/* Each field is read whole, as it was before or after what another process does at that moment.
   Of a file that is cut, what is lost reads as 0: then no block lets pass. Whoever puts another
   file at the path takes the mark from ours before a pause gets into the other, so the path is
   not looked at. */
bool slots_file_lets_pass(const struct slots_file *file)
{
    const struct slots_inode *inode = &file->at.inode;
    struct stat stat;

    if (file->memory)
        return lets_pass(file->memory);
    return inode->map && !fstat(inode->fd, &stat) && stat.st_nlink &&
           stat.st_size == sizeof *inode->slots && !is_foreign(file) &&
           lets_pass(inode->slots) && !slots_inode_is_torn(inode);
}

void slots_file_unlock(struct slots_file *file)
{
    slots_inode_unlock(&file->at.inode);
}

bool slots_file_end(struct slots_file *file, struct slots_place place, int64_t free_ms)
{
    const struct slots_inode *inode = &file->at.inode;

    if (!inode->map || file->end_count == ENDS_MAX ||
        !slots_ends_note(inode->slots, place, free_ms))
        return false;
    file->ends[file->end_count++] = (struct end){place, free_ms};
    file->ended_in = inode->id;
    return true;
}

void slots_file_settle(struct slots_file *file)
{
    struct slots *slots;
    struct err ignored;

    if (file->end_count && !slots_file_lock(file, &slots, &ignored))
        slots_file_unlock(file);
}

void slots_file_sync(struct slots_file *file)
{
    if (file->at.inode.map)
        slots_map_sync(file->at.inode.map);
}

bool slots_file_is_whole(const struct slots_file *file)
{
    return !slots_inode_is_torn(&file->at.inode);
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
    void *at = mmap(
        NULL, sizeof *file->memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return err_no_memory(err);
    file->memory = at;
    slots_init(at, &(struct slots_start){.boot_id = "", .first_id = slots_make_id()});
    return 0;
}

/* The folder by its real path, as /proc names the files in it. */
static int set_path(struct slots_file *file, struct err *err)
{
    char *folder = realpath(file->at.spec.folder, NULL);
    int len;

    if (!folder)
        return err_set(err, ERR_CONFIG, "the state folder %.300s: %s", file->at.spec.folder,
            strerror(errno));
    len = snprintf(
        file->at.path, SLOTS_MAKE_PATH_BYTES, "%s/limit-%.16s", folder, file->at.spec.name);
    free(folder);
    if (len >= SLOTS_MAKE_PATH_BYTES)
        return err_set(err, ERR_CONFIG, "the name of the state folder is too long");
    file->at.home = hash(file->at.path);
    if (volume_is_network(file->at.spec.folder))
        return err_set(err, ERR_CONFIG,
            "the state folder %.300s is on a network, where limits can't be shared safely: set "
            "SITERUN_STATE to a local folder",
            file->at.spec.folder);
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
    slots_inode_init(&file->at.inode);
    file->at.spec = *spec;
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

static bool holds(struct slots *slots)
{
    int64_t now_ms = clock_ms();

    return slots_used(slots, now_ms) > 0 || slots->paused_until_ms > now_ms;
}

/* What is held of a file that was taken away may be held by this process alone. */
static void bequeath(struct slots_file *file)
{
    struct stat stat;
    struct err ignored;

    if (!file->at.inode.map || slots_inode_is_at(&file->at.inode, file->at.path, &stat))
        return;
    if (!slots_path_lock_open(&file->at, SLOTS_INODE_FOREVER, &ignored) &&
        holds(file->at.inode.slots))
        (void)!slots_path_move_on(&file->at, &ignored);
}

void slots_file_close(struct slots_file *file)
{
    if (!file)
        return;
    slots_file_settle(file);
    bequeath(file);
    slots_inode_close(&file->at.inode);
    if (file->memory)
        munmap(file->memory, sizeof *file->memory);
    free(file);
}
