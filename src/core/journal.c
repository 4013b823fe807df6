#include "core/journal.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/database.h"
#include "core/journal_chain.h"
#include "core/loop.h"
#include "core/slots_owner.h"
#include "core/timer.h"

enum { VERSION = 1 };

static const char schema[] =
    "CREATE TABLE record (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, "
    "run TEXT, intent INTEGER, service TEXT, operation TEXT, once TEXT, content TEXT, "
    "outcome TEXT, body TEXT, hash TEXT NOT NULL);"
    "CREATE INDEX record_once ON record (once) WHERE once IS NOT NULL;"
    "CREATE INDEX record_intent ON record (intent) WHERE intent IS NOT NULL;"
    "CREATE INDEX record_run ON record (run);"
    "CREATE TABLE claim (once TEXT PRIMARY KEY, content TEXT, pid INTEGER, born INTEGER);"
    "CREATE TABLE chain (place INTEGER PRIMARY KEY, seq INTEGER, hash TEXT);"
    "INSERT INTO chain VALUES (0, 0, ''), (1, 0, '');";

struct journal {
    struct loop *loop;
    struct database *db;
    struct journal_append *first, **last;
    struct timer timer;
    struct timer deferred; /* runs while a record is not synced yet */
};

/* ---- appending ---- */

static int insert(
    struct journal *journal, const struct journal_record *r, const char *hash, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(
        journal->db, "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const char *const fields[] = {
        r->service, r->operation, r->once, r->content, r->outcome, r->body, hash};

    sqlite3_bind_int64(statement, 1, r->seq);
    sqlite3_bind_int64(statement, 2, r->at_ms);
    database_bind_text(statement, 3, r->kind);
    database_bind_text(statement, 4, r->run);
    if (r->intent)
        sqlite3_bind_int64(statement, 5, r->intent);
    else
        sqlite3_bind_null(statement, 5);
    for (int i = 0; i < 7; i++)
        database_bind_text(statement, 6 + i, fields[i]);
    return database_run(journal->db, statement, err);
}

static int drop_claim(struct journal *journal, const char *once, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(journal->db, "DELETE FROM claim WHERE once = ?");

    database_bind_text(statement, 1, once);
    return database_run(journal->db, statement, err);
}

static int append_one(struct journal *journal, struct journal_record *record,
    struct journal_chain_link *last, struct err *err)
{
    record->seq = last->seq + 1;
    record->at_ms = clock_wall_ms();
    if (journal_chain_add(last, record, err) || insert(journal, record, last->hash, err))
        return -1;
    return record->outcome && record->once ? drop_claim(journal, record->once, err) : 0;
}

static bool all_deferred(const struct journal_append *batch)
{
    while (batch && batch->deferred)
        batch = batch->next;
    return !batch;
}

static int append_all(
    struct journal *journal, struct journal_append *batch, bool synced, struct err *err)
{
    struct journal_chain_link last;

    if (database_begin(journal->db, synced, err) ||
        journal_chain_read(journal->db, CHAIN_NEWEST, &last, err))
        return -1;
    for (; batch; batch = batch->next)
        if (append_one(journal, &batch->record, &last, err))
            return -1;
    return journal_chain_write(journal->db, CHAIN_NEWEST, &last, err) ||
                   database_commit(journal->db, err)
               ? -1
               : 0;
}

/* The timer of deferred records. Of one that the disk loses, the outcome of a write, it is
   unknown again what came of that: no failure to tell anybody of. */
static void sync_deferred(void *context)
{
    struct journal *journal = context;
    struct err err;

    if (database_sync(journal->db, &err))
        loop_timer_start(journal->loop, &journal->deferred, JOURNAL_DEFER_MS);
}

static void note_synced(struct journal *journal, bool synced)
{
    if (synced)
        loop_timer_stop(journal->loop, &journal->deferred);
    else if (!journal->deferred.started)
        loop_timer_start(journal->loop, &journal->deferred, JOURNAL_DEFER_MS);
}

static void report(struct journal_append *batch, const struct err *err)
{
    while (batch) {
        struct journal_append *append = batch;

        batch = append->next;
        append->queued = false;
        append->done(append->context, err);
    }
}

/* The timer: everything that was queued in this turn, in one transaction. */
static void flush(void *context)
{
    struct journal *journal = context;
    struct journal_append *batch = journal->first;
    bool synced = !all_deferred(batch);
    struct err err;
    int bad;

    if (!batch)
        return;
    journal->first = NULL;
    journal->last = &journal->first;
    bad = append_all(journal, batch, synced, &err);
    if (bad)
        database_roll_back(journal->db);
    else
        note_synced(journal, synced);
    report(batch, bad ? &err : NULL);
}

void journal_flush(struct journal *journal)
{
    loop_timer_stop(journal->loop, &journal->timer);
    flush(journal);
}

bool journal_is_behind(const struct journal *journal)
{
    return journal->deferred.started;
}

void journal_add(struct journal *journal, struct journal_append *append)
{
    append->next = NULL;
    append->queued = true;
    *journal->last = append;
    journal->last = &append->next;
    loop_timer_start(journal->loop, &journal->timer, 0);
}

void journal_cancel(struct journal *journal, struct journal_append *append)
{
    struct journal_append **link = &journal->first;

    if (!append->queued)
        return;
    while (*link != append)
        link = &(*link)->next;
    *link = append->next;
    if (!append->next)
        journal->last = link;
    append->queued = false;
}

/* ---- keys ---- */

struct key {
    const char *once, *content;
    enum journal_claim claim;
    int64_t intent;
};

/* 1: the outcome decides; 0: the last write of the key came to nothing; -1. */
static int judge_outcome(struct journal *journal, struct key *key, bool same, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(journal->db,
        "SELECT outcome FROM record WHERE intent = ? AND outcome IS NOT NULL "
        "ORDER BY seq DESC LIMIT 1");
    const char *outcome;
    int found;

    sqlite3_bind_int64(statement, 1, key->intent);
    found = database_row(journal->db, statement, err);
    if (found < 0)
        return -1;
    outcome = found ? database_text(statement, 0) : "unknown";
    key->claim = JOURNAL_UNKNOWN;
    if (!strcmp(outcome, "done"))
        key->claim = same ? JOURNAL_DONE : JOURNAL_CONFLICT;
    found = strcmp(outcome, "refused") != 0 && strcmp(outcome, "not_sent") != 0;
    sqlite3_reset(statement);
    return found;
}

static int judge_intent(struct journal *journal, struct key *key, struct err *err)
{
    sqlite3_stmt *statement = database_prepare(journal->db,
        "SELECT seq, content FROM record WHERE once = ? AND kind = 'intent' "
        "ORDER BY seq DESC LIMIT 1");
    const char *content;
    bool same;
    int found;

    database_bind_text(statement, 1, key->once);
    found = database_row(journal->db, statement, err);
    if (found <= 0)
        return found;
    key->intent = sqlite3_column_int64(statement, 0);
    content = database_text(statement, 1);
    same = content && !strcmp(content, key->content);
    sqlite3_reset(statement);
    return judge_outcome(journal, key, same, err);
}

/* 1: somebody alive has claimed the key; 0; -1. */
static int judge_claim(struct journal *journal, struct key *key, struct err *err)
{
    sqlite3_stmt *statement =
        database_prepare(journal->db, "SELECT pid, born FROM claim WHERE once = ?");
    struct slots_owner owner;
    int found;

    database_bind_text(statement, 1, key->once);
    found = database_row(journal->db, statement, err);
    if (found <= 0)
        return found;
    owner.pid = sqlite3_column_int64(statement, 0);
    owner.born = (uint64_t)sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    if (!slots_owner_is_alive(owner))
        return 0;
    key->claim = JOURNAL_BUSY;
    return 1;
}

static int put_claim(struct journal *journal, struct key *key, struct err *err)
{
    sqlite3_stmt *statement =
        database_prepare(journal->db, "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)");
    struct slots_owner self = slots_owner_self();

    database_bind_text(statement, 1, key->once);
    database_bind_text(statement, 2, key->content);
    sqlite3_bind_int64(statement, 3, self.pid);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)self.born);
    key->claim = JOURNAL_CLAIMED;
    return database_run(journal->db, statement, err);
}

/* A living claim comes first: its intent has no outcome yet, and is not unknown for that. */
static int claim_key(struct journal *journal, struct key *key, struct err *err)
{
    int decided = judge_claim(journal, key, err);

    if (!decided)
        decided = judge_intent(journal, key, err);
    if (!decided)
        decided = put_claim(journal, key, err);
    return decided < 0 ? -1 : 0;
}

int journal_claim(struct journal *journal, const char *once, const char *content,
    enum journal_claim *claim, int64_t *intent, struct err *err)
{
    struct key key = {.once = once, .content = content};

    /* A claim need not survive a power cut: nothing was sent under it yet. */
    if (database_begin(journal->db, false, err))
        return -1;
    if (claim_key(journal, &key, err) || database_commit(journal->db, err)) {
        database_roll_back(journal->db);
        return -1;
    }
    *claim = key.claim;
    *intent = key.intent;
    return 0;
}

int journal_unclaim(struct journal *journal, const char *once, struct err *err)
{
    return drop_claim(journal, once, err);
}

/* ---- reading ---- */

/* Which index leads to the records is settled when a statement is compiled, so there is one for
   each; all of them check the whole filter. */
#define SELECT_WHERE(condition)                                                                \
    "SELECT " JOURNAL_RECORD_COLUMNS " FROM record WHERE " condition                           \
    " AND seq > ?1 AND (?2 = 0 OR seq = ?2) AND (?3 = 0 OR intent = ?3) AND at_ms >= ?4 "      \
    "AND (?5 = 0 OR at_ms <= ?5) AND (?6 IS NULL OR kind = ?6) AND (?7 IS NULL OR run = ?7) "  \
    "AND (?8 IS NULL OR service = ?8) AND (?9 IS NULL OR operation = ?9) "                     \
    "AND (?10 IS NULL OR once = ?10) AND (?11 IS NULL OR content = ?11) ORDER BY seq"

static const char *select_by(const struct journal_filter *filter)
{
    if (filter->seq)
        return SELECT_WHERE("seq = ?2");
    if (filter->intent)
        return SELECT_WHERE("intent = ?3");
    if (filter->once)
        return SELECT_WHERE("once = ?10");
    if (filter->run)
        return SELECT_WHERE("run = ?7");
    return SELECT_WHERE("true");
}

static sqlite3_stmt *select_records(
    struct journal *journal, const struct journal_filter *filter)
{
    sqlite3_stmt *statement = database_prepare(journal->db, select_by(filter));
    const int64_t numbers[] = {
        filter->after_seq, filter->seq, filter->intent, filter->from_ms, filter->to_ms};
    const char *const names[] = {filter->kind, filter->run, filter->service, filter->operation,
        filter->once, filter->content};

    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(statement, 1 + i, numbers[i]);
    for (int i = 0; i < 6; i++)
        database_bind_text(statement, 6 + i, names[i]);
    return statement;
}

int journal_read(struct journal *journal, const struct journal_filter *filter,
    bool (*visit)(void *context, const struct journal_record *record), void *context,
    struct err *err)
{
    sqlite3_stmt *statement = select_records(journal, filter);
    struct journal_record record;
    int found;

    while ((found = database_row(journal->db, statement, err)) > 0) {
        journal_record_read(statement, &record);
        if (!visit(context, &record))
            break;
    }
    if (found > 0)
        sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

/* ---- the whole ---- */

/* In a transaction, so that other processes may append meanwhile without being seen. */
int journal_verify(struct journal *journal, int64_t *count, struct err *err)
{
    int bad = database_begin_reading(journal->db, err) ||
              journal_chain_check(journal->db, count, err) || database_check(journal->db, err);

    database_roll_back(journal->db);
    return bad ? -1 : 0;
}

int journal_prune(struct journal *journal, int64_t before_ms, int64_t *count, struct err *err)
{
    if (database_begin(journal->db, true, err))
        return -1;
    if (journal_chain_cut(journal->db, before_ms, count, err) ||
        database_commit(journal->db, err)) {
        database_roll_back(journal->db);
        return -1;
    }
    return 0;
}

int journal_open(struct journal **out, struct loop *loop, const char *folder, struct err *err)
{
    struct journal *journal = calloc(1, sizeof *journal);
    char path[PATH_MAX];

    if (!journal)
        return err_no_memory(err);
    journal->loop = loop;
    journal->last = &journal->first;
    timer_init(&journal->timer, flush, journal);
    timer_init(&journal->deferred, sync_deferred, journal);
    snprintf(path, sizeof path, "%s/journal.db", folder);
    if (database_open(&journal->db, path, "journal", schema, VERSION, err)) {
        journal_close(journal);
        return -1;
    }
    *out = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    loop_timer_stop(journal->loop, &journal->timer);
    if (journal->db)
        flush(journal);
    if (journal->deferred.started)
        sync_deferred(journal);
    loop_timer_stop(journal->loop, &journal->deferred);
    database_close(journal->db);
    free(journal);
}
