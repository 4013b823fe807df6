#include "core/jsontape.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsonescape.h"
#include "core/jsonnumber.h"
#include "core/utf8.h"

/* A word: the type, the length and the place in the text. A number has a second word. */
enum { TYPE_BITS = 4, LEN_BITS = 30, PLACE_SHIFT = TYPE_BITS + LEN_BITS };

static_assert(JSONTAPE_TEXT_MAX < 1 << LEN_BITS, "a length fits its bits");

struct reader {
    struct jsontape *tape;
    const char *at, *end; /* there is a NUL at `end` */
    int depth;
    bool nul; /* \u0000 in the last string */
    struct jsontape_fault *fault;
};

static int fail_at(struct reader *r, const char *at, const char *what)
{
    r->fault->what = what;
    r->fault->offset = (size_t)(at - r->tape->text);
    return -1;
}

/* What stands at `r->at` is not what had to come: says so, or what is worse about it. */
static int fail(struct reader *r, const char *what)
{
    if (r->at == r->end)
        return fail_at(r, r->at, "the text ends too early");
    if (*r->at == '\0')
        return fail_at(r, r->at, "a NUL byte");
    if (utf8_character(r->at, (size_t)(r->end - r->at)) == 0)
        return fail_at(r, r->at, "invalid UTF-8");
    return fail_at(r, r->at, what);
}

static uint64_t word(enum jsontape_type type, size_t len, size_t place)
{
    return (uint64_t)type | (uint64_t)len << TYPE_BITS | (uint64_t)place << PLACE_SHIFT;
}

/* Most texts have more than 8 bytes to a word. */
static int grow(struct reader *r)
{
    struct jsontape *tape = r->tape;
    size_t cap = tape->cap != 0 ? tape->cap * 2 : (size_t)(r->end - tape->text) / 8 + 64;
    uint64_t *words = realloc(tape->words, cap * sizeof *words);

    if (words == NULL)
        return fail_at(r, r->at, "out of memory");
    tape->words = words;
    tape->cap = cap;
    return 0;
}

static inline int add(struct reader *r, uint64_t value)
{
    struct jsontape *tape = r->tape;

    if (tape->count == tape->cap && grow(r) != 0)
        return -1;
    tape->words[tape->count++] = value;
    return 0;
}

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

static bool is_plain(char c)
{
    return c >= ' ' && c != '"' && c != '\\' && (unsigned char)c < 0x80;
}

/* Where the first byte stands that ends a string, starts an escape or is not ASCII, or `end`.
   Eight bytes at a time: the lowest bit that is left marks the first of them; what a borrow
   adds stands above it. */
static const char *skip_plain(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;

    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        eight = le64toh(eight);
        eight = ((eight - ones * ' ') | ((eight ^ ones * '"') - ones) |
                    ((eight ^ ones * '\\') - ones) | eight) &
                ones * 0x80;
        if (eight != 0)
            return at + __builtin_ctzll(eight) / 8;
    }
    while (at < end && is_plain(*at))
        at++;
    return at;
}

/* The escape at `r->at`. */
static int take_escape(struct reader *r)
{
    const char *wrong = NULL;
    uint32_t code = 0;

    r->at = jsonescape_read(&code, r->at, &wrong);
    r->nul = r->nul || code == 0;
    return wrong != NULL ? fail(r, wrong) : 0;
}

/* The characters at `r->at` that are not ASCII. */
static int take_characters(struct reader *r)
{
    while ((unsigned char)*r->at >= 0x80) {
        size_t size = utf8_character(r->at, (size_t)(r->end - r->at));

        if (size == 0)
            return fail(r, "invalid UTF-8");
        r->at += size;
    }
    return 0;
}

static int add_string(struct reader *r, const char *start, bool escaped)
{
    struct jsontape *tape = r->tape;
    size_t len = (size_t)(r->at - start);

    r->at++;
    if (escaped && len > tape->longest)
        tape->longest = len;
    return add(r,
        word(escaped ? JSONTAPE_ESCAPED : JSONTAPE_STRING, len, (size_t)(start - tape->text)));
}

/* The string whose quote is at `r->at`. */
static int take_string(struct reader *r)
{
    const char *start = ++r->at;
    bool escaped = false;
    int bad = 0;

    r->nul = false;
    while (bad == 0) {
        r->at = skip_plain(r->at, r->end);
        if (*r->at == '"')
            return add_string(r, start, escaped);
        if (*r->at == '\\') {
            escaped = true;
            bad = take_escape(r);
        } else if ((unsigned char)*r->at < ' ')
            bad = fail(r, "a control character in a string");
        else
            bad = take_characters(r);
    }
    return bad;
}

static int take_number(struct reader *r)
{
    struct jsonnumber number;
    const char *wrong = NULL;
    uint64_t bits;

    r->at = jsonnumber_read(&number, r->at, &wrong);
    if (wrong != NULL)
        return fail(r, wrong);
    memcpy(&bits, &number.integer, sizeof bits); /* of either kind */
    if (add(r, word(number.whole ? JSONTAPE_INTEGER : JSONTAPE_REAL, 0, 0)) != 0)
        return -1;
    return add(r, bits);
}

static int take_literal(struct reader *r, const char *name, enum jsontape_type type)
{
    const char *start = r->at;

    while (*name != '\0' && *r->at == *name) {
        r->at++;
        name++;
    }
    if (*name == '\0')
        return add(r, word(type, 0, 0));
    if (r->at < r->end)
        r->at = start;
    return fail(r, "a value was expected");
}

static int take_value(struct reader *r);

/* A key and its colon. */
static int take_key(struct reader *r)
{
    const char *start = r->at;

    if (*start != '"')
        return fail(r, "a key in quotes was expected");
    if (take_string(r) != 0)
        return -1;
    if (r->nul)
        return fail_at(r, start, "a key with a NUL");
    r->at = skip_space(r->at);
    if (*r->at != ':')
        return fail(r, "':' was expected");
    r->at = skip_space(r->at + 1);
    return 0;
}

/* What stands behind an entry: 1 when another one follows, 0 when `close` ends the list or
   object. */
static int take_comma(struct reader *r, char close)
{
    r->at = skip_space(r->at);
    if (*r->at != ',' && *r->at != close)
        return fail(r, close == ']' ? "',' or ']' was expected" : "',' or '}' was expected");
    return *r->at++ == ',';
}

/* The list or object at `r->at`. Its word is completed at last. */
static int take_entries(struct reader *r, enum jsontape_type type, char close)
{
    size_t place = r->tape->count, count = 0;
    int more;

    if (add(r, 0) != 0)
        return -1;
    r->at = skip_space(r->at + 1);
    more = *r->at != close;
    r->at += !more;
    while (more > 0) {
        r->at = skip_space(r->at);
        if ((type == JSONTAPE_OBJECT && take_key(r) != 0) || take_value(r) != 0)
            return -1;
        count++;
        more = take_comma(r, close);
    }
    r->tape->words[place] = word(type, count, 0);
    return more;
}

static int take_any(struct reader *r)
{
    switch (*r->at) {
    case '"':
        return take_string(r);
    case '{':
        return take_entries(r, JSONTAPE_OBJECT, '}');
    case '[':
        return take_entries(r, JSONTAPE_LIST, ']');
    case 't':
        return take_literal(r, "true", JSONTAPE_TRUE);
    case 'f':
        return take_literal(r, "false", JSONTAPE_FALSE);
    case 'n':
        return take_literal(r, "null", JSONTAPE_NULL);
    default:
        if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
            return take_number(r);
        return fail(r, "a value was expected");
    }
}

/* The value at `r->at`, blanks skipped. */
static int take_value(struct reader *r)
{
    int bad;

    static_assert(JSONTAPE_DEPTH_MAX == 2048, "as the message says");
    if (r->depth == JSONTAPE_DEPTH_MAX)
        return fail(r, "nested deeper than 2048");
    r->depth++;
    bad = take_any(r);
    r->depth--;
    return bad;
}

static int take_text(struct reader *r)
{
    r->at = skip_space(r->at);
    if (r->at == r->end)
        return fail_at(r, r->tape->text, "the text is empty");
    if (strncmp(r->at, "\xEF\xBB\xBF", 3) == 0)
        return fail(r, "it starts with a byte order mark");
    if (take_value(r) != 0)
        return -1;
    r->at = skip_space(r->at);
    return r->at < r->end ? fail(r, "more text after the value") : 0;
}

/* Room to undo the escapes of any of the texts. */
static int make_scratch(struct reader *r)
{
    struct jsontape *tape = r->tape;

    if (tape->scratch != NULL || tape->longest == 0)
        return 0;
    tape->scratch = malloc(tape->longest);
    return tape->scratch != NULL ? 0 : fail_at(r, tape->text, "out of memory");
}

void jsontape_init(struct jsontape *tape, struct jsontape_room *room)
{
    *tape = (struct jsontape){.room = room};
}

void jsontape_fini(struct jsontape *tape)
{
    if (tape->scratch != NULL)
        explicit_bzero(tape->scratch, tape->longest);
    if (tape->room == NULL) {
        free(tape->scratch);
        free(tape->words);
    }
    jsontape_init(tape, NULL);
}

/* A text makes at most a word a byte, and one more. */
static void take_room(struct jsontape *tape, size_t len)
{
    if (len > JSONTAPE_ROOM)
        tape->room = NULL;
    if (tape->room == NULL)
        return;
    tape->words = tape->room->words;
    tape->cap = sizeof tape->room->words / sizeof *tape->words;
    tape->scratch = tape->room->text;
}

int jsontape_read(
    struct jsontape *tape, const char *text, size_t len, struct jsontape_fault *fault)
{
    struct reader r = {.tape = tape, .at = text, .end = text + len, .fault = fault};

    assert(text[len] == '\0');
    tape->text = text;
    take_room(tape, len);
    if (len > JSONTAPE_TEXT_MAX)
        return fail_at(&r, text, "the text is too long");
    return take_text(&r) != 0 ? -1 : make_scratch(&r);
}

static void next_string(struct jsontape *tape, const char *raw, struct jsontape_item *item)
{
    if (item->type == JSONTAPE_ESCAPED) {
        item->type = JSONTAPE_STRING;
        item->len = jsonescape_undo(tape->scratch, raw, item->len);
        item->string = tape->scratch;
    } else
        item->string = raw;
}

const uint64_t *jsontape_next(
    struct jsontape *tape, const uint64_t *at, struct jsontape_item *item)
{
    uint64_t first = *at++;

    item->type = (enum jsontape_type)(first & ((1u << TYPE_BITS) - 1));
    item->len = first >> TYPE_BITS & ((1u << LEN_BITS) - 1);
    if (item->type == JSONTAPE_STRING || item->type == JSONTAPE_ESCAPED)
        next_string(tape, tape->text + (first >> PLACE_SHIFT), item);
    else if (item->type == JSONTAPE_INTEGER || item->type == JSONTAPE_REAL)
        memcpy(&item->integer, at++, sizeof item->integer);
    return at;
}

/* What follows the value at `at` and all in it. */
static const uint64_t *skip(struct jsontape *tape, const uint64_t *at)
{
    struct jsontape_item item;
    size_t left = 1;

    for (; left > 0; left--) {
        at = jsontape_next(tape, at, &item);
        if (item.type == JSONTAPE_LIST)
            left += item.len;
        else if (item.type == JSONTAPE_OBJECT)
            left += 2 * item.len;
    }
    return at;
}

static const uint64_t *find_place(
    struct jsontape *tape, const uint64_t *at, size_t count, const char *name)
{
    size_t place = strtoul(name, NULL, 10);

    if (place < 1 || place > count)
        return NULL;
    while (--place > 0)
        at = skip(tape, at);
    return at;
}

static const uint64_t *find_name(
    struct jsontape *tape, const uint64_t *at, size_t count, const char *name, size_t len)
{
    const uint64_t *found = NULL;
    struct jsontape_item key;

    for (; count > 0; count--, at = skip(tape, at)) {
        at = jsontape_next(tape, at, &key);
        if (key.len == len && memcmp(key.string, name, len) == 0)
            found = at;
    }
    return found;
}

bool jsontape_find(struct jsontape *tape, const char *path, struct jsontape_item *item)
{
    const uint64_t *at = tape->words;

    for (size_t len; *path != '\0'; path += len + (path[len] == '.')) {
        const uint64_t *entries = jsontape_next(tape, at, item);

        len = strcspn(path, ".");
        if (item->type == JSONTAPE_LIST)
            at = find_place(tape, entries, item->len, path);
        else if (item->type == JSONTAPE_OBJECT)
            at = find_name(tape, entries, item->len, path, len);
        else
            at = NULL;
        if (at == NULL)
            return false;
    }
    jsontape_next(tape, at, item);
    return true;
}
