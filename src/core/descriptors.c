#include "core/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MAX = 65536,
    /* What failed to get its third or fourth has given the others back by the time it is
       asked. */
    SCARCE = 4
};

static struct rlimit before;
static bool raised;

void descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= MAX ||
        limit.rlim_cur >= limit.rlim_max)
        return;
    if (!raised)
        before = limit;
    limit.rlim_cur = limit.rlim_max < MAX ? limit.rlim_max : MAX;
    raised = !setrlimit(RLIMIT_NOFILE, &limit) || raised;
}

void descriptors_restore(void)
{
    if (raised)
        setrlimit(RLIMIT_NOFILE, &before);
}

unsigned long descriptors_max(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : (unsigned long)limit.rlim_cur;
}

/* The lowest number that is free is the next one given. */
bool descriptors_are_scarce(void)
{
    int next = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

    if (next < 0)
        return errno == EMFILE;
    close(next);
    return (unsigned long)next + SCARCE >= descriptors_max();
}
