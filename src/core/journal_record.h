/* journal_record: one record of the journal, and how it is read from its row. */
#pragma once
#include <stdint.h>

struct sqlite3_stmt;

/* A record. The texts hold no secret; NULL: none. */
struct journal_record {
    int64_t seq;   /* given by the journal, from 1, without gaps */
    int64_t at_ms; /* clock_wall_ms, likewise */
    const char *kind;
    const char *run;
    int64_t intent; /* the intent that an outcome belongs to; 0: none */
    const char *service, *operation;
    const char *once;    /* the key under which a write is made once */
    const char *content; /* fingerprint of what is sent */
    const char *outcome; /* of an outcome: "done", "refused", "not_sent" or "unknown" */
    const char *body;    /* JSON */
};

/* The columns of a record, in the order that journal_record_read takes them. */
#define JOURNAL_RECORD_COLUMNS                                                                 \
    "seq, at_ms, kind, run, intent, service, operation, once, content, outcome, body"

/* Reads a row that begins with those columns; the texts live as long as the row. */
void journal_record_read(struct sqlite3_stmt *statement, struct journal_record *record);
