/* What the tests of the slots' file have in common: a file in a folder of its own, and
   children. */
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "children.h"
#include "core/clock.h"
#include "core/slots_file.h"
#include "core/slots_owner.h"
#include "core/slots_queue.h"

enum { LIMIT = 5, HOLD_MS = 600000, CROWD = 6, NOBODY = 65534 };

static char path[128];

static struct slots_file_spec spec = {
    .folder = folder, .name = "0123456789abcdef", .limit = LIMIT, .hold_ms = HOLD_MS};

static inline int set_up(void **state)
{
    int bad = make_folder(state);

    snprintf(path, sizeof path, "%s/limit-0123456789abcdef", folder);
    spec.assume_fresh = false;
    return bad;
}

/* Another folder: a process that searches, of another test, may have an old file open for a
   moment, and what was held in that is found again. */
static inline void renew(void)
{
    assert_int_equal(remove_folder(NULL), 0);
    assert_int_equal(set_up(NULL), 0);
}

/* ---- doing things to a file; in children, too ---- */

static inline struct slots_file *open_file(void)
{
    struct slots_file *file;
    struct err err;

    if (slots_file_open(&file, &spec, &err)) {
        fprintf(stderr, "# %s\n", err.message);
        must(false, "slots_file_open");
    }
    return file;
}

static inline struct slots *lock(struct slots_file *file)
{
    struct slots *slots;
    struct err err;

    if (slots_file_lock(file, &slots, &err)) {
        fprintf(stderr, "# %s\n", err.message);
        must(false, "slots_file_lock");
    }
    return slots;
}

static inline int used(struct slots_file *file)
{
    int count = slots_used(lock(file), clock_ms());

    slots_file_unlock(file);
    return count;
}

static inline bool take(struct slots_file *file, int limit, struct slots_place *place)
{
    bool taken = slots_take(lock(file), limit, clock_ms(), slots_owner_self(), place);

    slots_file_unlock(file);
    return taken;
}

static inline void release(struct slots_file *file, struct slots_place place, int64_t free_ms)
{
    slots_release(lock(file), place, free_ms);
    slots_file_unlock(file);
}

/* One in flight and one held. */
static inline struct slots_file *open_used(void)
{
    struct slots_file *file = open_file();
    struct slots_place place;

    assert_true(take(file, LIMIT, &place));
    release(file, place, clock_ms() + HOLD_MS / 2);
    assert_true(take(file, LIMIT, &place));
    return file;
}

static inline int used_of_newcomer(void)
{
    struct slots_file *file = open_file();
    int count = used(file);

    slots_file_close(file);
    return count;
}
