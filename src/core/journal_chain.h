/* journal_chain: the order of the journal's records, sealed by hashes. Each record's hash
   covers its fields and the hash before it; the chain's two ends are kept apart. */
#pragma once
#include <stdint.h>

#include "core/err.h"
#include "core/seal.h"

struct database;
struct journal_record;

/* A place in the chain. */
struct journal_chain_link {
    int64_t seq;
    char hash[SEAL_HEX_BYTES + 1];
};

/* The ends: the record before the oldest one kept, and the newest one. */
enum journal_chain_end { CHAIN_BASE, CHAIN_NEWEST };

MUST_USE int journal_chain_read(struct database *db, enum journal_chain_end end,
    struct journal_chain_link *link, struct err *err);
MUST_USE int journal_chain_write(struct database *db, enum journal_chain_end end,
    const struct journal_chain_link *link, struct err *err);

/* Moves `link` on to the record, which has its seq and time: the hash is the record's. */
MUST_USE int journal_chain_add(
    struct journal_chain_link *link, const struct journal_record *record, struct err *err);

/* Within a transaction: checks all records. See journal_verify. */
MUST_USE int journal_chain_check(struct database *db, int64_t *count, struct err *err);

/* Within a transaction: removes what is older. See journal_prune. */
MUST_USE int journal_chain_cut(
    struct database *db, int64_t before_ms, int64_t *count, struct err *err);
