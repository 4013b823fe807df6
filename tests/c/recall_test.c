/* The history: what it keeps, and that sessions which write at once lose nothing. */
#include "core/recall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/secret.h"

enum { SESSIONS = 4, EACH = 60 };

static char path[] = "/tmp/recall_test.XXXXXX";

static struct recall *open_recall(void)
{
    struct err err;
    struct recall *recall;
    assert_int_equal(recall_new(&recall, path, &err), 0);
    return recall;
}

static void add(struct recall *recall, const char *text)
{
    struct err err;
    assert_int_equal(recall_add(recall, text, &err), 0);
}

static const char *last(const struct recall *recall)
{
    return recall_text(recall, recall_count(recall) - 1);
}

static int set_up(void **state)
{
    int fd;
    (void)state;
    strcpy(path + sizeof path - 7, "XXXXXX");
    fd = mkstemp(path);
    close(fd);
    unlink(path);
    return fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void entries_come_back(void **state)
{
    struct recall *recall = open_recall();
    (void)state;
    assert_int_equal(recall_count(recall), 0);
    add(recall, "one\n\ttwo \\n \\ three");
    add(recall, "x");
    add(recall, "x");
    recall_free(recall);
    recall = open_recall();
    assert_int_equal(recall_count(recall), 2);
    assert_string_equal(recall_text(recall, 0), "one\n\ttwo \\n \\ three");
    recall_free(recall);
}

static void the_file_is_bounded(void **state)
{
    struct recall *recall = open_recall();
    struct stat about;
    char *text = calloc(RECALL_ENTRY_MAX + 2, 1);
    (void)state;
    for (int i = 0; i < RECALL_MAX + 2 * RECALL_SLACK; i++) {
        snprintf(text, 20, "entry %d", i);
        add(recall, text);
    }
    assert_string_equal(last(recall), "entry 1199");
    assert_true(recall_count(recall) <= RECALL_MAX + RECALL_SLACK);
    memset(text, 'x', RECALL_ENTRY_MAX + 1);
    add(recall, text); /* too long: not kept */
    assert_string_equal(last(recall), "entry 1199");
    for (int i = 0; i < 50; i++) {
        text[RECALL_ENTRY_MAX - i] = '\0';
        add(recall, text);
    }
    assert_int_equal(stat(path, &about), 0);
    assert_true(about.st_size <= RECALL_FILE_MAX);
    recall_free(recall);
    free(text);
}

static void a_session(int number)
{
    char text[40];
    struct recall *recall = open_recall();
    for (int i = 0; i < EACH; i++) {
        snprintf(text, sizeof text, "session %d entry %d", number, i);
        add(recall, text);
    }
    recall_free(recall);
    _exit(0);
}

static size_t count_of(const struct recall *recall, int number)
{
    char begin[40];
    size_t count = 0;
    snprintf(begin, sizeof begin, "session %d ", number);
    for (size_t i = 0; i < recall_count(recall); i++)
        count += strncmp(recall_text(recall, i), begin, strlen(begin)) == 0;
    return count;
}

/* While the file is written anew, too. */
static void sessions_lose_nothing(void **state)
{
    struct recall *recall = open_recall();
    char text[40];
    (void)state;
    for (int i = 0; i < RECALL_MAX; i++) {
        snprintf(text, sizeof text, "early %d", i);
        add(recall, text);
    }
    for (int i = 0; i < SESSIONS; i++)
        if (fork() == 0)
            a_session(i);
    for (int i = 0; i < SESSIONS; i++)
        wait(NULL);
    recall_merge(recall);
    assert_true(recall_count(recall) <= RECALL_MAX + SESSIONS * EACH);
    for (int i = 0; i < SESSIONS; i++)
        assert_int_equal(count_of(recall, i), EACH);
    recall_free(recall);
}

static void others_go_before_ones_own(void **state)
{
    struct recall *one = open_recall(), *other = open_recall();
    (void)state;
    add(one, "mine");
    add(other, "theirs");
    recall_merge(one);
    assert_string_equal(recall_text(one, 0), "theirs");
    assert_string_equal(last(one), "mine");
    recall_free(one);
    recall_free(other);
}

static void secrets_are_hidden_everywhere(void **state)
{
    struct recall *one = open_recall(), *other = open_recall();
    struct secret *secret;
    struct err err;
    char text[200] = "";
    FILE *file;
    (void)state;
    add(one, "a = 'tok\\en-77'");
    add(other, "b = 'tok\\en-77'");
    assert_int_equal(secret_new(&secret, "tok\\en-77", 9, "test", &err), 0);
    add(one, "c = 'tok\\en-77'");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "b = '***'\na = '***'\nc = '***'\n");
    recall_free(one);
    recall_free(other);
    secret_unref(secret);
}

static void the_file_is_private(void **state)
{
    struct recall *recall = open_recall();
    struct stat about;
    (void)state;
    add(recall, "x");
    assert_int_equal(chmod(path, 0644), 0);
    add(recall, "y");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    recall_free(recall);
}

static void a_line_too_long_for_an_entry_is_left_out(void **state)
{
    FILE *file = fopen(path, "w");
    struct recall *recall;
    (void)state;
    assert_non_null(file);
    fprintf(file, "before\n%0*d\nafter\n", 3 * RECALL_ENTRY_MAX, 0);
    fclose(file);
    recall = open_recall();
    assert_int_equal(recall_count(recall), 2);
    add(recall, "mine");
    recall_free(recall);
    recall = open_recall();
    assert_string_equal(last(recall), "mine");
    recall_free(recall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_lose_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(others_go_before_ones_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_are_hidden_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_line_too_long_for_an_entry_is_left_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
