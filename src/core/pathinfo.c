#include "core/pathinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/volume.h"

static const char *kind_of(mode_t mode)
{
    return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : "other";
}

static int64_t free_bytes(const char *path)
{
    struct statvfs fs;

    return statvfs(path, &fs) ? 0 : (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

int pathinfo_read(const char *path, struct pathinfo *out, struct err *err)
{
    struct stat about;

    if (stat(path, &about))
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_CONFIG,
            "%.300s: %s", path, strerror(errno));
    *out = (struct pathinfo){
        .kind = kind_of(about.st_mode),
        .mode = about.st_mode & 07777,
        .is_ours = about.st_uid == geteuid() || about.st_uid == 0,
        .is_writable = !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS),
        .is_network = volume_is_network(path),
        .bytes = about.st_size,
        .free_bytes = free_bytes(path),
    };
    return 0;
}
