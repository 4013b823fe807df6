#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 4096, OPEN_FOLDERS = 16 };

static int failure(struct err *err, const char *path, const char *what)
{
    return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_CONFIG, "%s: cannot %s: %s", path,
        what, strerror(errno));
}

static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    char chunk[CHUNK];
    ssize_t got;
    int failed = 0;

    while (!failed && (got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got > 0 && buf_add(out, chunk, (size_t)got, err))
            failed = err_set(err, ERR_CONFIG, "%s is larger than %zu bytes", path, out->max);
        else if (got < 0 && errno != EINTR)
            failed = failure(err, path, "read");
    }
    explicit_bzero(chunk, sizeof chunk);
    return failed;
}

static int read_open(int fd, const char *path, struct buf *out, bool *shared, struct err *err)
{
    struct stat about;

    if (fstat(fd, &about))
        return failure(err, path, "read");
    if (!S_ISREG(about.st_mode))
        return err_set(err, ERR_CONFIG, "%s is not a regular file", path);
    *shared = about.st_mode & (S_IRWXG | S_IRWXO);
    return read_all(fd, path, out, err);
}

/* O_NONBLOCK so that a named pipe is refused, not waited for. */
int file_read(const char *path, struct buf *out, bool *shared, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), failed;

    if (fd < 0)
        return failure(err, path, "open");
    failed = read_open(fd, path, out, shared, err);
    close(fd);
    return failed;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    ssize_t written;

    for (; len; bytes += written, len -= (size_t)written)
        if ((written = write(fd, bytes, len)) < 0) {
            if (errno != EINTR)
                return -1;
            written = 0;
        }
    return fsync(fd);
}

static int write_draft(
    const char *draft, const char *path, int fd, const void *bytes, size_t len)
{
    int failed = write_all(fd, bytes, len);

    if (close(fd) || failed)
        return -1;
    return rename(draft, path);
}

int file_write(const char *path, const void *bytes, size_t len, struct err *err)
{
    char *draft;
    int fd, failed;

    if (asprintf(&draft, "%s.XXXXXX", path) < 0)
        return err_no_memory(err);
    fd = mkostemp(draft, O_CLOEXEC); /* 0600 */
    failed = fd < 0 || write_draft(draft, path, fd, bytes, len);
    if (failed)
        err_set(err, ERR_CONFIG, "%s: cannot write: %s", path, strerror(errno));
    if (failed && fd >= 0)
        unlink(draft);
    free(draft);
    return failed ? -1 : 0;
}

int file_create(const char *path, const void *bytes, size_t len, unsigned mode, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode), failed;

    if (fd < 0)
        return err_set(
            err, ERR_CONFIG, "%.300s: cannot make the file: %s", path, strerror(errno));
    failed = write_all(fd, bytes, len);
    if (close(fd) || failed) {
        err_set(err, ERR_CONFIG, "%.300s: cannot write: %s", path, strerror(errno));
        unlink(path);
        return -1;
    }
    return 0;
}

static int make_one(const char *path, mode_t mode, struct err *err)
{
    struct stat about;

    if (!mkdir(path, mode))
        return 0;
    if (errno == EEXIST && !stat(path, &about) && S_ISDIR(about.st_mode))
        return 0;
    err_set(err, ERR_CONFIG, "%s: cannot make the folder: %s", path, strerror(errno));
    return -1;
}

int file_make_folder(const char *path, unsigned mode, struct err *err)
{
    char *part = strdup(path);
    int failed = part ? 0 : err_no_memory(err);

    for (char *end = part; !failed && end && *end;) {
        end = strchr(end + 1, '/');
        if (end)
            *end = '\0';
        failed = make_one(part, (mode_t)mode, err);
        if (end)
            *end = '/';
    }
    free(part);
    return failed;
}

static char *temporary;
static pid_t temporary_owner;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

static void remove_temporary(void)
{
    if (temporary && temporary_owner == getpid())
        nftw(temporary, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(temporary);
    temporary = NULL;
}

static int make_temporary(struct err *err)
{
    const char *above = getenv("TMPDIR");

    if (asprintf(&temporary, "%s/siterun-XXXXXX", above && *above ? above : "/tmp") < 0) {
        temporary = NULL;
        return err_no_memory(err);
    }
    if (!mkdtemp(temporary)) {
        err_set(err, ERR_CONFIG, "%s: cannot make the folder: %s", temporary, strerror(errno));
        free(temporary);
        temporary = NULL;
        return -1;
    }
    temporary_owner = getpid();
    atexit(remove_temporary);
    return 0;
}

int file_temporary_folder(const char **path, struct err *err)
{
    if (!temporary && make_temporary(err))
        return -1;
    *path = temporary;
    return 0;
}

static bool is_folder(int fd, const struct dirent *entry)
{
    struct stat about;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return fstatat(fd, entry->d_name, &about, 0) == 0 && S_ISDIR(about.st_mode);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int add_name(struct buf *out, DIR *folder, const struct dirent *entry)
{
    char name[sizeof entry->d_name + 2];
    struct err full;
    int len = snprintf(
        name, sizeof name, "%s%s", entry->d_name, is_folder(dirfd(folder), entry) ? "/" : "");

    return buf_add(out, name, (size_t)len + 1, &full);
}

int file_list(const char *path, struct buf *out, struct err *err)
{
    DIR *folder = opendir(path);

    if (!folder)
        return failure(err, path, "list");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!is_dots(entry->d_name) && add_name(out, folder, entry))
            break;
    }
    closedir(folder);
    return 0;
}
