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

void recall_file_fini(struct recall_file *file)
{
    recall_file_unlock(file);
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

/* 1: open and locked; 0: replaced by another session meanwhile; -1: an error */
static int try_lock(struct recall_file *file, struct stat *about)
{
    struct stat there;
    file->fd =
        open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (file->fd < 0 || lock(file->fd) != 0 || fstat(file->fd, about) != 0)
        return -1;
    if (!S_ISREG(about->st_mode)) {
        errno = EINVAL;
        return -1;
    }
    if (stat(file->path, &there) == 0 && there.st_ino == about->st_ino &&
        there.st_dev == about->st_dev)
        return 1;
    recall_file_unlock(file);
    return 0;
}

static void know(struct recall_file *file, const struct stat *about, off_t seen)
{
    file->device = about->st_dev;
    file->inode = about->st_ino;
    file->seen = seen;
}

int recall_file_lock(struct recall_file *file, bool *is_other, struct err *err)
{
    struct stat about;
    int result = 0;
    for (int i = 0; result == 0 && i < OPEN_TRIES; i++)
        result = try_lock(file, &about);
    if (result != 1) {
        fail(file, "open", err);
        recall_file_unlock(file);
        return -1;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fchmod(file->fd, S_IRUSR | S_IWUSR);
    *is_other = about.st_ino != file->inode || about.st_dev != file->device ||
                about.st_size < file->seen;
    know(file, &about, *is_other ? 0 : file->seen);
    return 0;
}

void recall_file_unlock(struct recall_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
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
    struct stat about;
    if (file_write(file->path, bytes, len, err) != 0)
        return -1;
    if (stat(file->path, &about) != 0)
        return fail(file, "read", err);
    know(file, &about, (off_t)len);
    return 0;
}
