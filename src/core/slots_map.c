#include "core/slots_map.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

struct slots_map {
    struct slots_map *next; /* of all */
    struct slots *slots;
    volatile sig_atomic_t torn;
};

static struct slots_map *all;
static struct sigaction previous;

/* In the handler: the access that failed is repeated after it, and goes to the new memory. */
static bool tear(struct slots_map *map)
{
    map->torn = 1;
    return mmap(map->slots, sizeof *map->slots, PROT_READ | PROT_WRITE,
               MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

/* Repeated after the handler, an access fails as if there were none. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
        return;
    }
    sigaction(number, &previous, NULL);
    if (info->si_code <= 0) /* sent by a process */
        raise(number);
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    const char *at = info->si_addr;

    for (struct slots_map *map = all; map && info->si_code > 0; map = map->next)
        if (at >= (char *)map->slots && at < (char *)(map->slots + 1) && tear(map))
            return;
    pass_on(number, info, context);
}

/* Each time: somebody may have put another handler in the place of ours. */
static int watch(void)
{
    struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO}, current;

    if (sigaction(SIGBUS, NULL, &current))
        return -1;
    if ((current.sa_flags & SA_SIGINFO) && current.sa_sigaction == on_sigbus)
        return 0;
    previous = current;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL);
}

struct slots_map *slots_map_new(int fd)
{
    struct slots_map *map = calloc(1, sizeof *map);
    void *at;

    if (!map || watch()) {
        free(map);
        return NULL;
    }
    at = mmap(NULL, sizeof *map->slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        free(map);
        return NULL;
    }
    map->slots = at;
    map->next = all;
    all = map;
    return map;
}

void slots_map_free(struct slots_map *map)
{
    struct slots_map **link = &all;

    if (!map)
        return;
    while (*link != map)
        link = &(*link)->next;
    *link = map->next;
    munmap(map->slots, sizeof *map->slots);
    free(map);
}

struct slots *slots_map_block(const struct slots_map *map)
{
    return map->slots;
}

bool slots_map_is_torn(const struct slots_map *map)
{
    return map->torn;
}

void slots_map_sync(const struct slots_map *map)
{
    msync(map->slots, offsetof(struct slots, ended_ms), MS_SYNC);
}
