/* The ways in which a file of slots is taken away from those who have it open. */
#pragma once
#include "slots_shared.h"

static inline void delete_file(void)
{
    assert_int_equal(unlink(path), 0);
}

static inline void rename_file(void)
{
    char away[160];

    snprintf(away, sizeof away, "%s/away", folder);
    assert_int_equal(rename(path, away), 0);
}

static inline void keep_a_hard_link(void)
{
    char other[160];

    snprintf(other, sizeof other, "%s/link", folder);
    unlink(other);
    assert_int_equal(link(path, other), 0);
    assert_int_equal(unlink(path), 0);
}

/* A fresh file, as from a backup of long ago, comes to the path. */
static inline void replace_file(void)
{
    char other[160], command[700];

    snprintf(other, sizeof other, "%s/backup", folder);
    if (access(other, F_OK))
        return delete_file();
    snprintf(
        command, sizeof command, "cp %s %s.new && mv %s.new %s", other, other, other, path);
    assert_int_equal(system(command), 0);
}

static inline void delete_folder(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

/* What the file's last moment of a process between linking and removing its draft left. */
static inline void delete_leaving_a_draft(void)
{
    char draft[160];

    snprintf(draft, sizeof draft, "%s.%ld.new", path, (long)getpid());
    assert_int_equal(link(path, draft), 0);
    assert_int_equal(unlink(path), 0);
}

static void (*const removals[])(void) = {delete_file, rename_file, keep_a_hard_link,
    replace_file, delete_folder, delete_leaving_a_draft};

enum { REMOVALS = sizeof removals / sizeof *removals };

/* The folder is there afterwards, for the newcomer. */
static inline void take_away(size_t i)
{
    removals[i]();
    if (removals[i] == delete_folder)
        assert_int_equal(mkdir(folder, 0700), 0);
}

static inline void make_backup(void)
{
    char command[700];

    slots_file_close(open_file());
    snprintf(command, sizeof command, "cp %s %s/backup && rm %s", path, folder, path);
    assert_int_equal(system(command), 0);
}

/* A file of which there is a backup, with slots in use and one more taken. */
static inline struct slots_file *open_taken(struct slots_place *place)
{
    struct slots_file *file;

    make_backup();
    file = open_used();
    assert_true(take(file, LIMIT, place));
    return file;
}
