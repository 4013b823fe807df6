#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secret.h"

static struct secret *make(const char *value)
{
    struct secret *secret = NULL;
    struct err err;

    assert_int_equal(secret_new(&secret, value, strlen(value), "test", &err), 0);
    return secret;
}

static void assert_bytes_shown(const char *text, size_t len, const char *want, size_t want_len)
{
    struct buf out;
    struct err err;

    buf_init(&out, 1 << 20);
    assert_int_equal(secret_redact(&out, text, len, &err), 0);
    assert_int_equal(out.len, want_len);
    assert_memory_equal(buf_text(&out), want, want_len);
    buf_fini(&out);
}

static void assert_shown(const char *text, const char *want)
{
    assert_bytes_shown(text, strlen(text), want, strlen(want));
}

static void test_values_that_are_refused(void **state)
{
    static const struct {
        const char *value;
        size_t len;
        const char *message;
    } rows[] = {
        {"", 0, "HERE is empty"},
        {"ab", 2, "HERE has fewer than 3 bytes: too short for a secret"},
        {"abc\n", 4, "HERE holds a line break"},
        {"ab\rc", 4, "HERE holds a line break"},
        {"ab\0c", 4, "HERE holds a NUL byte"},
    };
    struct secret *secret;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(secret_new(&secret, rows[i].value, rows[i].len, "HERE", &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void test_a_value_too_long_is_refused(void **state)
{
    char *value = calloc(1, SECRET_MAX + 1);
    struct secret *secret;
    struct err err;

    (void)state;
    memset(value, 'x', SECRET_MAX + 1);
    assert_int_equal(secret_new(&secret, value, SECRET_MAX + 1, "HERE", &err), -1);
    assert_int_equal(secret_new(&secret, value, SECRET_MAX, "HERE", &err), 0);
    secret_unref(secret);
    free(value);
}

static void test_it_lives_until_the_last_reference(void **state)
{
    struct secret *secret = make("first-value"), *again = secret_ref(secret);

    (void)state;
    secret_unref(secret);
    assert_string_equal(secret_value(again), "first-value");
    assert_int_equal(secret_len(again), 11);
    assert_string_equal(secret_label(again), "test");
    assert_shown("first-value", "***");
    secret_unref(again);
    assert_shown("first-value", "first-value");
    secret_unref(NULL);
}

static void test_spellings(void **state)
{
    struct secret *secret = make("p/w+d %\"\xC3\xA9\\\xF0\x9F\x94\x91");

    (void)state;
    assert_shown("<p/w+d %\"\xC3\xA9\\\xF0\x9F\x94\x91>", "<***>");
    assert_shown("?k=p%2Fw%2Bd%20%25%22%C3%A9%5C%F0%9F%94%91&x", "?k=***&x");
    assert_shown("?k=p%2fw%2bd%20%25%22%c3%a9%5c%f0%9f%94%91&x", "?k=***&x");
    assert_shown("k=p%2Fw%2Bd+%25%22%C3%A9%5C%F0%9F%94%91", "k=***");
    assert_shown("{\"p/w+d %\\\"\xC3\xA9\\\\\xF0\x9F\x94\x91\"}", "{\"***\"}");
    assert_shown("{\"p\\/w\\u002bd %\\\"\\u00e9\\\\\\ud83d\\uDD11\"}", "{\"***\"}");
    assert_shown("{\"p\\/w%2bd%20%25%22%C3%A9%5C%F0%9F%94%91\"}", "{\"***\"}");
    assert_shown("p/w+d %\"\xC3\xA9\\\xF0\x9F\x94", "p/w+d %\"\xC3\xA9\\\xF0\x9F\x94");
    secret_unref(secret);
}

static void test_base64(void **state)
{
    struct secret *secret = make("Aladdin?>open~sesame"); /* has + and / in base64 */

    (void)state;
    assert_shown("Basic QWxhZGRpbj8+b3Blbn5zZXNhbWU=", "Basic ***=");
    assert_shown("QWxhZGRpbj8-b3Blbn5zZXNhbWU", "***");
    assert_shown("QWxhZGRpbj8%2Bb3Blbn5zZXNhbWU%3D", "***%3D");
    /* "a@b:" and "user@x.y:" before it, whose lengths are other remainders of 3 */
    assert_shown("YUBiOkFsYWRkaW4/Pm9wZW5+c2VzYW1l", "YUBiOk***");
    assert_shown("dXNlckB4Lnk6QWxhZGRpbj8+b3Blbn5zZXNhbWU=", "dXNlckB4Lnk6***=");
    secret_unref(secret);
}

static void test_a_derived_value_is_hidden_too(void **state)
{
    struct secret *secret = make("password");
    struct err err;

    (void)state;
    assert_int_equal(secret_also(secret, "token-of-today", 14, &err), 0);
    assert_int_equal(secret_also(secret, "", 0, &err), 0);
    assert_int_equal(secret_also(secret, "to", 2, &err), 0);
    assert_shown("to token-of-today", "to ***");
    secret_unref(secret);
    assert_shown("token-of-today", "token-of-today");
}

static void test_the_longest_counts_and_overlaps_are_one(void **state)
{
    struct secret *a = make("abcdef"), *b = make("abcdefghi"), *c = make("hijkl");

    (void)state;
    assert_shown("abcdefghij", "***j");
    assert_shown("abcdefgh", "***gh");
    assert_shown("abcdefghijklm", "***m");
    assert_shown("abcdefabcdef", "******");
    secret_unref(a);
    secret_unref(b);
    secret_unref(c);
}

static void test_any_bytes_pass(void **state)
{
    struct secret *secret = make("s3cret");

    (void)state;
    assert_bytes_shown("\0%\\u\\ud83d%4\xFFs3cret\0", 20, "\0%\\u\\ud83d%4\xFF***\0", 17);
    assert_shown("", "");
    secret_unref(secret);
}

static void test_output_is_bounded(void **state)
{
    struct secret *secret = make("s3cret");
    struct buf out;
    struct err err;

    (void)state;
    buf_init(&out, 8);
    assert_int_equal(secret_redact(&out, "0123456789", 10, &err), -1);
    buf_fini(&out);
    secret_unref(secret);
}

static void test_many_secrets_at_once(void **state)
{
    struct secret *secrets[500];
    char text[64];

    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "secret-number-%d-end", i);
        secrets[i] = make(text);
    }
    assert_shown("a secret-number-499-end b secret-number-7-end c", "a *** b *** c");
    for (int i = 0; i < 500; i++)
        secret_unref(secrets[i]);
    assert_shown("secret-number-7-end", "secret-number-7-end");
}

static bool environ_shows(const char *text)
{
    static char bytes[1 << 20];
    int fd = open("/proc/self/environ", O_RDONLY);
    ssize_t len = read(fd, bytes, sizeof bytes);

    close(fd);
    return len > 0 && memmem(bytes, (size_t)len, text, strlen(text));
}

/* Set by main before exec, so that it stands where the kernel shows it. */
static void test_the_variable_is_taken(void **state)
{
    struct secret *first, *second;
    struct err err;

    (void)state;
    assert_true(environ_shows("value-in-environ"));
    assert_int_equal(secret_from_env(&first, "SECRET_TEST", &err), 0);
    assert_string_equal(secret_value(first), "value-in-environ");
    assert_string_equal(secret_label(first), "SECRET_TEST");
    assert_null(getenv("SECRET_TEST"));
    assert_false(environ_shows("value-in-environ"));
    secret_unref(first);
    assert_int_equal(secret_from_env(&second, "SECRET_TEST", &err), 0);
    assert_string_equal(secret_value(second), "value-in-environ");
    secret_unref(second);
}

static void test_a_variable_that_is_not_there(void **state)
{
    struct secret *secret;
    struct err err;

    (void)state;
    assert_int_equal(secret_from_env(&secret, "SECRET_TEST_NONE", &err), 0);
    assert_null(secret);
    setenv("SECRET_TEST_EMPTY", "", 1);
    assert_int_equal(secret_from_env(&secret, "SECRET_TEST_EMPTY", &err), 0);
    assert_null(secret);
}

static void test_a_bad_variable_is_taken_all_the_same(void **state)
{
    struct secret *secret;
    struct err err;

    (void)state;
    setenv("SECRET_TEST_BAD", "two\nlines", 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(secret_from_env(&secret, "SECRET_TEST_BAD", &err), -1);
        assert_string_equal(err.message, "SECRET_TEST_BAD holds a line break");
    }
    assert_null(getenv("SECRET_TEST_BAD"));
}

static char folder[] = "/tmp/secret_test-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

static void assert_file_refused(const char *path, const char *message)
{
    struct secret *secret;
    struct err err;

    assert_int_equal(secret_from_file(&secret, path, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, message));
    assert_null(strstr(err.message, "hidden"));
}

static void test_files(void **state)
{
    struct secret *secret;
    struct err err;

    (void)state;
    assert_int_equal(
        secret_from_file(&secret, write_file("good", "hidden-1\r\n\n", 0400), &err), 0);
    assert_string_equal(secret_value(secret), "hidden-1");
    secret_unref(secret);
    assert_file_refused(write_file("shared", "hidden-2\n", 0640), "chmod 600");
    assert_file_refused(write_file("world", "hidden-2\n", 0602), "chmod 600");
    assert_file_refused(write_file("lines", "hidden\nhidden\n", 0600), "line break");
    assert_file_refused(write_file("empty", "\n", 0600), "is empty");
    assert_file_refused(path_of("none"), "No such file");
    assert_file_refused(folder, "not a regular file");
    mkfifo(path_of("pipe"), 0600);
    assert_file_refused(path_of("pipe"), "not a regular file");
}

static void test_a_large_file_is_refused(void **state)
{
    const char *path = write_file("large", "", 0600);

    (void)state;
    assert_int_equal(truncate(path, SECRET_MAX + 1), 0);
    assert_file_refused(path, "larger than 65536 bytes");
}

static void assert_command_refused(const char *const argv[], const char *message)
{
    struct secret *secret;
    struct err err;

    assert_int_equal(secret_from_command(&secret, argv, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(err.message, message);
}

#define SHELL(code)                                                                            \
    (const char *const[])                                                                      \
    {                                                                                          \
        "sh", "-c", code, NULL                                                                 \
    }

static void test_commands(void **state)
{
    struct secret *secret, *known = make("known-one");
    struct err err;

    (void)state;
    assert_int_equal(secret_from_command(&secret, SHELL("echo printed; echo no >&2"), &err), 0);
    assert_string_equal(secret_value(secret), "printed");
    assert_string_equal(secret_label(secret), "the command 'sh'");
    secret_unref(secret);
    assert_command_refused(SHELL("echo hidden; echo 'no known-one' >&2; exit 3"),
        "the command 'sh' failed with exit code 3: no ***");
    assert_command_refused(SHELL("kill -9 $$"), "the command 'sh' failed with exit code 137");
    assert_command_refused(SHELL("true"), "the command 'sh' is empty");
    assert_command_refused(
        SHELL("exec yes"), "the command 'sh' gave no secret: over the limit of 65536 bytes");
    assert_command_refused((const char *const[]){"/no/such", NULL},
        "the command '/no/such' gave no secret: cannot run '/no/such': No such file or "
        "directory");
    secret_unref(known);
}

static void test_a_command_sees_no_taken_variable(void **state)
{
    struct secret *taken, *seen;
    struct err err;

    (void)state;
    setenv("SECRET_TEST_CHILD", "not-for-children", 1);
    assert_int_equal(secret_from_env(&taken, "SECRET_TEST_CHILD", &err), 0);
    assert_int_equal(
        secret_from_command(&seen, SHELL("echo \"child:$SECRET_TEST_CHILD\""), &err), 0);
    assert_string_equal(secret_value(seen), "child:");
    secret_unref(seen);
    secret_unref(taken);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "good", "shared", "world", "lines", "empty", "pipe", "large"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
    return rmdir(folder);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_that_are_refused),
        cmocka_unit_test(test_a_value_too_long_is_refused),
        cmocka_unit_test(test_it_lives_until_the_last_reference),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_a_derived_value_is_hidden_too),
        cmocka_unit_test(test_the_longest_counts_and_overlaps_are_one),
        cmocka_unit_test(test_any_bytes_pass),
        cmocka_unit_test(test_output_is_bounded),
        cmocka_unit_test(test_many_secrets_at_once),
        cmocka_unit_test(test_the_variable_is_taken),
        cmocka_unit_test(test_a_variable_that_is_not_there),
        cmocka_unit_test(test_a_bad_variable_is_taken_all_the_same),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_a_large_file_is_refused),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_a_command_sees_no_taken_variable),
    };

    (void)argc;
    if (!getenv("SECRET_TEST")) {
        setenv("SECRET_TEST", "value-in-environ", 1);
        execv("/proc/self/exe", argv);
        return 1;
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
