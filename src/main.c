/* siterun: a scriptable client for Teleporte, Ticketing As A Service and TeamWork Live. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "core/buf.h"
#include "core/display.h"
#include "host/heap.h"
#include "host/host.h"
#include "version.h"

enum { EXIT_USAGE = 2 };

/* A peer that went away must not end the run, but nobody reading the output does, as it does
 * for other tools. A handler, unlike SIG_IGN, is not inherited by programs that recipes
 * start. */
static void broken_pipe(int signal_number)
{
    int saved = errno;
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    errno = saved;
}

static void catch_broken_pipe(void)
{
    struct sigaction action = {.sa_handler = broken_pipe, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}

/* Much may have happened since a write failed: errno tells why only where it says what a write
   may. */
static const char *why_not_written(void)
{
    static const int reasons[] = {ENOSPC, EDQUOT, EFBIG, EIO, EBADF, EPIPE};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (errno == reasons[i])
            return strerror(errno);
    return "some of it is missing";
}

/* Output that did not reach the disk is a failure, whichever way the run ended. */
static void close_stdout(void)
{
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !failed)
        return;
    fprintf(stderr, "siterun: cannot write the output: %s\n", why_not_written());
    _exit(EXIT_FAILURE);
}

/* A file or a socket that got the number of a closed stream would be taken for it. Reading
 * finds an end, writing fails. */
static void fill_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_FAILURE);
}

static int run_lua(const struct cli *cli)
{
    struct heap *heap = heap_new();
    int code = EXIT_FAILURE;
    if (heap != NULL)
        code = host_run(cli, heap_alloc, heap);
    else
        fprintf(stderr, "siterun: not enough memory\n");
    heap_free(heap);
    return code;
}

static int run(const struct cli *cli)
{
    if (cli->help)
        cli_print_help(stdout);
    else if (cli->version)
        version_print(stdout);
    else
        return run_lua(cli);
    return 0;
}

/* What a word on the command line holds must not steer the terminal that shows it. */
static void complain(const char *message)
{
    struct buf shown;
    struct err err;

    buf_init(&shown, SIZE_MAX / 2);
    bool failed = display_add(&shown, message, strlen(message), true, &err) != 0;
    fprintf(stderr, "siterun: %s\n", failed ? err.message : buf_text(&shown));
    buf_fini(&shown);
}

int main(int argc, char **argv)
{
    struct cli cli;
    struct err err;
    int code = EXIT_USAGE;
    fill_closed_streams();
    unsetenv("SSLKEYLOGFILE"); /* session keys must not be written anywhere */
    atexit(close_stdout);
    catch_broken_pipe();
    if (cli_parse(&cli, argc, argv, &err) == 0)
        code = run(&cli);
    else
        complain(err.message);
    cli_fini(&cli);
    return code;
}
