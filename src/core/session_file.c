#include "core/session_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"

enum { CONTENT_MAX = 256 * 1024, PATH_BYTES = 4096 };

struct session_file {
    unsigned char key[SEAL_KEY_BYTES];
    char path[PATH_BYTES], draft[PATH_BYTES], lock[PATH_BYTES];
    int lock_fd; /* -1 when the lock is not held */
};

static int fail(const char *what, const char *path, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot %s %.300s: %s", what, path, strerror(errno));
}

static int set_path(char *path, const char *folder, const char *name, const char *suffix)
{
    int len = snprintf(path, PATH_BYTES, "%s/session-%.16s%s", folder, name, suffix);

    return len < PATH_BYTES ? 0 : -1;
}

int session_file_new(struct session_file **out, const char *folder, const char *name,
    const unsigned char key[SEAL_KEY_BYTES], struct err *err)
{
    struct session_file *file = calloc(1, sizeof *file);
    char draft[48];

    if (!file)
        return err_no_memory(err);
    snprintf(draft, sizeof draft, ".%ld.new", (long)getpid());
    memcpy(file->key, key, sizeof file->key);
    file->lock_fd = -1;
    if (set_path(file->path, folder, name, "") || set_path(file->draft, folder, name, draft) ||
        set_path(file->lock, folder, name, ".lock")) {
        session_file_free(file);
        return err_set(err, ERR_CONFIG, "the name of the state folder is too long");
    }
    *out = file;
    return 0;
}

void session_file_free(struct session_file *file)
{
    if (!file)
        return;
    session_file_unlock(file);
    explicit_bzero(file->key, sizeof file->key);
    free(file);
}

static int read_all(int fd, struct buf *out, struct err *err)
{
    char part[4096];
    ssize_t len;

    while ((len = read(fd, part, sizeof part)) > 0)
        if (buf_add(out, part, (size_t)len, err))
            return -1;
    return len < 0 ? -1 : 0;
}

static bool is_too_large(int fd)
{
    struct stat info;

    return fstat(fd, &info) || info.st_size > CONTENT_MAX;
}

int session_file_read(struct session_file *file, struct buf *out, struct err *err)
{
    struct buf sealed;
    struct err ignored;
    int bad, fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? 0 : fail("read", file->path, err);
    buf_init(&sealed, CONTENT_MAX);
    bad = is_too_large(fd) ? 0 : read_all(fd, &sealed, &ignored);
    close(fd);
    if (!bad && seal_open(out, file->key, buf_text(&sealed), sealed.len, &ignored))
        buf_clear(out);
    buf_fini(&sealed);
    return bad ? fail("read", file->path, err) : 0;
}

static int write_draft(const struct session_file *file, const struct buf *sealed)
{
    int fd = open(file->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t written;

    if (fd < 0)
        return -1;
    written = write(fd, sealed->data, sealed->len);
    return close(fd) || written != (ssize_t)sealed->len ? -1 : 0;
}

int session_file_write(struct session_file *file, const struct buf *content, struct err *err)
{
    struct buf sealed;
    int bad;

    buf_init(&sealed, CONTENT_MAX);
    bad = seal_close(&sealed, file->key, buf_text(content), content->len, err);
    if (!bad && (write_draft(file, &sealed) || rename(file->draft, file->path))) {
        bad = fail("write", file->path, err);
        unlink(file->draft);
    }
    buf_fini(&sealed);
    return bad;
}

int session_file_lock(struct session_file *file, struct err *err)
{
    int fd = open(file->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail("open", file->lock, err);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int busy = errno == EWOULDBLOCK;

        close(fd);
        return busy ? 0 : fail("lock", file->lock, err);
    }
    file->lock_fd = fd;
    return 1;
}

void session_file_unlock(struct session_file *file)
{
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    file->lock_fd = -1;
}
