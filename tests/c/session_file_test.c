#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/session_file.h"

#define NAME "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/session_file_test.XXXXXX";
static char path[64], lock_path[80];
static const unsigned char key[SEAL_KEY_BYTES] = "a key", other_key[SEAL_KEY_BYTES] = "other";
static struct err err;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/session-%.16s", folder, NAME);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    unlink(path);
    unlink(lock_path);
    return 0;
}

static int tear_down(void **state)
{
    clean(state);
    return rmdir(folder);
}

static struct session_file *open_with(const unsigned char *with)
{
    struct session_file *file = NULL;

    assert_int_equal(session_file_new(&file, folder, NAME, with, &err), 0);
    return file;
}

static void put(struct session_file *file, const char *text)
{
    struct buf content;

    buf_init(&content, 100000);
    assert_int_equal(buf_add_string(&content, text, &err), 0);
    assert_int_equal(session_file_write(file, &content, &err), 0);
    buf_fini(&content);
}

static void assert_content(struct session_file *file, const char *want)
{
    struct buf content;

    buf_init(&content, 100000);
    assert_int_equal(session_file_read(file, &content, &err), 0);
    assert_string_equal(buf_text(&content), want);
    buf_fini(&content);
}

static void what_was_written_is_read_with_the_same_key_only(void **state)
{
    struct session_file *file = open_with(key), *other = open_with(other_key);

    (void)state;
    assert_content(file, "");
    put(file, "first");
    put(file, "second, longer");
    assert_content(file, "second, longer");
    assert_content(other, "");
    session_file_free(file);
    session_file_free(other);
    session_file_free(NULL);
}

static void the_file_is_its_owners_and_holds_no_text(void **state)
{
    struct session_file *file = open_with(key);
    char bytes[200];
    struct stat info;
    ssize_t len;
    int fd;

    (void)state;
    umask(0);
    put(file, "TOKEN-TOKEN");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    fd = open(path, O_RDONLY);
    len = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(len > 11);
    assert_null(memmem(bytes, (size_t)len, "TOKEN", 5));
    session_file_free(file);
}

static void overwrite(off_t at, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static void a_tampered_file_is_as_none(void **state)
{
    struct session_file *file = open_with(key);

    (void)state;
    put(file, "content");
    overwrite(20, "tampered", 8);
    assert_content(file, "");
    put(file, "content");
    assert_int_equal(truncate(path, 10), 0);
    assert_content(file, "");
    assert_int_equal(truncate(path, 0), 0);
    assert_content(file, "");
    assert_int_equal(truncate(path, 10 * 1024 * 1024), 0);
    assert_content(file, "");
    put(file, "new content");
    assert_content(file, "new content");
    session_file_free(file);
}

static void assert_unreadable(struct session_file *file)
{
    struct buf content;

    buf_init(&content, 1000);
    assert_int_equal(session_file_read(file, &content, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    buf_fini(&content);
}

static void links_and_folders_are_refused(void **state)
{
    struct session_file *file = open_with(key);

    (void)state;
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_unreadable(file);
    put(file, "replaces the link");
    assert_content(file, "replaces the link");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_unreadable(file);
    rmdir(path);
    assert_int_equal(symlink("/dev/null", lock_path), 0);
    assert_int_equal(session_file_lock(file, &err), -1);
    session_file_free(file);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct session_file *file = NULL;
    struct buf content;

    (void)state;
    buf_init(&content, 100);
    assert_int_equal(session_file_new(&file, "/no/such/folder", NAME, key, &err), 0);
    assert_int_equal(session_file_lock(file, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_int_equal(session_file_write(file, &content, &err), -1);
    assert_non_null(strstr(err.message, "/no/such/folder"));
    session_file_free(file);
}

static void the_lock_is_held_by_one_and_freed_with_it(void **state)
{
    struct session_file *one = open_with(key), *two = open_with(key);

    (void)state;
    assert_int_equal(session_file_lock(one, &err), 1);
    assert_int_equal(session_file_lock(two, &err), 0);
    session_file_unlock(one);
    session_file_unlock(one);
    assert_int_equal(session_file_lock(two, &err), 1);
    session_file_free(two);
    assert_int_equal(session_file_lock(one, &err), 1);
    session_file_free(one);
}

static pid_t start_holder(int *told)
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (!child) {
        struct session_file *file = NULL;
        int locked = session_file_new(&file, folder, NAME, key, &err) == 0 &&
                     session_file_lock(file, &err) == 1;

        if (write(ends[1], locked ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    close(ends[1]);
    *told = ends[0];
    return child;
}

static void a_process_that_dies_loses_the_lock(void **state)
{
    struct session_file *file = open_with(key);
    char answer = 0;
    int told;
    pid_t child = start_holder(&told);

    (void)state;
    assert_int_equal(read(told, &answer, 1), 1);
    assert_int_equal(answer, 'y');
    assert_int_equal(session_file_lock(file, &err), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(session_file_lock(file, &err), 1);
    close(told);
    session_file_free(file);
}

enum { WRITERS = 4, ROUNDS = 200 };

/* Under the lock each adds one to the number in the file: none is lost, no reader sees a
   part. */
static void count_up(void)
{
    struct session_file *file = NULL;
    struct buf content;
    char text[32];

    if (session_file_new(&file, folder, NAME, key, &err))
        _exit(1);
    buf_init(&content, 1000);
    for (int i = 0; i < ROUNDS; i++) {
        while (session_file_lock(file, &err) != 1)
            usleep(50);
        buf_clear(&content);
        if (session_file_read(file, &content, &err) || !content.len)
            _exit(2);
        snprintf(text, sizeof text, "%d", atoi(content.data) + 1);
        buf_clear(&content);
        if (buf_add_string(&content, text, &err) || session_file_write(file, &content, &err))
            _exit(3);
        session_file_unlock(file);
    }
    session_file_free(file);
    buf_fini(&content);
    _exit(0);
}

static void processes_that_write_at_once_lose_nothing(void **state)
{
    struct session_file *file = open_with(key);
    char want[32];
    int status;

    (void)state;
    put(file, "0");
    session_file_free(file);
    for (int i = 0; i < WRITERS; i++)
        if (!fork())
            count_up();
    for (int i = 0; i < WRITERS; i++) {
        wait(&status);
        assert_int_equal(status, 0);
    }
    file = open_with(key);
    snprintf(want, sizeof want, "%d", WRITERS * ROUNDS);
    assert_content(file, want);
    session_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_written_is_read_with_the_same_key_only, clean),
        cmocka_unit_test_teardown(the_file_is_its_owners_and_holds_no_text, clean),
        cmocka_unit_test_teardown(a_tampered_file_is_as_none, clean),
        cmocka_unit_test_teardown(links_and_folders_are_refused, clean),
        cmocka_unit_test_teardown(a_folder_that_is_not_there_is_an_error, clean),
        cmocka_unit_test_teardown(the_lock_is_held_by_one_and_freed_with_it, clean),
        cmocka_unit_test_teardown(a_process_that_dies_loses_the_lock, clean),
        cmocka_unit_test_teardown(processes_that_write_at_once_lose_nothing, clean),
    };

    return cmocka_run_group_tests_name("session_file", tests, set_up, tear_down);
}
