#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/descriptors.h"
#include "core/process.h"

enum { PATIENCE_MS = 10000 };

#define SHELL(code)                                                                            \
    (const char *const[])                                                                      \
    {                                                                                          \
        "sh", "-c", code, NULL                                                                 \
    }

static struct process *start(const char *code)
{
    struct process *process = NULL;
    struct err err;

    assert_int_equal(process_start(&process, SHELL(code), &err), 0);
    return process;
}

static void assert_line(struct process *process, const char *want)
{
    struct buf line;
    struct err err;

    buf_init(&line, PROCESS_LINE_MAX);
    assert_int_equal(process_line(process, &line, PATIENCE_MS, &err), 1);
    assert_string_equal(buf_text(&line), want);
    buf_fini(&line);
}

static int line_result(struct process *process, int64_t timeout_ms, struct err *err)
{
    struct buf line;
    int got;

    buf_init(&line, PROCESS_LINE_MAX);
    got = process_line(process, &line, timeout_ms, err);
    buf_fini(&line);
    return got;
}

static pid_t read_pid(struct process *process)
{
    struct buf line;
    struct err err;
    pid_t pid;

    buf_init(&line, PROCESS_LINE_MAX);
    assert_int_equal(process_line(process, &line, PATIENCE_MS, &err), 1);
    pid = (pid_t)atoi(buf_text(&line));
    buf_fini(&line);
    return pid;
}

/* Opened while it lives, so that the number can't mean another process. */
static int watch(pid_t pid)
{
    int fd = pidfd_open(pid, 0);

    assert_true(fd >= 0);
    return fd;
}

static void assert_ends(int watched)
{
    struct pollfd fd = {.fd = watched, .events = POLLIN};
    int ended = poll(&fd, 1, PATIENCE_MS);

    pidfd_send_signal(watched, SIGKILL, NULL, 0); /* or it would outlive a test that fails */
    close(watched);
    assert_int_equal(ended, 1);
}

static void test_lines(void **state)
{
    struct process *process = start("printf 'one\\n\\nthree\\nrest'");
    struct err err;

    (void)state;
    assert_line(process, "one");
    assert_line(process, "");
    assert_line(process, "three");
    assert_line(process, "rest");
    assert_int_equal(line_result(process, PATIENCE_MS, &err), 0);
    assert_int_equal(line_result(process, PATIENCE_MS, &err), 0);
    process_free(process);
    process_free(NULL);
}

static void test_a_line_is_waited_for_no_longer_than_told(void **state)
{
    struct process *process = start("printf begun; exec sleep infinity");
    struct err err;

    (void)state;
    assert_int_equal(line_result(process, 20, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    process_free(process);
}

static void test_a_line_without_end_is_an_error(void **state)
{
    struct process *process = start("exec tr '\\0' x </dev/zero");
    struct err err;

    (void)state;
    assert_int_equal(line_result(process, PATIENCE_MS, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    process_free(process);
}

/* The grandchild says its number once it ignores TERM. */
static void test_stop_ends_the_whole_group(void **state)
{
    struct process *process =
        start("echo $$; (trap '' TERM; exec sh -c 'echo $$; exec sleep infinity') & wait");
    int child = watch(read_pid(process)), grandchild = watch(read_pid(process));

    (void)state;
    process_stop(process);
    assert_ends(grandchild);
    assert_ends(child);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    process_stop(process);
    process_free(process);
}

static void test_who_ignores_term_is_killed(void **state)
{
    struct process *process = start("trap '' TERM; echo $$; sleep infinity");
    int child = watch(read_pid(process));

    (void)state;
    process_stop(process);
    assert_ends(child);
    process_free(process);
}

static void test_it_dies_with_its_parent(void **state)
{
    struct process *process;
    int ends[2];
    char text[32] = "";
    pid_t parent;
    int child;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    parent = fork();
    if (parent == 0) {
        process = start("echo $$; exec sleep infinity");
        snprintf(text, sizeof text, "%d", (int)read_pid(process));
        if (write(ends[1], text, sizeof text) < 0)
            _exit(1);
        pause();
    }
    assert_true(read(ends[0], text, sizeof text) > 0);
    child = watch((pid_t)atoi(text));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_ends(child);
    close(ends[0]);
    close(ends[1]);
}

static void test_it_inherits_nothing(void **state)
{
    struct process *process;
    int open_here = dup(STDOUT_FILENO); /* not closed on exec */

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    process = start("for n in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$n && echo $n; done; "
                    "read x || echo empty");
    assert_line(process, "empty");
    process_free(process);
    process = start("grep SigIgn /proc/$$/status | cut -c 21-");
    assert_line(process, "0000"); /* of SIGPIPE; posix_spawn leaves glibc's own two ignored */
    process_free(process);
    close(open_here);
    signal(SIGPIPE, SIG_DFL);
}

static void assert_not_started(const char *program, const char *message)
{
    const char *const argv[] = {program, NULL};
    struct process *process;
    struct err err;

    assert_int_equal(process_start(&process, argv, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(err.message, message);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_it_gets_the_limit_of_descriptors_that_we_got(void **state)
{
    struct process *process;
    struct rlimit before, few;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){64, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    descriptors_raise();
    descriptors_raise();
    assert_true(descriptors_max() > 64);
    assert_false(descriptors_are_scarce());
    process = start("ulimit -Sn");
    assert_line(process, "64");
    process_free(process);
    setrlimit(RLIMIT_NOFILE, &before);
}

static void test_programs_that_cannot_be_run(void **state)
{
    (void)state;
    assert_not_started(
        "no-such-program", "cannot run 'no-such-program': No such file or directory");
    assert_not_started("/etc/passwd", "cannot run '/etc/passwd': Permission denied");
}

static void test_capture(void **state)
{
    struct process_result result;
    struct err err;

    (void)state;
    assert_int_equal(process_capture(&result, SHELL("echo out; echo bad >&2; exit 5"), 100,
                         PATIENCE_MS, &err),
        0);
    assert_string_equal(buf_text(&result.output), "out\n");
    assert_string_equal(buf_text(&result.complaint), "bad\n");
    assert_int_equal(result.status, 5);
    process_result_fini(&result);
}

static void test_capture_keeps_the_end_of_what_is_said(void **state)
{
    struct process_result result;
    struct err err;

    (void)state;
    assert_int_equal(
        process_capture(&result, SHELL("seq 100000 >&2; seq 5000"), 100000, PATIENCE_MS, &err),
        0);
    assert_int_equal(result.output.len, 23893);
    assert_int_equal(result.complaint.len, PROCESS_COMPLAINT_MAX);
    assert_string_equal(
        buf_text(&result.complaint) + PROCESS_COMPLAINT_MAX - 14, "\n99999\n100000\n");
    process_result_fini(&result);
}

static void assert_capture_stopped(const char *code, int64_t timeout_ms, enum err_kind kind)
{
    struct process_result result;
    struct err err;

    assert_int_equal(process_capture(&result, SHELL(code), 1000, timeout_ms, &err), -1);
    assert_int_equal(err.kind, kind);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_capture_has_bounds(void **state)
{
    (void)state;
    assert_capture_stopped("exec sleep infinity", 20, ERR_TIMEOUT);
    assert_capture_stopped("exec yes >&2", 100, ERR_TIMEOUT);
    assert_capture_stopped("exec yes", PATIENCE_MS, ERR_USAGE);
}

static void test_capture_does_not_wait_for_who_holds_the_pipe(void **state)
{
    struct process_result result;
    struct err err;

    (void)state;
    assert_int_equal(
        process_capture(&result, SHELL("sleep infinity & echo $!"), 100, PATIENCE_MS, &err), 0);
    kill((pid_t)atoi(buf_text(&result.output)), SIGKILL);
    process_result_fini(&result);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_a_line_is_waited_for_no_longer_than_told),
        cmocka_unit_test(test_a_line_without_end_is_an_error),
        cmocka_unit_test(test_stop_ends_the_whole_group),
        cmocka_unit_test(test_who_ignores_term_is_killed),
        cmocka_unit_test(test_it_dies_with_its_parent),
        cmocka_unit_test(test_it_inherits_nothing),
        cmocka_unit_test(test_it_gets_the_limit_of_descriptors_that_we_got),
        cmocka_unit_test(test_programs_that_cannot_be_run),
        cmocka_unit_test(test_capture),
        cmocka_unit_test(test_capture_keeps_the_end_of_what_is_said),
        cmocka_unit_test(test_capture_has_bounds),
        cmocka_unit_test(test_capture_does_not_wait_for_who_holds_the_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
