#include "core/slots_search.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    slots_search_visit *visit;
    void *context;
};

static int fail(const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "cannot see in %.100s what other processes hold: %s", what,
        strerror(errno));
}

/* A process that is gone, or another user's, holds nothing of ours; without descriptors or
   memory nothing can be said. */
static bool is_hidden(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* Of thousands of descriptors most are sockets: names in the open folder are the quickest. */
static int search_folder(const struct search *search, int64_t pid, DIR *dir, struct err *err)
{
    struct slots_search_held held = {.pid = pid, .folder = dirfd(dir)};
    const struct dirent *entry;
    int bad = 0;

    while (!bad && (entry = readdir(dir))) {
        held.name = entry->d_name;
        bad = entry->d_name[0] != '.' && search->visit(search->context, &held, err);
    }
    return bad ? -1 : 0;
}

static int search_process(const struct search *search, const char *pid, struct err *err)
{
    char folder[300];
    DIR *dir;
    int bad;

    snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
    dir = opendir(folder);
    if (!dir)
        return is_hidden() ? fail(folder, err) : 0;
    bad = search_folder(search, atoll(pid), dir, err);
    closedir(dir);
    return bad;
}

int slots_search_files(slots_search_visit *visit, void *context, struct err *err)
{
    const struct search search = {visit, context};
    const struct dirent *entry;
    DIR *dir = opendir("/proc/self/fd"); /* an empty folder is no /proc */
    int bad = 0;

    if (dir)
        closedir(dir);
    dir = dir ? opendir("/proc") : NULL;
    if (!dir)
        return fail("/proc", err);
    while (!bad && (entry = readdir(dir)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            bad = search_process(&search, entry->d_name, err);
    closedir(dir);
    return bad;
}
