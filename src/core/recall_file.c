#include "core/recall_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"

enum { LOCK_TRIES = 200, LOCK_PAUSE_MS = 10, OPEN_TRIES = 10, CHUNK = 4096 };

static int fail(const struct recall_file *file, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%.300s: cannot %s: %s", file->path, what, strerror(errno));
}

int recall_file_init(struct recall_file *file, const char *path, struct err *err)
{
    *file = (struct recall_file){.path = strdup(path), .fd = -1};
    return file->path != NULL ? 0 : err_no_memory(err);
}

static void forget(struct recall_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->seen = 0;
}

void recall_file_fini(struct recall_file *file)
{
    forget(file);
    free(file->path);
    file->path = NULL;
}

static int lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        nanosleep(&pause, NULL);
    }
    return -1;
}

static int open_file(struct recall_file *file)
{
    const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    if (file->fd < 0)
        file->fd = open(file->path, flags, S_IRUSR | S_IWUSR);
    return file->fd;
}

static bool is_there(const struct recall_file *file, const struct stat *about)
{
    struct stat there;
    return stat(file->path, &there) == 0 && there.st_ino == about->st_ino &&
           there.st_dev == about->st_dev && there.st_size >= file->seen;
}

/* 1: open and locked; 0: replaced by another session meanwhile; -1: an error */
static int try_lock(struct recall_file *file)
{
    struct stat about;
    if (open_file(file) < 0 || lock(file->fd) != 0 || fstat(file->fd, &about) != 0)
        return -1;
    if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    if (!is_there(file, &about)) {
        forget(file);
        return 0;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fchmod(file->fd, S_IRUSR | S_IWUSR);
    return 1;
}

int recall_file_lock(struct recall_file *file, bool *is_other, struct err *err)
{
    int result = 0;
    for (int i = 0; result == 0 && i < OPEN_TRIES; i++)
        result = try_lock(file);
    *is_other = file->seen == 0;
    if (result == 1)
        return 0;
    fail(file, "open", err);
    forget(file);
    return -1;
}

void recall_file_unlock(struct recall_file *file)
{
    if (file->fd >= 0)
        flock(file->fd, LOCK_UN);
}

int recall_file_read(struct recall_file *file, struct buf *out, struct err *err)
{
    char chunk[CHUNK];
    ssize_t got;
    while ((got = pread(file->fd, chunk, sizeof chunk, file->seen)) != 0) {
        if (got < 0)
            return fail(file, "read", err);
        if (buf_add(out, chunk, (size_t)got, err) != 0)
            return -1;
        file->seen += got;
    }
    return 0;
}

static bool is_unended(const struct recall_file *file)
{
    char last = '\n';
    return file->seen > 0 && pread(file->fd, &last, 1, file->seen - 1) == 1 && last != '\n';
}

int recall_file_append(struct recall_file *file, const char *line, size_t len, struct err *err)
{
    if (is_unended(file)) {
        if (write(file->fd, "\n", 1) != 1)
            return fail(file, "write", err);
        file->seen++;
    }
    if (write(file->fd, line, len) != (ssize_t)len)
        return fail(file, "write", err);
    file->seen += (off_t)len;
    return 0;
}

int recall_file_replace(
    struct recall_file *file, const char *bytes, size_t len, struct err *err)
{
    int failed = file_write(file->path, bytes, len, err);
    forget(file);
    return failed;
}
