/* journal: what was about to be sent and what came of it, in an append-only log that survives a
   kill or a power cut at any instant: SQLite, one file for each user, every batch synced before
   it is reported, unless all of it may be deferred. Each record holds the hash of the one
   before it. What the texts in a record mean is the caller's affair. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/journal_record.h"

struct database;
struct journal;
struct loop;

/* One record on its way to the disk. Kept in place by its user until `done`; the record's texts
   too. */
struct journal_append {
    struct journal_append *next;
    struct journal_record record;
    /* Called from the loop: the record is synced and has its seq, or `err` says why it is not.
       No record survives a power cut without those before it. */
    void (*done)(void *context, const struct err *err);
    void *context;
    bool deferred; /* `done` may come up to JOURNAL_DEFER_MS before the record is synced */
    bool queued;
};

/* So soon a deferred record is synced, unless another one's sync comes first. */
enum { JOURNAL_DEFER_MS = 50 };

/* What is known of a key. */
enum journal_claim {
    JOURNAL_CLAIMED,  /* the key is the caller's: nobody else sends under it */
    JOURNAL_DONE,     /* done with this content: `intent` says where */
    JOURNAL_BUSY,     /* somebody alive is at it */
    JOURNAL_UNKNOWN,  /* sent by somebody who is gone, or without an answer: blocked */
    JOURNAL_CONFLICT, /* done with other content */
};

/* Opens journal.db in `folder`, making it with mode 0600. `loop` must outlive it. ERR_CONFIG,
   saying what to do, when it is on a full or read-only disk, damaged, or made by a later
   version. */
MUST_USE int journal_open(
    struct journal **out, struct loop *loop, const char *folder, struct err *err);
/* What is queued is written first, if it can be. NULL is fine. */
void journal_close(struct journal *journal);

/* Queues a record. All that are queued in one turn of the loop share one sync. */
void journal_add(struct journal *journal, struct journal_append *append);

/* Writes what is queued at once, without waiting for the loop's turn. */
void journal_flush(struct journal *journal);

/* Are there deferred records that are not synced yet? */
bool journal_is_behind(const struct journal *journal);

/* Takes a queued append back; does nothing for one that is not queued. */
void journal_cancel(struct journal *journal, struct journal_append *append);

/* Takes the key for this process, or says why not. The claim ends with an outcome of the same
   key, by journal_unclaim, or with the process. */
MUST_USE int journal_claim(struct journal *journal, const char *once, const char *content,
    enum journal_claim *claim, int64_t *intent, struct err *err);
MUST_USE int journal_unclaim(struct journal *journal, const char *once, struct err *err);

/* Which records to read; zeros and NULLs select everything. Times are clock_wall_ms. */
struct journal_filter {
    int64_t after_seq, seq, intent;
    int64_t from_ms, to_ms;
    const char *kind, *run, *service, *operation, *once, *content;
};

/* Calls `visit` with the records in their order; it returns false to stop. The texts live as
   long as the call. */
MUST_USE int journal_read(struct journal *journal, const struct journal_filter *filter,
    bool (*visit)(void *context, const struct journal_record *record), void *context,
    struct err *err);

/* Checks the whole chain, and that keys are found. ERR_DECODE names the first record that was
   changed, is missing, or stands in another place. Sets how many records there are. */
MUST_USE int journal_verify(struct journal *journal, int64_t *count, struct err *err);

/* Removes the records before `before_ms`, from the oldest on, up to the first intent that has
   no outcome yet. What is left stays verifiable. Sets how many were removed. */
MUST_USE int journal_prune(
    struct journal *journal, int64_t before_ms, int64_t *count, struct err *err);
