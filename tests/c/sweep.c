/* sweep: runs a program again and again, failing one allocation more late each time, until none
 * fails any more.
 *
 *   sweep lua|c STRIDE|=N ARGUMENT...     (the arguments are siterun's)
 *
 * "lua" fails Lua's allocations, "c" those of our own C code (the linker wraps its malloc and
 * kin). Each run is a process of its own. It may end as it likes, but must end by itself, and
 * not without a word unless it did its work. With a STRIDE above 1 only every so many are
 * tried, with =N only the Nth. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "host/host.h"

enum { RUN_SECONDS = 60, SANITIZER_EXIT = 99 };

/* Shared with the run under way. */
struct sweep {
    bool in_lua;
    long fail_at; /* the allocation to fail, from 1 */
    long count;
    bool armed;
};

static struct sweep *sweep;

static bool fails(bool in_lua)
{
    if (!sweep->armed || sweep->in_lua != in_lua)
        return false;
    sweep->count++;
    /* Lua collects garbage and tries a second time. */
    return sweep->count == sweep->fail_at || (in_lua && sweep->count == sweep->fail_at + 1);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

static void *allocate_for_lua(void *context, void *block, size_t old_size, size_t size)
{
    (void)context;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if ((block == NULL || size > old_size) && fails(true))
        return NULL;
    return __real_realloc(block, size);
}

static bool refuse(void)
{
    if (!fails(false))
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}

char *__wrap_strndup(const char *text, size_t len)
{
    len = strnlen(text, len);
    char *copy = __wrap_malloc(len + 1);
    if (copy == NULL)
        return NULL;
    copy[len] = '\0';
    return memcpy(copy, text, len);
}

char *__wrap_strdup(const char *text)
{
    return __wrap_strndup(text, strlen(text));
}

static int run_program(int argc, char **argv)
{
    struct cli cli;
    struct err err;
    int code = 2;
    sweep->armed = true;
    if (cli_parse(&cli, argc, argv, &err) == 0)
        code = host_run(&cli, allocate_for_lua, NULL);
    else
        fprintf(stderr, "siterun: %s\n", err.message);
    cli_fini(&cli);
    sweep->armed = false;
    return code;
}

static int run_apart(FILE *output, int argc, char **argv)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(RUN_SECONDS);
        dup2(fileno(output), STDOUT_FILENO);
        dup2(fileno(output), STDERR_FILENO);
        exit(run_program(argc, argv));
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void show(FILE *output)
{
    char block[4096];
    size_t n;
    rewind(output);
    while ((n = fread(block, 1, sizeof block, output)) > 0)
        fwrite(block, 1, n, stdout);
}

/* Whether the run did well with that allocation failing. */
static bool try(long fail_at, int argc, char **argv)
{
    FILE *output = tmpfile();
    if (output == NULL)
        abort();
    sweep->fail_at = fail_at;
    sweep->count = 0;
    int status = run_apart(output, argc, argv);
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) != SANITIZER_EXIT;
    bool done = ended && WEXITSTATUS(status) == 0;
    bool silent = lseek(fileno(output), 0, SEEK_END) == 0;
    bool right = done || (ended && !silent && sweep->count >= fail_at);
    if (!right) {
        printf("not ok - allocation %ld: wait status %#x\n", fail_at, (unsigned)status);
        show(output);
    }
    fclose(output);
    return right;
}

/* Tries all from the first on; after a few breaches the rest is not worth the time. */
static int try_all(long stride, int argc, char **argv)
{
    enum { BREACHES_MAX = 5 };
    int breaches = 0;
    for (long n = 1; breaches < BREACHES_MAX; n += stride) {
        bool right = try(n, argc, argv);
        breaches += !right;
        if (right && sweep->count < n)
            break;
    }
    if (breaches == 0)
        printf("ok - %ld allocations, one in %ld failed\n", sweep->count, stride);
    return breaches != 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: sweep lua|c STRIDE|=N ARGUMENT...\n");
        return 2;
    }
    sweep =
        mmap(NULL, sizeof *sweep, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sweep == MAP_FAILED)
        return 1;
    sweep->in_lua = strcmp(argv[1], "lua") == 0;
    if (*argv[2] == '=')
        return !try(strtol(argv[2] + 1, NULL, 10), argc - 2, argv + 2);
    long stride = strtol(argv[2], NULL, 10);
    return try_all(stride > 0 ? stride : 1, argc - 2, argv + 2);
}
