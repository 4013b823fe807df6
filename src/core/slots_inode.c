#include "core/slots_inode.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { BRIEFLY_NAPS = 50000, NAP_NS = 100000 };

void slots_inode_init(struct slots_inode *inode)
{
    *inode = (struct slots_inode){.fd = -1};
}

/* A copy of the file may get the number that its original had, but not its birth. */
static uint64_t id_of(int fd, ino_t number)
{
    struct statx stat;
    uint64_t born_ns = 0;

    if (!statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stat) && (stat.stx_mask & STATX_BTIME))
        born_ns = (uint64_t)stat.stx_btime.tv_sec * 1000000000 + stat.stx_btime.tv_nsec;
    return (number * 1099511628211u ^ born_ns) | 1;
}

int slots_inode_open(
    struct slots_inode *inode, int folder, const char *path, int flags, struct stat *stat)
{
    slots_inode_init(inode);
    inode->fd = openat(folder, path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (inode->fd < 0)
        return -1;
    if (fstat(inode->fd, stat)) {
        slots_inode_close(inode);
        return -1;
    }
    inode->device = stat->st_dev;
    inode->number = stat->st_ino;
    inode->id = id_of(inode->fd, stat->st_ino);
    return 0;
}

void slots_inode_close(struct slots_inode *inode)
{
    int error = errno;

    slots_inode_unmap(inode);
    if (inode->fd >= 0)
        close(inode->fd);
    slots_inode_init(inode);
    errno = error;
}

static int lock_forever(int fd)
{
    int bad;

    do
        bad = flock(fd, LOCK_EX);
    while (bad && errno == EINTR);
    return bad;
}

static int lock_briefly(int fd)
{
    int bad = flock(fd, LOCK_EX | LOCK_NB);

    for (int i = 0; bad && errno == EWOULDBLOCK && i < BRIEFLY_NAPS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        bad = flock(fd, LOCK_EX | LOCK_NB);
    }
    return bad;
}

int slots_inode_lock(struct slots_inode *inode, enum slots_inode_wait wait)
{
    return wait == SLOTS_INODE_FOREVER ? lock_forever(inode->fd) : lock_briefly(inode->fd);
}

void slots_inode_unlock(struct slots_inode *inode)
{
    if (inode->fd >= 0)
        flock(inode->fd, LOCK_UN);
}

int slots_inode_map(struct slots_inode *inode)
{
    inode->map = slots_map_new(inode->fd);
    inode->slots = inode->map ? slots_map_block(inode->map) : NULL;
    return inode->map ? 0 : -1;
}

void slots_inode_unmap(struct slots_inode *inode)
{
    slots_map_free(inode->map);
    inode->map = NULL;
    inode->slots = NULL;
}

int slots_inode_resize(struct slots_inode *inode)
{
    if (ftruncate(inode->fd, sizeof *inode->slots))
        return -1;
    errno = posix_fallocate(inode->fd, 0, sizeof *inode->slots);
    return errno ? -1 : 0;
}

bool slots_inode_is(const struct slots_inode *inode, const struct stat *stat)
{
    return stat->st_ino == inode->number && stat->st_dev == inode->device;
}

bool slots_inode_is_at(const struct slots_inode *inode, const char *path, struct stat *stat)
{
    return !lstat(path, stat) && slots_inode_is(inode, stat);
}

bool slots_inode_is_torn(const struct slots_inode *inode)
{
    return inode->map && slots_map_is_torn(inode->map);
}
