/* tape: an SQLite VFS that notes every write, truncation, sync and removal of a journal's
   files. For one process and one thread; the notes are in `tape` until erase_tape. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DISK_FILES = 3 };

static const char *const suffixes[DISK_FILES] = {"", "-wal", "-journal"};

/* ---- what was done to the disk ---- */

enum kind { WRITE, TRUNCATE, SYNC, REMOVE, REPORT };

struct op {
    enum kind kind;
    int file;
    int64_t at; /* offset; new size; seq of a report; whether the folder is synced too */
    int len;
    unsigned char *bytes;
};

static struct {
    struct op *ops;
    int count, room;
} tape;

static void note(enum kind kind, int file, int64_t at, const void *bytes, int len)
{
    struct op *op;

    if (file < 0)
        return;
    if (tape.count == tape.room) {
        tape.room = tape.room ? tape.room * 2 : 1024;
        tape.ops = realloc(tape.ops, (size_t)tape.room * sizeof *tape.ops);
        assert_non_null(tape.ops);
    }
    op = &tape.ops[tape.count++];
    *op = (struct op){.kind = kind, .file = file, .at = at, .len = len};
    if (len) {
        op->bytes = malloc((size_t)len);
        assert_non_null(op->bytes);
        memcpy(op->bytes, bytes, (size_t)len);
    }
}

static void erase_tape(void)
{
    for (int i = 0; i < tape.count; i++)
        free(tape.ops[i].bytes);
    free(tape.ops);
    memset(&tape, 0, sizeof tape);
}

/* ---- a file system that takes notes ---- */

struct file {
    sqlite3_file base;
    int index; /* -1: not one of the database's */
    bool synced;
    sqlite3_file *real;
};

static sqlite3_vfs *disk, recorder;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

static int index_of(const char *path)
{
    const char *end = path ? strstr(path, "journal.db") : NULL;

    for (int i = 0; end && i < DISK_FILES; i++)
        if (!strcmp(end + strlen("journal.db"), suffixes[i]))
            return i;
    return -1;
}

static int file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, len, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    note(WRITE, ((struct file *)(void *)file)->index, at, bytes, len);
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, len, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    note(TRUNCATE, ((struct file *)(void *)file)->index, size, NULL, 0);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

/* SQLite syncs the folder with the first sync of a log that it may have made (os_unix.c). */
static int file_sync(sqlite3_file *file, int flags)
{
    struct file *own = (struct file *)(void *)file;

    note(SYNC, own->index, own->index > 0 && !own->synced, NULL, 0);
    own->synced = true;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int file_control(sqlite3_file *file, int what, void *with)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, with);
}

static int file_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* What processes share of a WAL is memory: a cut takes it away. */
static int file_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_map_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static int open_file(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {2, file_close, file_read, file_write,
        file_truncate, file_sync, file_size, file_lock, file_unlock, file_check, file_control,
        file_sector, file_traits, file_map, file_map_lock, file_barrier, file_unmap, NULL,
        NULL};
    struct file *own = (struct file *)(void *)file;
    int code;

    (void)vfs;
    own->index = index_of(path);
    own->synced = false;
    own->real = (sqlite3_file *)(void *)(own + 1);
    code = disk->xOpen(disk, path, own->real, flags, out_flags);
    own->base.pMethods = own->real->pMethods ? &methods : NULL;
    return code;
}

static int remove_file(sqlite3_vfs *vfs, const char *path, int synced)
{
    (void)vfs;
    note(REMOVE, index_of(path), synced, NULL, 0);
    return disk->xDelete(disk, path, synced);
}

static void start_recording(void)
{
    disk = sqlite3_vfs_find("unix");
    recorder = *disk;
    recorder.zName = "recorder";
    recorder.szOsFile += (int)sizeof(struct file);
    recorder.xOpen = open_file;
    recorder.xDelete = remove_file;
    sqlite3_vfs_register(&recorder, 1);
}

static void stop_recording(void)
{
    sqlite3_vfs_unregister(&recorder);
    sqlite3_vfs_register(disk, 1);
}
