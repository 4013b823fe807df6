/* Power cuts: a journal at work is recorded write by write; then, for a cut after each of them,
   the disk that it leaves must hold a readable journal with every record that was reported as
   written. `journal_power_test ROUNDS` repeats that with other work. */
#include "store.h"
#include "tape.h"

#include <sys/stat.h>

enum { CUTS_MIN = 1000, SECTOR = 512 };

static unsigned dice_state = 1;

/* xorshift32: the same run for the same seed. */
static unsigned dice(unsigned sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 17;
    dice_state ^= dice_state << 5;
    return dice_state % sides;
}

/* ---- a journal at work ---- */

static const char *body_of(int64_t seq, int len)
{
    static char text[40000];

    memset(text, 'a' + (int)(seq % 26), (size_t)len);
    snprintf(text + len, sizeof text - (size_t)len, "%d", len);
    return text;
}

static void append_some(struct store *store)
{
    struct store_append appends[8];
    char *bodies[8];
    int count = 1 + (int)dice(8);

    for (int i = 0; i < count; i++) {
        bodies[i] = strdup(body_of(i, (int)(dice(6) ? dice(400) : dice(30000))));
        store_add(
            store, &appends[i], (struct journal_record){.kind = "note", .body = bodies[i]});
    }
    store_wait(store, &appends[count - 1]);
    for (int i = 0; i < count; i++) {
        assert_int_equal(appends[i].err.kind, ERR_NONE);
        note(REPORT, 0, appends[i].append.record.seq, NULL, 0);
        free(bodies[i]);
    }
}

static void write_under_key(struct store *store)
{
    static int keys;
    char once[24];
    int64_t intent;

    snprintf(once, sizeof once, "key%d", ++keys);
    assert_int_equal(store_claim(store, once, "c"), JOURNAL_CLAIMED);
    intent = store_intent(store, once, "c");
    note(REPORT, 0, intent, NULL, 0);
    if (dice(4))
        store_outcome(store, intent, once, dice(2) ? "done" : "unknown");
}

/* Until its sync, a deferred record may be lost. */
static void defer(struct store *store)
{
    int64_t seq = store_defer(store, (struct journal_record){.kind = "note", .body = "{}"});
    struct err err;

    if (dice(2))
        return;
    while (journal_is_behind(store->journal))
        assert_int_equal(loop_turn(store->loop, JOURNAL_DEFER_MS, &err), 0);
    note(REPORT, 0, seq, NULL, 0);
}

/* As another process does when it comes to its turn. */
static void checkpoint(struct store *store)
{
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
        SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
    sqlite3 *db;

    assert_int_equal(sqlite3_open(store->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_wal_checkpoint_v2(db, NULL, modes[dice(4)], NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void prune(struct store *store)
{
    int64_t count;
    struct err err;

    assert_int_equal(journal_prune(store->journal, dice(2) ? INT64_MAX : 1, &count, &err), 0);
}

static void work(struct store *store, int steps)
{
    for (int i = 0; i < steps; i++) {
        switch (dice(12)) {
        case 0:
            checkpoint(store);
            break;
        case 1:
            store_close(store);
            store_open(store);
            break;
        case 2:
            if (!dice(4))
                prune(store);
            break;
        case 3:
        case 4:
        case 5:
            write_under_key(store);
            break;
        case 6:
        case 7:
            defer(store);
            break;
        default:
            append_some(store);
        }
    }
}

/* ---- the disk after a cut ---- */

struct content {
    unsigned char *bytes;
    int64_t size, room;
    bool exists;
};

/* Per file: what is certainly on the disk, and where its operations since then begin. */
static struct content durable[DISK_FILES];
static int unsynced[DISK_FILES];

static void resize(struct content *content, int64_t size)
{
    if (size > content->room) {
        content->bytes = realloc(content->bytes, (size_t)size * 2);
        assert_non_null(content->bytes);
        content->room = size * 2;
    }
    if (size > content->size)
        memset(content->bytes + content->size, 0, (size_t)(size - content->size));
    content->size = size;
    content->exists = true;
}

static void put(struct content *content, int64_t at, const unsigned char *bytes, int len)
{
    if (at + len > content->size)
        resize(content, at + len);
    memcpy(content->bytes + at, bytes, (size_t)len);
}

static void apply(struct content *content, const struct op *op)
{
    if (op->kind == WRITE)
        put(content, op->at, op->bytes, op->len);
    else if (op->kind == TRUNCATE)
        resize(content, op->at);
    else if (op->kind == REMOVE)
        content->size = content->exists = 0;
}

/* The disk's own order of sectors. */
static void apply_torn(struct content *content, const struct op *op)
{
    int at = 0;

    while (at < op->len) {
        int rest = SECTOR - (int)((op->at + at) % SECTOR);
        int len = rest < op->len - at ? rest : op->len - at;

        if (dice(2))
            put(content, op->at + at, op->bytes + at, len);
        at += len;
    }
}

enum fate { DROPPED, SOME_WRITES, SOME_SECTORS, FATES };

/* A removal that did not reach the disk takes all that came later along: that was another
   file. */
static void apply_unsynced(struct content *content, int file, int end, enum fate fate)
{
    for (int i = unsynced[file]; i < end && fate != DROPPED; i++) {
        const struct op *op = &tape.ops[i];

        if (op->file != file || op->kind == REPORT || op->kind == SYNC)
            continue;
        if (fate == SOME_SECTORS && op->kind == WRITE)
            apply_torn(content, op);
        else if (dice(2))
            apply(content, op);
        else if (op->kind == REMOVE)
            return;
    }
}

static void make_file_durable(int file, int end)
{
    for (int i = unsynced[file]; i < end; i++)
        if (tape.ops[i].file == file)
            apply(&durable[file], &tape.ops[i]);
    if (end > unsynced[file])
        unsynced[file] = end;
}

/* Where the last removal of the file ended; 0: there was none since its sync. */
static int last_removal(int file, int end)
{
    while (end > unsynced[file])
        if (tape.ops[end - 1].file == file && tape.ops[end - 1].kind == REMOVE)
            return end;
        else
            end--;
    return 0;
}

static void make_durable(int end)
{
    const struct op *op = &tape.ops[end - 1];

    if (op->kind == SYNC) {
        make_file_durable(op->file, end);
        durable[op->file].exists = true;
    }
    if ((op->kind == SYNC || op->kind == REMOVE) && op->at)
        for (int file = 0; file < DISK_FILES; file++)
            make_file_durable(file, last_removal(file, end));
}

static void save(const struct content *content, const char *path)
{
    FILE *out;

    unlink(path);
    if (!content->exists)
        return;
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(content->bytes, 1, (size_t)content->size, out), content->size);
    assert_int_equal(fclose(out), 0);
}

static void leave_disk(const struct store *after, int end, enum fate fate)
{
    char path[128];

    for (int file = 0; file < DISK_FILES; file++) {
        struct content content = {0};

        if (durable[file].exists) {
            resize(&content, durable[file].size);
            memcpy(content.bytes, durable[file].bytes, (size_t)durable[file].size);
        }
        apply_unsynced(&content, file, end, fate);
        snprintf(path, sizeof path, "%s%s", after->path, suffixes[file]);
        save(&content, path);
        free(content.bytes);
    }
    snprintf(path, sizeof path, "%s-shm", after->path);
    unlink(path);
}

/* ---- the judgement ---- */

static bool see_last(void *context, const struct journal_record *record)
{
    *(int64_t *)context = record->seq;
    return true;
}

static void judge(struct store *after, int cut, int64_t reported)
{
    struct journal_filter all = {0};
    int64_t count, last = 0, pruned;
    struct err err = {0};

    if (store_try_open(after, &err) || journal_verify(after->journal, &count, &err) ||
        journal_read(after->journal, &all, see_last, &last, &err))
        fail_msg("cut after operation %d: %s", cut, err.message);
    pruned = store_append(after, (struct journal_record){.kind = "note"}) - 1 - count;
    if (pruned + count < reported)
        fail_msg("cut after operation %d: record %lld was reported, %lld is the last", cut,
            (long long)reported, (long long)(pruned + count));
    assert_true(!count || last == pruned + count);
    store_close(after);
}

static int cut_everywhere(struct store *after)
{
    int64_t reported = 0;
    int cuts = 0;

    for (int end = 1; end <= tape.count; end++) {
        if (tape.ops[end - 1].kind == REPORT) {
            reported = tape.ops[end - 1].at;
            continue;
        }
        make_durable(end);
        for (enum fate fate = 0; fate < FATES; fate++) {
            leave_disk(after, end, fate);
            judge(after, end, reported);
        }
        cuts++;
    }
    return cuts;
}

static void forget_disk(void)
{
    for (int i = 0; i < DISK_FILES; i++)
        free(durable[i].bytes);
    memset(durable, 0, sizeof durable);
    memset(unsynced, 0, sizeof unsynced);
    erase_tape();
}

static int rounds = 1;

static void test_a_power_cut_at_any_write_loses_nothing(void **state)
{
    struct store before, after;
    int cuts = 0;

    (void)state;
    store_make_folder(&before);
    store_make_folder(&after);
    for (int round = 1; round <= rounds || cuts < CUTS_MIN; round++) {
        dice_state = (unsigned)round * 2654435761u;
        start_recording();
        store_open(&before);
        work(&before, 60);
        store_close(&before);
        stop_recording();
        cuts += cut_everywhere(&after);
        forget_disk();
        store_remove(&before);
        assert_int_equal(mkdir(before.folder, 0700), 0);
    }
    print_message("%d cut points, each with %d kinds of loss\n", cuts, FATES);
    store_remove(&before);
    store_remove(&after);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_power_cut_at_any_write_loses_nothing),
    };

    rounds = argc > 1 ? atoi(argv[1]) : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
