/* store: a journal in a folder of its own, for the tests that are about it. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/journal.h"
#include "core/loop.h"

struct store {
    char folder[64], path[96];
    struct loop *loop;
    struct journal *journal;
};

/* One append that a test waits for. */
struct store_append {
    struct journal_append append;
    bool ended;
    struct err err; /* ERR_NONE: written */
};

static inline void store_make_folder(struct store *store)
{
    snprintf(store->folder, sizeof store->folder, "%s/siterun-store-XXXXXX",
        access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(store->folder));
    snprintf(store->path, sizeof store->path, "%s/journal.db", store->folder);
}

static inline int store_try_open(struct store *store, struct err *err)
{
    assert_int_equal(loop_new(&store->loop, err), 0);
    store->journal = NULL;
    return journal_open(&store->journal, store->loop, store->folder, err);
}

static inline void store_open(struct store *store)
{
    struct err err = {0};

    if (store_try_open(store, &err))
        fail_msg("%s", err.message);
}

static inline void store_close(struct store *store)
{
    journal_close(store->journal);
    loop_free(store->loop);
}

static inline void store_remove(struct store *store)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", store->folder);
    assert_int_equal(system(command), 0);
}

static inline int store_set_up(void **state)
{
    struct store *store = calloc(1, sizeof *store);

    store_make_folder(store);
    store_open(store);
    *state = store;
    return 0;
}

static inline int store_tear_down(void **state)
{
    store_close(*state);
    store_remove(*state);
    free(*state);
    return 0;
}

static inline void store_append_ended(void *context, const struct err *err)
{
    struct store_append *append = context;

    append->ended = true;
    if (err)
        append->err = *err;
}

static inline void store_add(
    struct store *store, struct store_append *append, struct journal_record record)
{
    *append = (struct store_append){
        .append = {.record = record, .done = store_append_ended, .context = append}};
    journal_add(store->journal, &append->append);
}

static inline void store_turn(struct store *store)
{
    struct err err;

    assert_int_equal(loop_turn(store->loop, 0, &err), 0);
}

static inline int64_t store_wait_for(
    struct store *store, struct store_append *append, struct err *err)
{
    while (!append->ended)
        store_turn(store);
    *err = append->err;
    return append->err.kind ? -1 : append->append.record.seq;
}

static inline void store_wait(struct store *store, const struct store_append *append)
{
    while (!append->ended)
        store_turn(store);
}

/* Waits until the record is on the disk: its seq, or -1. */
static inline int64_t store_try_append(
    struct store *store, struct journal_record record, struct err *err)
{
    struct store_append append;

    store_add(store, &append, record);
    return store_wait_for(store, &append, err);
}

static inline int64_t store_append(struct store *store, struct journal_record record)
{
    struct err err;
    int64_t seq = store_try_append(store, record, &err);

    if (seq < 0)
        fail_msg("%s", err.message);
    return seq;
}

static inline int64_t store_intent(struct store *store, const char *once, const char *content)
{
    return store_append(
        store, (struct journal_record){.kind = "intent", .once = once, .content = content});
}

static inline void store_outcome(
    struct store *store, int64_t intent, const char *once, const char *outcome)
{
    store_append(
        store, (struct journal_record){
                   .kind = "outcome", .intent = intent, .once = once, .outcome = outcome});
}

static inline enum journal_claim store_claim(
    struct store *store, const char *once, const char *content)
{
    enum journal_claim claim;
    int64_t intent;
    struct err err;

    if (journal_claim(store->journal, once, content, &claim, &intent, &err))
        fail_msg("%s", err.message);
    return claim;
}

/* As the outcome of a write is recorded: the sync comes later. */
static inline int64_t store_defer(struct store *store, struct journal_record record)
{
    struct store_append append;
    struct err err;
    int64_t seq;

    store_add(store, &append, record);
    append.append.deferred = true;
    seq = store_wait_for(store, &append, &err);
    if (seq < 0)
        fail_msg("%s", err.message);
    return seq;
}

/* Changes the file as somebody else might. */
static inline void store_execute(struct store *store, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(store->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}
