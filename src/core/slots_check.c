#include "core/slots_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/slots.h"
#include "core/slots_owner.h"

/* The lock is held for microseconds, unless its holder was stopped. */
enum { LOCK_TRIES = 200, LOCK_PAUSE_NS = 5000000 };

static int fail(const char *path, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%.300s: %s", path, what);
}

static int lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int busy = -1;

    for (int i = 0; i < LOCK_TRIES && (busy = flock(fd, LOCK_SH | LOCK_NB)) != 0; i++)
        nanosleep(&pause, NULL);
    return busy;
}

/* Times of another boot say nothing. */
static bool is_sound(const struct slots *slots, int64_t hold_ms)
{
    char boot_id[SLOTS_BOOT_BYTES];
    bool same;

    slots_owner_boot_id(boot_id);
    same = !strncmp(slots->boot_id, boot_id, SLOTS_BOOT_BYTES);
    return slots_is_sound(slots, same ? clock_ms() : INT64_MAX / 2, hold_ms);
}

/* All versions begin alike and know their size. */
static bool is_of_another_version(const struct slots *slots, off_t bytes)
{
    return !memcmp(&slots->magic, "siterun", 7) && slots->size != sizeof *slots &&
           slots->size == (uint64_t)bytes;
}

static int judge(
    const char *path, int fd, struct slots *slots, int64_t hold_ms, struct err *err)
{
    ssize_t got = pread(fd, slots, sizeof *slots, 0);
    struct stat about;

    if (got < 0 || fstat(fd, &about))
        return fail(path, strerror(errno), err);
    if (is_of_another_version(slots, about.st_size) ||
        (got == (ssize_t)sizeof *slots && is_sound(slots, hold_ms)))
        return 0;
    return fail(path, "is damaged", err);
}

int slots_check_file(const char *path, int64_t hold_ms, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), bad;
    struct slots *slots;

    if (fd < 0)
        return fail(path, strerror(errno), err);
    slots = calloc(1, sizeof *slots);
    if (!slots)
        bad = err_no_memory(err);
    else if (lock(fd))
        bad = fail(path, "a process that stands still keeps it locked", err);
    else
        bad = judge(path, fd, slots, hold_ms, err);
    free(slots);
    close(fd);
    return bad;
}
