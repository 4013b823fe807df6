/* What a slot costs: taking and giving back alone, and the lock with 32 processes on one
   account. Prints figures; asserts nothing, since machines differ. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/slots_file.h"
#include "core/slots_owner.h"
#include "core/throttle.h"

enum { ROUNDS = 20000, CROWD = 32, CROWD_ROUNDS = 1000, PAUSE_NS = 2000000 };

static char folder[] = "/tmp/slots_bench.XXXXXX";

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "slots_bench: %s failed\n", what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void print(const char *what, int64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, compare);
    printf("%-44s median %7.2f us   p99 %8.2f us   max %9.2f us\n", what,
        (double)ns[count / 2] / 1000, (double)ns[count * 99 / 100] / 1000,
        (double)ns[count - 1] / 1000);
}

static void ignore(void *context, const struct err *err)
{
    (void)context;
    (void)err;
}

static void measure_alone(const char *what, enum err_sent sent, int64_t window_ms)
{
    static int64_t ns[ROUNDS];
    struct throttle_spec spec = {.service = "bench",
        .folder = folder,
        .name = what,
        .limit = SLOTS_ENDED_MAX,
        .window_ms = window_ms};
    struct throttle_waiter waiter = {.priority = PRIORITY_NORMAL, .granted = ignore};
    struct throttle *throttle;
    struct loop *loop;
    struct err err;

    check(!loop_new(&loop, &err) && !throttle_new(&throttle, loop, &spec, &err), "opening");
    for (int i = 0; i < ROUNDS; i++) {
        int64_t from_ns = now_ns();

        check(throttle_take(throttle, &waiter, &err) == 1, "taking");
        throttle_release(throttle, &waiter, sent);
        ns[i] = now_ns() - from_ns;
    }
    print(what, ns, ROUNDS);
    throttle_free(throttle);
    loop_free(loop);
}

static struct slots_file *open_file(void)
{
    struct slots_file_spec spec = {
        .folder = folder, .name = "crowd", .limit = CROWD, .hold_ms = 1000};
    struct slots_file *file;
    struct err err;

    check(!slots_file_open(&file, &spec, &err), "opening");
    return file;
}

/* From asking for the lock until a slot is taken and the lock given back. */
static void take_often(int64_t *ns, atomic_bool *starts)
{
    struct slots_file *file = open_file();
    struct slots_place place;
    struct slots *slots;
    struct err err;

    while (!*starts)
        sched_yield();
    for (int i = 0; i < CROWD_ROUNDS; i++) {
        int64_t from_ns = now_ns();
        bool taken;

        check(!slots_file_lock(file, &slots, &err), "locking");
        taken = slots_take(slots, CROWD, clock_ms(), slots_owner_self(), &place);
        slots_file_unlock(file);
        ns[i] = now_ns() - from_ns;
        check(taken, "taking");
        check(!slots_file_lock(file, &slots, &err), "locking");
        slots_release(slots, place, 0);
        slots_file_unlock(file);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

static void measure_crowd(void)
{
    size_t count = (size_t)CROWD * CROWD_ROUNDS;
    int64_t *ns = mmap(NULL, count * sizeof *ns + sizeof(atomic_bool), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    atomic_bool *starts = (atomic_bool *)(ns + count);

    check(ns != MAP_FAILED, "mapping");
    fflush(stdout);
    for (int i = 0; i < CROWD; i++)
        if (!fork()) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            take_often(ns + (size_t)i * CROWD_ROUNDS, starts);
            _exit(0);
        }
    *starts = true;
    for (int i = 0, status = 0; i < CROWD; i++)
        check(wait(&status) > 0 && !status, "a process");
    print("a slot with 32 processes on the account", ns, count);
}

int main(void)
{
    char command[64];

    check(mkdtemp(folder), "a folder");
    measure_alone("unsent: take and give back, alone", SENT_NO, 60000);
    measure_alone("answered: take and hold, alone", SENT_YES, 1);
    measure_crowd();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}
