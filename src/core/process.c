#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/descriptors.h"
#include "core/loop.h"

enum { STOP_MS = 2000, CHUNK = 4096, PIPE_CHUNKS = 32 /* a pipe holds 64 KiB, see pipe(7) */ };

struct process {
    pid_t pid; /* 0 once reaped */
    int ended; /* pidfd: readable when it has ended */
    int output;
    int complaint; /* -1: standard error is ours */
    int status;
    struct buf unread;
};

enum { READ_END, WRITE_END };

/* One pipe for each stream, and one that tells why exec failed. */
struct pipes {
    int output[2], complaint[2], report[2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipe(int ends[2])
{
    close_fd(&ends[READ_END]);
    close_fd(&ends[WRITE_END]);
}

static void close_pipes(struct pipes *pipes)
{
    close_pipe(pipes->output);
    close_pipe(pipes->complaint);
    close_pipe(pipes->report);
}

static int open_pipes(struct pipes *pipes, bool with_complaint, struct err *err)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (!pipe2(pipes->output, O_CLOEXEC) && !pipe2(pipes->report, O_CLOEXEC) &&
        (!with_complaint || !pipe2(pipes->complaint, O_CLOEXEC)))
        return 0;
    err_set(err, ERR_CONFIG, "cannot make a pipe: %s", strerror(errno));
    close_pipes(pipes);
    return -1;
}

static void reset_signals(void)
{
    static const int changed[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
    sigset_t none;

    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        signal(changed[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool connect_streams(const struct pipes *pipes)
{
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);

    return empty >= 0 && dup2(empty, STDIN_FILENO) >= 0 &&
           dup2(pipes->output[WRITE_END], STDOUT_FILENO) >= 0 &&
           (pipes->complaint[WRITE_END] < 0 ||
               dup2(pipes->complaint[WRITE_END], STDERR_FILENO) >= 0);
}

/* In the child. The parent may have died before prctl, hence the look at getppid. */
_Noreturn static void become(const char *const argv[], const struct pipes *pipes, pid_t parent)
{
    int reason;

    if (!setpgid(0, 0) && !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent &&
        connect_streams(pipes)) {
        reset_signals();
        descriptors_restore();
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        execvp(argv[0], (char *const *)argv);
    }
    reason = errno;
    if (write(pipes->report[WRITE_END], &reason, sizeof reason) < 0)
        _exit(126);
    _exit(127);
}

/* Waits for exec, which closes the pipe, or for the reason why it failed. */
static int exec_failure(const struct pipes *pipes)
{
    int reason = 0;
    ssize_t got;

    do
        got = read(pipes->report[READ_END], &reason, sizeof reason);
    while (got < 0 && errno == EINTR);
    return got == sizeof reason ? reason : 0;
}

static int reap(pid_t pid)
{
    int status = W_EXITCODE(127, 0); /* when SIGCHLD is ignored, nobody can tell */

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int launch(
    struct process *process, const char *const argv[], struct pipes *pipes, struct err *err)
{
    pid_t parent = getpid();
    int reason;

    process->pid = fork();
    if (process->pid == 0)
        become(argv, pipes, parent);
    if (process->pid < 0) {
        process->pid = 0;
        return err_set(err, ERR_CONFIG, "cannot start '%s': %s", argv[0], strerror(errno));
    }
    close_fd(&pipes->report[WRITE_END]);
    reason = exec_failure(pipes);
    if (!reason)
        return 0;
    reap(process->pid);
    process->pid = 0;
    return err_set(err, ERR_CONFIG, "cannot run '%s': %s", argv[0], strerror(reason));
}

/* The read ends become the process's own. */
static void adopt(struct process *process, struct pipes *pipes)
{
    process->output = pipes->output[READ_END];
    process->complaint = pipes->complaint[READ_END];
    pipes->output[READ_END] = pipes->complaint[READ_END] = -1;
    fcntl(process->output, F_SETFL, O_NONBLOCK);
    if (process->complaint >= 0)
        fcntl(process->complaint, F_SETFL, O_NONBLOCK);
}

static int start(
    struct process *process, const char *const argv[], bool with_complaint, struct err *err)
{
    struct pipes pipes;
    int failed;

    *process = (struct process){.ended = -1, .output = -1, .complaint = -1};
    buf_init(&process->unread, PROCESS_LINE_MAX);
    if (open_pipes(&pipes, with_complaint, err))
        return -1;
    failed = launch(process, argv, &pipes, err);
    if (!failed) {
        process->ended = pidfd_open(process->pid, 0);
        adopt(process, &pipes);
    }
    close_pipes(&pipes);
    return failed;
}

int process_start(struct process **out, const char *const argv[], struct err *err)
{
    struct process *process = malloc(sizeof *process);

    if (!process)
        return err_no_memory(err);
    if (start(process, argv, false, err)) {
        free(process);
        return -1;
    }
    *out = process;
    return 0;
}

/* Waits until one of the descriptors is ready. */
static int wait_ready(struct pollfd *fds, nfds_t count, int64_t until_ms, struct err *err)
{
    for (;;) {
        int64_t left = until_ms - clock_ms();
        int ready = left > 0 ? poll(fds, count, (int)left) : 0;

        if (ready > 0)
            return 0;
        if (ready == 0)
            return err_set(err, ERR_TIMEOUT, "no answer in time");
        if (errno != EINTR)
            return err_set(err, ERR_CONFIG, "cannot wait: %s", strerror(errno));
        if (loop_interrupted())
            return err_set(err, ERR_INTERRUPTED, "interrupted");
    }
}

/* Appends what there is to read: 1; 0 at the end, or when nothing is there now. */
static int read_some(int fd, struct buf *buf, struct err *err)
{
    char chunk[CHUNK];
    ssize_t got = read(fd, chunk, sizeof chunk);
    int failed = got > 0 ? buf_add(buf, chunk, (size_t)got, err) : 0;

    explicit_bzero(chunk, sizeof chunk);
    return failed ? -1 : got > 0;
}

static int fill(struct process *process, int64_t until_ms, struct err *err)
{
    struct pollfd output = {.fd = process->output, .events = POLLIN};

    return wait_ready(&output, 1, until_ms, err)
               ? -1
               : read_some(process->output, &process->unread, err);
}

/* Moves `len` bytes to the line and drops them, and the line end if there is one. */
static int take_line(struct buf *unread, size_t len, struct buf *line, struct err *err)
{
    size_t used = len < unread->len ? len + 1 : len;

    buf_clear(line);
    if (buf_add(line, unread->data, len, err))
        return -1;
    memmove(unread->data, unread->data + used, unread->len - used + 1);
    unread->len -= used;
    return 1;
}

int process_line(struct process *process, struct buf *line, int64_t timeout_ms, struct err *err)
{
    struct buf *unread = &process->unread;
    int64_t until_ms = clock_ms() + timeout_ms;

    for (;;) {
        const char *end = unread->len ? memchr(unread->data, '\n', unread->len) : NULL;
        int more;

        if (end)
            return take_line(unread, (size_t)(end - unread->data), line, err);
        more = fill(process, until_ms, err);
        if (more < 0)
            return -1;
        if (more == 0)
            return unread->len ? take_line(unread, unread->len, line, err) : 0;
    }
}

static bool ended_within(const struct process *process, int64_t timeout_ms)
{
    struct pollfd ended = {.fd = process->ended, .events = POLLIN};
    struct err ignored;

    return process->ended >= 0 && !wait_ready(&ended, 1, clock_ms() + timeout_ms, &ignored);
}

void process_stop(struct process *process)
{
    if (!process->pid)
        return;
    kill(-process->pid, SIGTERM);
    ended_within(process, STOP_MS);
    /* Before it is reaped, so that the number can't belong to another group yet. */
    kill(-process->pid, SIGKILL);
    process->status = reap(process->pid);
    process->pid = 0;
}

static void fini(struct process *process)
{
    process_stop(process);
    close_fd(&process->ended);
    close_fd(&process->output);
    close_fd(&process->complaint);
    buf_wipe(&process->unread);
}

void process_free(struct process *process)
{
    if (!process)
        return;
    fini(process);
    free(process);
}

/* Keeps the end only. */
static int read_tail(int fd, struct buf *tail, struct err *err)
{
    int more = read_some(fd, tail, err);

    if (more > 0 && tail->len > PROCESS_COMPLAINT_MAX) {
        size_t over = tail->len - PROCESS_COMPLAINT_MAX;

        memmove(tail->data, tail->data + over, tail->len - over + 1);
        tail->len -= over;
    }
    return more;
}

/* Reads what both pipes hold, but not for ever from a program that goes on writing. */
static int drain(struct process *process, struct process_result *result, struct err *err)
{
    int more = 1;

    for (int i = 0; i < PIPE_CHUNKS && more > 0; i++)
        more = read_some(process->output, &result->output, err);
    if (more < 0)
        return -1;
    for (int i = 0;
         i < PIPE_CHUNKS && read_tail(process->complaint, &result->complaint, err) > 0; i++)
        continue;
    return 0;
}

/* Until the program itself ends: others that hold its pipes are not waited for. */
static int collect(
    struct process *process, struct process_result *result, int64_t until_ms, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = process->ended, .events = POLLIN},
        {.fd = process->output, .events = POLLIN},
        {.fd = process->complaint, .events = POLLIN},
    };

    do {
        if (wait_ready(fds, 3, until_ms, err) || drain(process, result, err))
            return -1;
        for (int i = 1; i < 3; i++)
            if (fds[i].revents & POLLHUP)
                fds[i].fd = -1;
    } while (!fds[0].revents);
    return drain(process, result, err);
}

int process_capture(struct process_result *result, const char *const argv[], size_t output_max,
    int64_t timeout_ms, struct err *err)
{
    struct process process;
    int failed;

    buf_init(&result->output, output_max);
    buf_init(&result->complaint, PROCESS_COMPLAINT_MAX + CHUNK);
    if (start(&process, argv, true, err))
        return -1;
    failed = collect(&process, result, clock_ms() + timeout_ms, err);
    if (!failed) {
        result->status = reap(process.pid);
        process.pid = 0;
    }
    fini(&process);
    if (failed)
        process_result_fini(result);
    return failed;
}

void process_result_fini(struct process_result *result)
{
    buf_wipe(&result->output);
    buf_wipe(&result->complaint);
}
