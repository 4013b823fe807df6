#include "core/slots_owner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TICK_BITS = 40, MARK_BITS = 23 };

/* Tells this boot from others (FNV-1a), in the bits that ticks leave free: services started at
   boot get the same ids and ticks again. */
static uint64_t boot_mark(void)
{
    static uint64_t mark;
    char id[SLOTS_BOOT_BYTES];

    if (mark)
        return mark;
    slots_owner_boot_id(id);
    mark = 14695981039346656037u;
    for (const char *p = id; *p; p++)
        mark = (mark ^ (unsigned char)*p) * 1099511628211u;
    mark = (mark % ((UINT64_C(1) << MARK_BITS) - 1) + 1) << TICK_BITS;
    return mark;
}

/* The 22nd field of /proc/PID/stat and the boot's mark; 0 for a process that is gone or a
   zombie. */
static uint64_t born_of(int64_t pid)
{
    char path[64], text[1024], *field, state;
    unsigned long long born;
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    field = strrchr(text, ')'); /* the name before it may hold anything */
    if (!field || sscanf(field,
                      ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                      "%*d %*d %*d %*d %llu",
                      &state, &born) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : boot_mark() | born;
}

struct slots_owner slots_owner_self(void)
{
    static struct slots_owner self;

    if (self.pid != getpid()) /* also after a fork */
        self = (struct slots_owner){.pid = getpid(), .born = born_of(getpid())};
    return self;
}

bool slots_owner_is_alive(struct slots_owner owner)
{
    return born_of(owner.pid) == owner.born && owner.born;
}

void slots_owner_boot_id(char boot_id[SLOTS_BOOT_BYTES])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    memset(boot_id, 0, SLOTS_BOOT_BYTES);
    if (!file || !fgets(boot_id, SLOTS_BOOT_BYTES, file))
        snprintf(boot_id, SLOTS_BOOT_BYTES, "unknown");
    if (file)
        fclose(file);
    boot_id[strcspn(boot_id, "\n")] = '\0';
}
