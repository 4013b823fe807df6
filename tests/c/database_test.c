/* What a database says of files that it can't use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/database.h"

static const char schema[] = "CREATE TABLE thing (name TEXT);";

struct place {
    char folder[64], path[96];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->folder, sizeof place->folder, "/tmp/siterun-database-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/thing.db", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    assert_int_equal(system(command), 0);
    free(place);
    return 0;
}

static struct database *open_version(const struct place *place, int version)
{
    struct database *db = NULL;
    struct err err = {0};

    if (database_open(&db, place->path, "thing", schema, version, &err))
        fail_msg("%s", err.message);
    return db;
}

static void assert_refused(const struct place *place, const char *why)
{
    struct database *db;
    struct err err = {0};

    assert_int_equal(database_open(&db, place->path, "thing", schema, 1, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    if (!strstr(err.message, why) || !strstr(err.message, place->path))
        fail_msg("\"%s\" does not say \"%s\" of its file", err.message, why);
}

static int64_t count(struct database *db, const char *sql)
{
    sqlite3_stmt *statement = database_prepare(db, sql);
    struct err err;
    int64_t value;

    assert_int_equal(database_row(db, statement, &err), 1);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return value;
}

static void add(struct database *db)
{
    struct err err;

    assert_int_equal(
        database_run(db, database_prepare(db, "INSERT INTO thing VALUES ('x')"), &err), 0);
}

static void test_a_new_file_gets_its_tables_and_keeps_them(void **state)
{
    struct database *db = open_version(*state, 1);

    add(db);
    database_close(db);
    db = open_version(*state, 1);
    assert_int_equal(count(db, "SELECT count(*) FROM thing"), 1);
    assert_int_equal(count(db, "PRAGMA user_version"), 1);
    database_close(db);
}

static void test_what_is_rolled_back_did_not_happen(void **state)
{
    struct database *db = open_version(*state, 1);
    struct err err;

    assert_int_equal(database_begin(db, true, &err), 0);
    add(db);
    database_roll_back(db);
    database_roll_back(db);
    assert_int_equal(database_begin(db, false, &err), 0);
    add(db);
    assert_int_equal(database_commit(db, &err), 0);
    assert_int_equal(count(db, "SELECT count(*) FROM thing"), 1);
    database_close(db);
}

/* 2: FULL, the commit is synced; 1: NORMAL. */
static void test_a_transaction_is_as_synced_as_asked(void **state)
{
    static const bool wishes[] = {true, false, false, true};
    struct database *db = open_version(*state, 1);
    struct err err;

    for (size_t i = 0; i < sizeof wishes; i++) {
        assert_int_equal(database_begin(db, wishes[i], &err), 0);
        assert_int_equal(count(db, "PRAGMA synchronous"), wishes[i] ? 2 : 1);
        assert_int_equal(database_commit(db, &err), 0);
    }
    database_close(db);
}

static void test_a_later_version_is_refused(void **state)
{
    database_close(open_version(*state, 2));
    assert_refused(*state, "is of a later version of siterun");
}

static void overwrite(const struct place *place, long offset, const char *bytes, size_t len)
{
    FILE *file = fopen(place->path, "r+");

    if (!file)
        file = fopen(place->path, "w");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void test_a_file_that_is_no_database_is_refused(void **state)
{
    static char text[4096];

    memset(text, 'x', sizeof text);
    overwrite(*state, 0, text, sizeof text);
    assert_refused(*state, "it is damaged: keep a copy and move it away");
}

static void test_a_damaged_file_is_told_when_it_is_read(void **state)
{
    static char zeros[4096];
    struct database *db = open_version(*state, 1);
    struct err err = {0};

    add(db);
    database_close(db);
    memset(zeros, 0x7f, sizeof zeros);
    overwrite(*state, 4096, zeros, sizeof zeros); /* the table's page */
    db = open_version(*state, 1);
    assert_int_equal(
        database_row(db, database_prepare(db, "SELECT count(*) FROM thing"), &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.message, "it is damaged"));
    database_close(db);
}

/* Runs as somebody whom the folder does not belong to, where that can be. */
static void assert_refused_to_others(const struct place *place, const char *why)
{
    uid_t self = geteuid();

    if (!self && seteuid(65534))
        skip();
    assert_refused(place, why);
    assert_int_equal(seteuid(self), 0);
}

static void test_a_read_only_folder_is_refused(void **state)
{
    struct place *place = *state;

    assert_int_equal(chmod(place->folder, 0555), 0);
    assert_refused_to_others(place, "Permission denied");
    assert_int_equal(chmod(place->folder, 0700), 0);
}

static void test_a_read_only_file_is_refused(void **state)
{
    struct place *place = *state;

    database_close(open_version(place, 1));
    assert_int_equal(chmod(place->folder, 0777), 0);
    assert_int_equal(chmod(place->path, 0444), 0);
    assert_refused_to_others(place, "Permission denied");
}

static void test_a_missing_folder_is_refused(void **state)
{
    struct place *place = *state;

    snprintf(place->path, sizeof place->path, "%s/no/thing.db", place->folder);
    assert_refused(place, "No such file or directory");
}

/* A link could lead to anybody's file. */
static void test_a_link_is_refused(void **state)
{
    struct place *place = *state;

    assert_int_equal(symlink("elsewhere", place->path), 0);
    assert_refused(place, "symbolic link");
}

static void test_a_folder_in_its_place_is_refused(void **state)
{
    struct place *place = *state;

    assert_int_equal(mkdir(place->path, 0700), 0);
    assert_refused(place, "Is a directory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_new_file_gets_its_tables_and_keeps_them),
        TEST(test_what_is_rolled_back_did_not_happen),
        TEST(test_a_transaction_is_as_synced_as_asked),
        TEST(test_a_later_version_is_refused),
        TEST(test_a_file_that_is_no_database_is_refused),
        TEST(test_a_damaged_file_is_told_when_it_is_read),
        TEST(test_a_read_only_folder_is_refused),
        TEST(test_a_read_only_file_is_refused),
        TEST(test_a_missing_folder_is_refused),
        TEST(test_a_link_is_refused),
        TEST(test_a_folder_in_its_place_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
