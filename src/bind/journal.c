/* c.journal: see core/journal.h. What the records say is Lua's affair (siterun.journal). */
#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/journal.h"
#include "core/loop.h"
#include "core/seal.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/field.h"
#include "host/option.h"
#include "host/runtime.h"

static const char journal_class[] = "c.journal", append_class[] = "c.journal.append";

enum { ROWS_MAX = 1000 };

/* A record on its way; user value 1 keeps the journal, 2 the table with the record's texts. */
struct append {
    struct loop_op op;
    struct loop *loop;
    struct journal **journal;
    struct journal_append append;
    struct err err; /* ERR_NONE: written */
};

int luaopen_c_journal(lua_State *L);

static struct journal *check_journal(lua_State *L)
{
    struct journal **handle = luaL_checkudata(L, 1, journal_class);

    luaL_argcheck(L, *handle != NULL, 1, "the journal is closed");
    return *handle;
}

/* open(folder) -> journal | nil, err */
static int open_journal(lua_State *L)
{
    const char *folder = luaL_checkstring(L, 1);
    struct loop *loop = runtime_loop(L);
    struct journal **handle = lua_newuserdatauv(L, sizeof(struct journal *), 0);
    struct err err;

    *handle = NULL;
    luaL_setmetatable(L, journal_class);
    return journal_open(handle, loop, folder, &err) ? fail_push(L, &err) : 1;
}

static int close_journal(lua_State *L)
{
    struct journal **handle = luaL_checkudata(L, 1, journal_class);

    journal_close(*handle);
    *handle = NULL;
    return 0;
}

/* fingerprint(text) -> SHA-256 in hex */
static int fingerprint(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char hex[SEAL_HEX_BYTES + 1];
    struct err err;

    if (seal_fingerprint(hex, text, len, &err))
        return fail_push(L, &err);
    lua_pushstring(L, hex);
    return 1;
}

/* ---- appending ---- */

struct record_options {
    struct option_text kind, run, service, operation, once, content, outcome, body;
    lua_Integer intent;
    bool deferred;
};

#define AT(member) offsetof(struct record_options, member)
static const char *const outcomes[] = {"done", "refused", "not_sent", "unknown", NULL};
static const struct option record_options[] = {
    {"kind", OPTION_STRING, AT(kind), 1, 1, 40, 0, NULL},
    {"run", OPTION_STRING, AT(run), 0, 0, 0, 0, NULL},
    {"intent", OPTION_INTEGER, AT(intent), 0, 0, 0, 0, NULL},
    {"service", OPTION_STRING, AT(service), 0, 0, 0, 0, NULL},
    {"operation", OPTION_STRING, AT(operation), 0, 0, 0, 0, NULL},
    {"once", OPTION_STRING, AT(once), 0, 0, 0, 0, NULL},
    {"content", OPTION_STRING, AT(content), 0, 0, 0, 0, NULL},
    {"outcome", OPTION_STRING, AT(outcome), 0, 0, 0, 0, outcomes},
    {"body", OPTION_STRING, AT(body), 0, 0, 0, 0, NULL},
    {"deferred", OPTION_BOOLEAN, AT(deferred), 0, 0, 0, 0, NULL},
    {0},
};
#undef AT

static void append_ended(void *context, const struct err *err)
{
    struct append *append = context;

    if (err)
        append->err = *err;
    loop_end(append->loop, &append->op);
}

static void describe(const struct record_options *o, struct journal_record *record)
{
    *record = (struct journal_record){
        .kind = o->kind.data,
        .run = o->run.data,
        .intent = o->intent,
        .service = o->service.data,
        .operation = o->operation.data,
        .once = o->once.data,
        .content = o->content.data,
        .outcome = o->outcome.data,
        .body = o->body.data,
    };
}

/* journal:append{kind=, run=, intent=, service=, operation=, once=, content=, outcome=, body=,
   deferred=} -> op;
   op:result() -> seq | nil, err. The texts must stay in the table until then. */
static int append(lua_State *L)
{
    struct journal *journal = check_journal(L);
    struct record_options options = {0};
    struct append *append;

    luaL_checktype(L, 2, LUA_TTABLE);
    option_read(L, 2, record_options, &options);
    append = lua_newuserdatauv(L, sizeof *append, 2);
    memset(append, 0, sizeof *append);
    loop_op_init(&append->op);
    append->loop = runtime_loop(L);
    append->journal = lua_touserdata(L, 1);
    append->append.done = append_ended;
    append->append.context = append;
    append->append.deferred = options.deferred;
    describe(&options, &append->append.record);
    luaL_setmetatable(L, append_class);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 2);
    journal_add(journal, &append->append);
    return 1;
}

/* journal:flush() writes at once what is queued */
static int flush(lua_State *L)
{
    journal_flush(check_journal(L));
    return 0;
}

static int append_ready(lua_State *L)
{
    struct append *append = luaL_checkudata(L, 1, append_class);

    lua_pushboolean(L, append->op.ended);
    return 1;
}

static int append_result(lua_State *L)
{
    struct append *append = luaL_checkudata(L, 1, append_class);

    luaL_argcheck(L, append->op.ended, 1, "the record is not written yet");
    if (append->err.kind)
        return fail_push(L, &append->err);
    lua_pushinteger(L, append->append.record.seq);
    return 1;
}

/* Only what is not written yet is taken back. */
static int append_close(lua_State *L)
{
    struct append *append = luaL_checkudata(L, 1, append_class);

    if (append->append.queued && *append->journal)
        journal_cancel(*append->journal, &append->append);
    loop_forget(append->loop, &append->op);
    return 0;
}

/* ---- keys ---- */

static const char *const claims[] = {
    [JOURNAL_CLAIMED] = "claimed",
    [JOURNAL_DONE] = "done",
    [JOURNAL_BUSY] = "busy",
    [JOURNAL_UNKNOWN] = "unknown",
    [JOURNAL_CONFLICT] = "conflict",
};

/* journal:claim(once, content) -> "claimed", "done", "busy", "unknown" or "conflict", and the
   seq of the intent that says so (0: none) | nil, err */
static int claim(lua_State *L)
{
    struct journal *journal = check_journal(L);
    const char *once = luaL_checkstring(L, 2), *content = luaL_checkstring(L, 3);
    enum journal_claim claim;
    int64_t intent;
    struct err err;

    if (journal_claim(journal, once, content, &claim, &intent, &err))
        return fail_push(L, &err);
    lua_pushstring(L, claims[claim]);
    lua_pushinteger(L, intent);
    return 2;
}

static int unclaim(lua_State *L)
{
    struct journal *journal = check_journal(L);
    struct err err;

    if (journal_unclaim(journal, luaL_checkstring(L, 2), &err))
        return fail_push(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- reading ---- */

struct filter_options {
    struct option_text kind, run, service, operation, once, content;
    lua_Integer after_seq, seq, intent;
    double from, to;
};

#define AT(member) offsetof(struct filter_options, member)
static const struct option filter_options[] = {
    {"kind", OPTION_STRING, AT(kind), 0, 0, 0, 0, NULL},
    {"run", OPTION_STRING, AT(run), 0, 0, 0, 0, NULL},
    {"service", OPTION_STRING, AT(service), 0, 0, 0, 0, NULL},
    {"operation", OPTION_STRING, AT(operation), 0, 0, 0, 0, NULL},
    {"once", OPTION_STRING, AT(once), 0, 0, 0, 0, NULL},
    {"content", OPTION_STRING, AT(content), 0, 0, 0, 0, NULL},
    {"after_seq", OPTION_INTEGER, AT(after_seq), 0, 0, 0, 0, NULL},
    {"seq", OPTION_INTEGER, AT(seq), 0, 0, 0, 0, NULL},
    {"intent", OPTION_INTEGER, AT(intent), 0, 0, 0, 0, NULL},
    {"from", OPTION_NUMBER, AT(from), 0, 0, 1e11, 0, NULL},
    {"to", OPTION_NUMBER, AT(to), 0, 0, 1e11, 0, NULL},
    {0},
};
#undef AT

/* Rows are copied out before Lua sees them: a Lua error can't leave a statement open. */
struct rows {
    struct journal_record *records;
    int count;
    bool failed;
};

static bool keep_row(void *context, const struct journal_record *record)
{
    struct rows *rows = context;
    struct journal_record *kept = &rows->records[rows->count];
    const char **const texts[] = {&kept->kind, &kept->run, &kept->service, &kept->operation,
        &kept->once, &kept->content, &kept->outcome, &kept->body};

    *kept = *record;
    rows->count++;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] && !(*texts[i] = strdup(*texts[i])))
            rows->failed = true;
    return rows->count < ROWS_MAX && !rows->failed;
}

static int free_rows(lua_State *L)
{
    struct rows *rows = lua_touserdata(L, 1);

    for (int i = 0; i < rows->count; i++) {
        struct journal_record *r = &rows->records[i];
        const char *const texts[] = {r->kind, r->run, r->service, r->operation, r->once,
            r->content, r->outcome, r->body};

        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            free((char *)texts[j]);
    }
    free(rows->records);
    *rows = (struct rows){0};
    return 0;
}

/* [-0, +1, m] A guard that frees the rows. */
static struct rows *push_rows(lua_State *L)
{
    struct rows *rows = lua_newuserdatauv(L, sizeof *rows, 0);

    *rows = (struct rows){0};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, free_rows);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    rows->records = calloc(ROWS_MAX, sizeof *rows->records);
    if (!rows->records)
        luaL_error(L, "not enough memory");
    return rows;
}

static void push_record(lua_State *L, const struct journal_record *record)
{
    lua_createtable(L, 0, 11);
    field_set_integer(L, "seq", record->seq);
    field_set_number(L, "at", (double)record->at_ms / 1000);
    if (record->intent)
        field_set_integer(L, "intent", record->intent);
    field_set_text(L, "kind", record->kind);
    field_set_text(L, "run", record->run);
    field_set_text(L, "service", record->service);
    field_set_text(L, "operation", record->operation);
    field_set_text(L, "once", record->once);
    field_set_text(L, "content", record->content);
    field_set_text(L, "outcome", record->outcome);
    field_set_text(L, "body", record->body);
}

/* journal:read{after_seq=, seq=, intent=, from=, to= (seconds), kind=, run=, service=,
   operation=, once=, content=} -> up to 1,000 records in their order | nil, err; go on with
   after_seq */
static int read_records(lua_State *L)
{
    struct journal *journal = check_journal(L);
    struct filter_options o = {0};
    struct journal_filter filter;
    struct rows *rows;
    struct err err;

    option_read(L, 2, filter_options, &o);
    filter = (struct journal_filter){o.after_seq, o.seq, o.intent, (int64_t)(o.from * 1000),
        (int64_t)(o.to * 1000), o.kind.data, o.run.data, o.service.data, o.operation.data,
        o.once.data, o.content.data};
    rows = push_rows(L);
    if (journal_read(journal, &filter, keep_row, rows, &err))
        return fail_push(L, &err);
    if (rows->failed)
        return luaL_error(L, "not enough memory");
    lua_createtable(L, rows->count, 0);
    for (int i = 0; i < rows->count; i++) {
        push_record(L, &rows->records[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* journal:verify() -> number of records | nil, err */
static int verify(lua_State *L)
{
    int64_t count = 0;
    struct err err;

    if (journal_verify(check_journal(L), &count, &err))
        return fail_push(L, &err);
    lua_pushinteger(L, count);
    return 1;
}

/* journal:prune(seconds since 1970) -> number of records removed | nil, err */
static int prune(lua_State *L)
{
    struct journal *journal = check_journal(L);
    int64_t count = 0;
    struct err err;

    if (journal_prune(journal, (int64_t)(luaL_checknumber(L, 2) * 1000), &count, &err))
        return fail_push(L, &err);
    lua_pushinteger(L, count);
    return 1;
}

static void make_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
    class_new(L, name, methods);
}

int luaopen_c_journal(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"open", open_journal}, {"fingerprint", fingerprint}, {NULL, NULL}};
    static const luaL_Reg journal_methods[] = {
        {"append", append},
        {"flush", flush},
        {"claim", claim},
        {"unclaim", unclaim},
        {"read", read_records},
        {"verify", verify},
        {"prune", prune},
        {"close", close_journal},
        {"__gc", close_journal},
        {NULL, NULL},
    };
    static const luaL_Reg append_methods[] = {
        {"ready", append_ready},
        {"result", append_result},
        {"close", append_close},
        {"__close", append_close},
        {"__gc", append_close},
        {NULL, NULL},
    };

    runtime_loop(L);
    make_class(L, journal_class, journal_methods);
    make_class(L, append_class, append_methods);
    luaL_newlib(L, functions);
    return 1;
}
