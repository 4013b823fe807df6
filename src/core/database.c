#include "core/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_MS = 10000, BUSY_PAUSE_MS = 10, STATEMENTS_MAX = 32 };

struct database {
    sqlite3 *db;
    char *path;
    const char *name;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } prepared[STATEMENTS_MAX];
    bool synced; /* what PRAGMA synchronous says now */
};

static const char damaged[] = "it is damaged: keep a copy and move it away to start a new one";

static const char *advice(int code)
{
    switch (code) {
    case SQLITE_ERROR: /* tables are missing */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return damaged;
    case SQLITE_FULL:
        return "free some space on the disk";
    case SQLITE_BUSY:
        return "another process holds it for long: see what hangs";
    default:
        return "see that the state folder can be written";
    }
}

static int fail(const struct database *db, struct err *err)
{
    int code = db->db ? sqlite3_errcode(db->db) : SQLITE_NOMEM;
    const char *text = db->db ? sqlite3_errmsg(db->db) : "out of memory";

    if (db->db && sqlite3_extended_errcode(db->db) == SQLITE_IOERR_SHMSIZE) {
        code = SQLITE_FULL; /* what processes share could not be made as long as it must be */
        text = sqlite3_errstr(code);
    }
    return err_set(
        err, ERR_CONFIG, "the %s %.250s: %.120s (%s)", db->name, db->path, text, advice(code));
}

int database_damaged(const struct database *db, const char *what, struct err *err)
{
    return err_set(err, ERR_DECODE, "the %s %.250s %s (%s)", db->name, db->path, what, damaged);
}

/* ---- statements ---- */

sqlite3_stmt *database_prepare(struct database *db, const char *sql)
{
    int i = 0;

    while (i < STATEMENTS_MAX && db->prepared[i].sql && db->prepared[i].sql != sql)
        i++;
    if (i == STATEMENTS_MAX)
        abort(); /* more texts than this program has */
    if (db->prepared[i].statement)
        sqlite3_reset(db->prepared[i].statement);
    else
        sqlite3_prepare_v3(
            db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->prepared[i].statement, NULL);
    db->prepared[i].sql = sql;
    return db->prepared[i].statement;
}

void database_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, place);
}

const char *database_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

int database_row(struct database *db, sqlite3_stmt *statement, struct err *err)
{
    int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;

    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        fail(db, err);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

int database_run(struct database *db, sqlite3_stmt *statement, struct err *err)
{
    int found = database_row(db, statement, err);

    if (found > 0)
        sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

static int execute(struct database *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db->db, sql, NULL, NULL, NULL) ? fail(db, err) : 0;
}

int database_check(struct database *db, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(db, "PRAGMA integrity_check(1)");
    int found = database_row(db, statement, err);
    bool good = found > 0 && !strcmp(database_text(statement, 0), "ok");

    if (found >= 0 && !good)
        database_damaged(db, "fails its integrity check", err);
    if (found > 0)
        sqlite3_reset(statement);
    return good ? 0 : -1;
}

/* ---- transactions ---- */

/* This pragma acts when it is compiled, so a kept statement would not do. */
static int set_synced(struct database *db, bool synced, struct err *err)
{
    if (db->synced == synced)
        return 0;
    if (execute(db, synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err))
        return -1;
    db->synced = synced;
    return 0;
}

int database_begin_reading(struct database *db, struct err *err)
{
    return database_run(db, database_prepare(db, "BEGIN"), err);
}

/* What is written to a file that was removed is lost, and other processes make another one. */
static int check_place(struct database *db, struct err *err)
{
    int moved = 0;

    if (!sqlite3_file_control(db->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) && moved)
        return err_set(err, ERR_CONFIG,
            "the %s %.300s was removed or replaced during the run: start again", db->name,
            db->path);
    return 0;
}

int database_begin(struct database *db, bool synced, struct err *err)
{
    if (check_place(db, err))
        return -1;
    if (set_synced(db, synced, err))
        return -1;
    return database_run(db, database_prepare(db, "BEGIN IMMEDIATE"), err);
}

int database_commit(struct database *db, struct err *err)
{
    return database_run(db, database_prepare(db, "COMMIT"), err);
}

int database_sync(struct database *db, struct err *err)
{
    sqlite3_file *log = NULL;

    if (sqlite3_file_control(db->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) || !log ||
        !log->pMethods)
        return 0; /* no log: no commit that it would hold */
    if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY))
        return err_set(err, ERR_CONFIG, "the %s %.300s: the disk failed (%s)", db->name,
            db->path, strerror(errno));
    return 0;
}

void database_roll_back(struct database *db)
{
    if (!sqlite3_get_autocommit(db->db))
        sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ---- */

static int make_file(const struct database *db, struct err *err)
{
    int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int bad = fd < 0 || fchmod(fd, 0600) < 0; /* of an older file too */

    if (bad)
        err_set(err, ERR_CONFIG, "cannot open the %s %.300s: %s", db->name, db->path,
            strerror(errno));
    if (fd >= 0)
        close(fd);
    return bad ? -1 : 0;
}

static int read_version(struct database *db, int *version, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(db, "PRAGMA user_version");

    if (database_row(db, statement, err) <= 0)
        return -1;
    *version = sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

/* Another process may be at it too: whoever comes second finds it done. */
static int make_tables(struct database *db, const char *schema, int version, struct err *err)
{
    char pragma[64];
    int found;

    sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA user_version = %d", version);
    if (database_begin(db, true, err))
        return -1;
    if (!read_version(db, &found, err) &&
        (found || (!execute(db, schema, err) && !execute(db, pragma, err))))
        return database_commit(db, err);
    database_roll_back(db);
    return -1;
}

/* SQLite does not wait for other processes when the mode changes, as it does everywhere else:
   those that open a new file at once get SQLITE_BUSY. */
static int use_wal(struct database *db, struct err *err)
{
    const struct timespec pause = {0, BUSY_PAUSE_MS * 1000000L};

    for (int waited_ms = 0; waited_ms < BUSY_MS; waited_ms += BUSY_PAUSE_MS) {
        if (!execute(db, "PRAGMA journal_mode = WAL", err))
            return 0;
        if (sqlite3_errcode(db->db) != SQLITE_BUSY)
            return -1;
        nanosleep(&pause, NULL);
    }
    return -1;
}

static int set_up(struct database *db, const char *schema, int version, struct err *err)
{
    int found;

    if (sqlite3_open_v2(db->path, &db->db, SQLITE_OPEN_READWRITE, NULL))
        return fail(db, err);
    sqlite3_busy_timeout(db->db, BUSY_MS);
    if (read_version(db, &found, err))
        return -1;
    if (found > version)
        return err_set(err, ERR_CONFIG, "the %s %.300s is of a later version of siterun",
            db->name, db->path);
    if (use_wal(db, err) || set_synced(db, true, err))
        return -1;
    return found ? 0 : make_tables(db, schema, version, err);
}

int database_open(struct database **out, const char *path, const char *name, const char *schema,
    int version, struct err *err)
{
    struct database *db = calloc(1, sizeof *db);

    if (!db)
        return err_no_memory(err);
    db->name = name;
    db->path = strdup(path);
    if (!db->path ? err_no_memory(err)
                  : make_file(db, err) || set_up(db, schema, version, err)) {
        database_close(db);
        return -1;
    }
    *out = db;
    return 0;
}

void database_close(struct database *db)
{
    if (!db)
        return;
    for (int i = 0; i < STATEMENTS_MAX; i++)
        sqlite3_finalize(db->prepared[i].statement);
    sqlite3_close(db->db);
    free(db->path);
    free(db);
}

const char *database_path(const struct database *db)
{
    return db->path;
}
