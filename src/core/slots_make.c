#include "core/slots_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/slots.h"
#include "core/slots_owner.h"

static int fail(const char *path, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot %s %.300s: %s", what, path, strerror(errno));
}

uint64_t slots_make_id(void)
{
    uint64_t id = (uint64_t)clock_wall_ms();

    if (getrandom(&id, sizeof id, 0) != sizeof id)
        id ^= (uint64_t)getpid() << 32;
    return (id >> 2) + 1;
}

/* The folder may have been deleted with the file. */
static int make_folder(const char *path, struct err *err)
{
    char folder[SLOTS_MAKE_PATH_BYTES];

    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    return file_make_folder(folder, S_IRWXU, err);
}

/* A file under a name of this process. One that is there is of a process that died, and may be
   the very file at the path: it is not written to. */
static int open_draft(const char *draft)
{
    unlink(draft);
    return open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Writes a block to a draft and gives it the real name, unless that is taken by now: whoever
   opens the real name sees a whole block. */
static int publish(const char *path, const struct slots *slots, struct err *err)
{
    char draft[SLOTS_MAKE_PATH_BYTES + 32];
    int fd, bad;

    snprintf(draft, sizeof draft, "%s.%ld.new", path, (long)getpid());
    fd = open_draft(draft);
    if (fd < 0 && errno == ENOENT && make_folder(path, err))
        return -1;
    if (fd < 0)
        fd = open_draft(draft);
    if (fd < 0)
        return fail(path, "make", err);
    errno = ENOSPC; /* what a short write means */
    bad = write(fd, slots, sizeof *slots) != (ssize_t)sizeof *slots ||
          (link(draft, path) && errno != EEXIST);
    if (bad)
        fail(path, "write", err);
    unlink(draft);
    close(fd);
    return bad ? -1 : 0;
}

int slots_make_file(const char *path, uint64_t home, struct err *err)
{
    char boot_id[SLOTS_BOOT_BYTES];
    struct slots_start start = {.boot_id = boot_id, .home = home, .first_id = slots_make_id()};
    struct slots *slots = malloc(sizeof *slots);
    int bad;

    if (!slots)
        return err_no_memory(err);
    slots_owner_boot_id(boot_id);
    slots_init(slots, &start);
    slots->moved = 1; /* until something is put in there is nothing to take over */
    bad = publish(path, slots, err);
    free(slots);
    return bad;
}
