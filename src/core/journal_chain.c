#include "core/journal_chain.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/database.h"
#include "core/journal_record.h"

enum { RECORD_MAX = 64 * 1024 * 1024 };

/* ---- links ---- */

int journal_chain_read(struct database *db, enum journal_chain_end end,
    struct journal_chain_link *link, struct err *err)
{
    sqlite3_stmt *statement =
        database_prepare(db, "SELECT seq, hash FROM chain WHERE place = ?");
    int found;

    sqlite3_bind_int(statement, 1, (int)end);
    found = database_row(db, statement, err);
    if (found < 0)
        return -1;
    if (!found)
        return database_damaged(db, "has lost the ends of its chain", err);
    link->seq = sqlite3_column_int64(statement, 0);
    snprintf(link->hash, sizeof link->hash, "%s", database_text(statement, 1));
    sqlite3_reset(statement);
    return 0;
}

int journal_chain_write(struct database *db, enum journal_chain_end end,
    const struct journal_chain_link *link, struct err *err)
{
    sqlite3_stmt *statement =
        database_prepare(db, "UPDATE chain SET seq = ?, hash = ? WHERE place = ?");

    sqlite3_bind_int64(statement, 1, link->seq);
    database_bind_text(statement, 2, link->hash);
    sqlite3_bind_int(statement, 3, (int)end);
    return database_run(db, statement, err);
}

/* As "%lld" and a character after it; printf would take half of the time that a record
   costs. */
static int add_number(struct buf *out, int64_t number, char after, struct err *err)
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    *--p = after;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--p = '-';
    return buf_add(out, p, (size_t)(digits + sizeof digits - p), err);
}

/* Lengths keep fields apart, so that no two records have the same bytes. */
static int add_field(struct buf *out, const char *text, struct err *err)
{
    if (!text)
        return buf_add_string(out, "-\n", err);
    return add_number(out, (int64_t)strlen(text), ':', err) || buf_add_string(out, text, err) ||
                   buf_add(out, "\n", 1, err)
               ? -1
               : 0;
}

static int add_fields(struct buf *out, const struct journal_record *r, struct err *err)
{
    const char *const fields[] = {
        r->kind, r->run, r->service, r->operation, r->once, r->content, r->outcome, r->body};

    if (add_number(out, r->seq, '\n', err) || add_number(out, r->at_ms, '\n', err) ||
        add_number(out, r->intent, '\n', err))
        return -1;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (add_field(out, fields[i], err))
            return -1;
    return 0;
}

int journal_chain_add(
    struct journal_chain_link *link, const struct journal_record *record, struct err *err)
{
    struct buf bytes;
    int bad;

    buf_init(&bytes, RECORD_MAX);
    bad = buf_add_string(&bytes, link->hash, err) || buf_add(&bytes, "\n", 1, err) ||
          add_fields(&bytes, record, err) ||
          seal_fingerprint(link->hash, bytes.data, bytes.len, err);
    buf_fini(&bytes);
    link->seq = record->seq;
    return bad ? -1 : 0;
}

/* ---- checking ---- */

static int broken(struct database *db, int64_t seq, const char *how, struct err *err)
{
    return err_set(err, ERR_DECODE, "the journal %.300s: record %lld %s", database_path(db),
        (long long)seq, how);
}

static int check_row(struct database *db, sqlite3_stmt *statement,
    struct journal_chain_link *last, struct err *err)
{
    struct journal_record record;
    const char *stored = database_text(statement, 11);

    journal_record_read(statement, &record);
    if (record.seq != last->seq + 1)
        return broken(db, last->seq + 1, "is missing", err);
    if (journal_chain_add(last, &record, err))
        return -1;
    if (!stored || strcmp(last->hash, stored) != 0)
        return broken(db, record.seq, "was changed, or stands in another place", err);
    return 0;
}

static int check_rows(struct database *db, struct journal_chain_link *last, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(
        db, "SELECT " JOURNAL_RECORD_COLUMNS ", hash FROM record ORDER BY seq");
    int found;

    while ((found = database_row(db, statement, err)) > 0)
        if (check_row(db, statement, last, err))
            break;
    if (found > 0)
        sqlite3_reset(statement);
    return found ? -1 : 0;
}

int journal_chain_check(struct database *db, int64_t *count, struct err *err)
{
    struct journal_chain_link last, newest;
    int64_t base;

    if (journal_chain_read(db, CHAIN_BASE, &last, err) ||
        journal_chain_read(db, CHAIN_NEWEST, &newest, err))
        return -1;
    base = last.seq;
    if (check_rows(db, &last, err))
        return -1;
    if (last.seq < newest.seq)
        return broken(db, last.seq + 1, "is missing", err);
    if (last.seq > newest.seq || strcmp(last.hash, newest.hash) != 0)
        return broken(db, last.seq, "is not the newest that was written", err);
    *count = last.seq - base;
    return 0;
}

/* ---- cutting ---- */

/* The first record to keep: a young one, or an intent that nobody knows the end of. */
static int first_kept(struct database *db, int64_t before_ms, int64_t *first, struct err *err)
{
    struct journal_chain_link newest;
    sqlite3_stmt *statement;

    if (journal_chain_read(db, CHAIN_NEWEST, &newest, err))
        return -1;
    statement = database_prepare(db,
        "SELECT min(seq) FROM record AS r WHERE at_ms >= ? OR (kind = 'intent' AND "
        "coalesce((SELECT outcome FROM record AS o WHERE o.intent = r.seq AND o.outcome "
        "IS NOT NULL ORDER BY o.seq DESC LIMIT 1), 'unknown') = 'unknown')");
    sqlite3_bind_int64(statement, 1, before_ms);
    if (database_row(db, statement, err) < 0)
        return -1;
    *first = sqlite3_column_type(statement, 0) == SQLITE_NULL
                 ? newest.seq + 1
                 : sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

static int read_hash(
    struct database *db, int64_t seq, struct journal_chain_link *link, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(db, "SELECT hash FROM record WHERE seq = ?");
    int found;

    sqlite3_bind_int64(statement, 1, seq);
    found = database_row(db, statement, err);
    if (found <= 0)
        return found ? -1 : broken(db, seq, "is missing", err);
    link->seq = seq;
    snprintf(link->hash, sizeof link->hash, "%s", database_text(statement, 0));
    sqlite3_reset(statement);
    return 0;
}

int journal_chain_cut(struct database *db, int64_t before_ms, int64_t *count, struct err *err)
{
    struct journal_chain_link base;
    sqlite3_stmt *statement;
    int64_t first;

    if (journal_chain_read(db, CHAIN_BASE, &base, err) ||
        first_kept(db, before_ms, &first, err))
        return -1;
    *count = first - base.seq - 1;
    if (!*count)
        return 0;
    if (read_hash(db, first - 1, &base, err))
        return -1;
    statement = database_prepare(db, "DELETE FROM record WHERE seq < ?");
    sqlite3_bind_int64(statement, 1, first);
    return database_run(db, statement, err) || journal_chain_write(db, CHAIN_BASE, &base, err)
               ? -1
               : 0;
}
