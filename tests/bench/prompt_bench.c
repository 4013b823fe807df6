/* How long it takes until the prompt of a session can be typed at, on a terminal of its own,
   and until Ctrl-C ends a loop there. */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 21, WAIT_MS = 5000 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t size = strlen(end);
    return len >= size && memcmp(text + len - size, end, size) == 0;
}

/* Reads until what came ends so. */
static void await(int terminal, const char *end)
{
    char seen[65536];
    size_t len = 0;
    struct pollfd input = {.fd = terminal, .events = POLLIN};
    while (!ends_with(seen, len, end)) {
        ssize_t got = 0;
        if (poll(&input, 1, WAIT_MS) > 0)
            got = read(terminal, seen + len, sizeof seen - len);
        if (got <= 0) {
            fprintf(stderr, "no \"%s\" came\n", end);
            exit(EXIT_FAILURE);
        }
        len += (size_t)got;
    }
}

static void type(int terminal, const char *text)
{
    if (write(terminal, text, strlen(text)) < 0)
        exit(EXIT_FAILURE);
}

static pid_t start(const char *program, int *terminal)
{
    pid_t pid = forkpty(terminal, NULL, NULL, NULL);
    if (pid == 0) {
        execl(program, program, NULL);
        _exit(127);
    }
    return pid;
}

static void measure(const char *program, double *prompt_ms, double *interrupt_ms)
{
    int terminal;
    double began = now_ms();
    pid_t pid = start(program, &terminal);
    await(terminal, "> ");
    *prompt_ms = now_ms() - began;
    type(terminal, "print('a' .. 'b') while true do end\n");
    await(terminal, "ab\r\n");
    began = now_ms();
    type(terminal, "\003");
    await(terminal, "> ");
    *interrupt_ms = now_ms() - began;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(terminal);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *times)
{
    qsort(times, RUNS, sizeof *times, compare);
    printf("%-24s median %5.1f ms, worst %5.1f ms of %d\n", what, times[RUNS / 2],
        times[RUNS - 1], RUNS);
}

int main(int argc, char **argv)
{
    double prompts[RUNS], interrupts[RUNS];
    const char *program = argc > 1 ? argv[1] : "./siterun";
    setenv("TERM", "xterm", 1);
    for (int i = 0; i < RUNS; i++)
        measure(program, &prompts[i], &interrupts[i]);
    report("prompt ready after", prompts);
    report("Ctrl-C ends a loop after", interrupts);
    return EXIT_SUCCESS;
}
