#include "core/slots_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/clock.h"

enum { PATH_BYTES = 4096, OPEN_TRIES = 100, CIFS_MAGIC = 0xFF534D42u };

struct slots_file {
    struct slots_file_spec spec;
    char path[PATH_BYTES];
    int fd;
    struct slots *slots;
};

/* ---- processes ---- */

/* The 22nd field of /proc/PID/stat; 0 for a process that is gone or a zombie. */
static uint64_t born_of(int64_t pid)
{
    char path[64], text[1024], *field, state;
    unsigned long long born;
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    field = strrchr(text, ')'); /* the name before it may hold anything */
    if (!field || sscanf(field,
                      ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                      "%*d %*d %*d %*d %llu",
                      &state, &born) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : born;
}

struct slots_owner slots_file_owner(void)
{
    static struct slots_owner self;

    if (self.pid != getpid()) /* also after a fork */
        self = (struct slots_owner){.pid = getpid(), .born = born_of(getpid())};
    return self;
}

bool slots_file_is_alive(struct slots_owner owner)
{
    return born_of(owner.pid) == owner.born && owner.born;
}

static void read_boot_id(char boot_id[SLOTS_BOOT_BYTES])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    memset(boot_id, 0, SLOTS_BOOT_BYTES);
    if (!file || !fgets(boot_id, SLOTS_BOOT_BYTES, file))
        snprintf(boot_id, SLOTS_BOOT_BYTES, "unknown");
    if (file)
        fclose(file);
    boot_id[strcspn(boot_id, "\n")] = '\0';
}

/* ---- messages ---- */

static int fail(const struct slots_file *file, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot %s %.300s: %s", what, file->path, strerror(errno));
}

static void say(const struct slots_file *file, const char *what)
{
    fprintf(stderr, "siterun: %s %s\n", file->path, what);
}

/* ---- making ---- */

/* No ticket of a block that was made anew is one of the old block. */
static uint64_t first_id(void)
{
    uint64_t id = (uint64_t)clock_wall_ms();

    if (getrandom(&id, sizeof id, 0) != sizeof id)
        id ^= (uint64_t)getpid() << 32;
    return (id >> 2) + 1;
}

/* Writes a block to a new file under a name of its own and gives it the real name, unless that is
   taken by now: whoever opens the real name sees a whole block. */
static int publish(const struct slots_file *file, const struct slots *slots, struct err *err)
{
    char draft[PATH_BYTES + 32];
    int fd, bad;

    snprintf(draft, sizeof draft, "%s.%ld.new", file->path, (long)getpid());
    fd = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(file, "make", err);
    bad = write(fd, slots, sizeof *slots) != (ssize_t)sizeof *slots ||
          (link(draft, file->path) && errno != EEXIST);
    if (bad)
        fail(file, "write", err);
    unlink(draft);
    close(fd);
    return bad ? -1 : 0;
}

static int publish_fresh(const struct slots_file *file, struct err *err)
{
    char boot_id[SLOTS_BOOT_BYTES];
    struct slots *slots = malloc(sizeof *slots);
    int bad;

    if (!slots)
        return err_no_memory(err);
    read_boot_id(boot_id);
    slots_init(slots, &(struct slots_start){.boot_id = boot_id, .first_id = first_id()});
    bad = publish(file, slots, err);
    free(slots);
    return bad;
}

/* Under the lock of a deleted file: its content becomes the new file. */
static int move(const struct slots_file *file, struct slots *slots, struct err *err)
{
    if (slots->moved)
        return 0;
    if (publish(file, slots, err))
        return -1;
    slots->moved = 1;
    return 0;
}

/* ---- a deleted file that other processes hold ---- */

static int lock_fd(int fd)
{
    int bad;

    do
        bad = flock(fd, LOCK_EX);
    while (bad && errno == EINTR);
    return bad;
}

static struct slots *map(int fd)
{
    void *at = mmap(NULL, sizeof(struct slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

static int move_from(const struct slots_file *file, const char *held, struct err *err)
{
    int fd = open(held, O_RDWR | O_CLOEXEC), bad = 0;
    struct slots *slots;
    struct stat stat;

    if (fd < 0)
        return 0; /* its holder is gone */
    slots = lock_fd(fd) || fstat(fd, &stat) || stat.st_size != sizeof *slots ? NULL : map(fd);
    if (slots) {
        bad = move(file, slots, err);
        munmap(slots, sizeof *slots);
    }
    close(fd);
    return bad;
}

/* Looks through the open files of one process. */
static int adopt_from(const struct slots_file *file, const char *pid, struct err *err)
{
    char folder[300], held[600], target[PATH_BYTES + 16], wanted[PATH_BYTES + 16];
    const struct dirent *entry;
    DIR *dir;
    int bad = 0;

    snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
    snprintf(wanted, sizeof wanted, "%s (deleted)", file->path);
    dir = opendir(folder);
    while (dir && !bad && (entry = readdir(dir))) {
        ssize_t len;

        snprintf(held, sizeof held, "%s/%s", folder, entry->d_name);
        len = readlink(held, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        if (!strcmp(target, wanted))
            bad = move_from(file, held, err);
    }
    if (dir)
        closedir(dir);
    return bad;
}

/* No file is a first use, unless a process still holds one that was deleted. */
static int adopt_deleted(const struct slots_file *file, struct err *err)
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

/* ---- opening ---- */

static bool is_network(const char *folder)
{
    struct statfs fs;

    if (statfs(folder, &fs))
        return false;
    switch ((unsigned long)fs.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CIFS_MAGIC:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case V9FS_MAGIC:
        return true;
    default:
        return false;
    }
}

static void release(struct slots_file *file)
{
    if (file->slots)
        munmap(file->slots, sizeof *file->slots);
    if (file->fd >= 0)
        close(file->fd);
    file->slots = NULL;
    file->fd = -1;
}

/* 0: open, or not there (fd < 0). */
static int open_path(struct slots_file *file, struct err *err)
{
    release(file);
    file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return file->fd < 0 && errno != ENOENT ? fail(file, "open", err) : 0;
}

/* Whatever a damaged file held, it was no more than the limit, for a window and a guard. */
static void repair(struct slots_file *file, const char *boot_id)
{
    struct slots_start start = {
        .boot_id = boot_id,
        .first_id = first_id(),
        .held = file->spec.assume_fresh ? 0 : file->spec.limit,
        .free_ms = clock_ms() + file->spec.hold_ms,
    };

    slots_init(file->slots, &start);
    say(file, file->spec.assume_fresh ? "is damaged; taken for fresh, as --assume-fresh says"
                                      : "is damaged; waiting out what it may have held");
}

/* Under the lock. Longer holds than ours may be in it: another window was configured then. Times of
   another boot say nothing. */
static void check(struct slots_file *file)
{
    const int64_t day_ms = 86400000;
    char boot_id[SLOTS_BOOT_BYTES];
    int64_t max_ms = file->spec.hold_ms > day_ms ? file->spec.hold_ms : day_ms;
    bool same;

    read_boot_id(boot_id);
    same = !strncmp(file->slots->boot_id, boot_id, SLOTS_BOOT_BYTES);
    if (!slots_is_sound(file->slots, same ? clock_ms() : INT64_MAX / 2, max_ms))
        repair(file, boot_id);
    else if (!same)
        slots_reboot(file->slots, boot_id, file->spec.hold_ms);
}

/* Under the lock: the block is mapped and can be trusted. */
static int look_at(struct slots_file *file, const struct stat *stat, struct err *err)
{
    bool cut = stat->st_size != sizeof *file->slots, first = !file->slots;

    if (cut && ftruncate(file->fd, sizeof *file->slots))
        return fail(file, "mend", err);
    if (first && !(file->slots = map(file->fd)))
        return fail(file, "map", err);
    if (first || cut || !slots_is_block(file->slots))
        check(file);
    return 0;
}

/* Under the lock: 0 when the block can be used, 1 when the file has to be opened again. */
static int take_over(struct slots_file *file, struct err *err)
{
    struct stat stat;

    if (fstat(file->fd, &stat))
        return fail(file, "look at", err);
    if (look_at(file, &stat, err) || (!stat.st_nlink && move(file, file->slots, err)))
        return -1;
    return file->slots->moved ? 1 : 0;
}

static int open_again(struct slots_file *file, struct err *err)
{
    if (open_path(file, err))
        return -1;
    if (file->fd >= 0)
        return 0;
    if (adopt_deleted(file, err) || publish_fresh(file, err) || open_path(file, err))
        return -1;
    return 0;
}

int slots_file_lock(struct slots_file *file, struct slots **out, struct err *err)
{
    *out = file->slots;
    if (!file->spec.folder)
        return 0;
    for (int i = 0; i < OPEN_TRIES; i++) {
        int again = 1;

        if (file->fd >= 0 && lock_fd(file->fd))
            return fail(file, "lock", err);
        if (file->fd >= 0)
            again = take_over(file, err);
        *out = file->slots;
        if (again <= 0)
            return again;
        if (open_again(file, err))
            return -1;
    }
    return err_set(err, ERR_CONFIG, "%.300s is taken away again and again", file->path);
}

void slots_file_unlock(struct slots_file *file)
{
    if (file->fd >= 0)
        flock(file->fd, LOCK_UN);
}

static int open_memory(struct slots_file *file, struct err *err)
{
    file->slots = mmap(
        NULL, sizeof *file->slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file->slots == MAP_FAILED) {
        file->slots = NULL;
        return err_no_memory(err);
    }
    slots_init(file->slots, &(struct slots_start){.boot_id = "", .first_id = first_id()});
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
    if (is_network(file->spec.folder))
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

void slots_file_close(struct slots_file *file)
{
    if (!file)
        return;
    release(file);
    free(file);
}
