/* database: an SQLite file, as the journal uses it: statements kept prepared, transactions that
   are synced or not, errors that say what to do. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

#include "core/err.h"

struct database;

/* Opens `path`, making it with mode 0600 (SQLite gives its further files the same), in WAL
   mode. A new file gets `schema`; one of a later `version` is refused. `name` is what errors
   call it. ERR_CONFIG with what to do: full disk, read-only folder, damaged file. */
MUST_USE int database_open(struct database **out, const char *path, const char *name,
    const char *schema, int version, struct err *err);
void database_close(struct database *db); /* NULL is fine */

/* The statement of a text that lives as long as the database, ready for binding; NULL when it
   can't be compiled, which database_run and database_row then report. */
sqlite3_stmt *database_prepare(struct database *db, const char *sql);

void database_bind_text(sqlite3_stmt *statement, int place, const char *text); /* NULL: null */
const char *database_text(sqlite3_stmt *statement, int column);

/* Runs a statement that gives no rows. */
MUST_USE int database_run(struct database *db, sqlite3_stmt *statement, struct err *err);

/* The next row: 1, or 0 when there is none any more, or -1. It stays until the statement's next
   step or database_prepare. */
MUST_USE int database_row(struct database *db, sqlite3_stmt *statement, struct err *err);

/* Checks the file from end to end: that its indexes have what its tables have, too. */
MUST_USE int database_check(struct database *db, struct err *err);

/* ERR_DECODE: the file `what`, such as "lacks this". Returns -1. */
int database_damaged(const struct database *db, const char *what, struct err *err);

/* Begins a transaction that only reads: from its first read on it sees one state, waits for
   nobody who writes, and nobody waits for it. End it with database_roll_back. */
MUST_USE int database_begin_reading(struct database *db, struct err *err);

/* Begins a transaction that writes. `synced`: its commit, and all before it, reach the disk
   before it returns. ERR_CONFIG when the file is not at its path any more. */
MUST_USE int database_begin(struct database *db, bool synced, struct err *err);
MUST_USE int database_commit(struct database *db, struct err *err);

/* Lets the commits that were not synced reach the disk. */
MUST_USE int database_sync(struct database *db, struct err *err);

/* Ends the transaction under way, if there is one, without its effects. */
void database_roll_back(struct database *db);

const char *database_path(const struct database *db);
