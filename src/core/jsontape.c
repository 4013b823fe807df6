#include "core/jsontape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsonescape.h"
#include "core/jsonnumber.h"
#include "core/jsonplain.h"
#include "core/utf8.h"

static_assert(JSONTAPE_TEXT_MAX < 1 << JSONTAPE_LEN_BITS, "a length fits its bits");

struct reader {
    struct jsontape *tape;
    const char *end;     /* there is a NUL */
    uint64_t *to, *full; /* where the next word goes, and the end of the room for words */
    int depth;           /* lists and objects that are not closed */
    bool nul;            /* \u0000 in the last string */
    struct jsontape_fault *fault;
};

/* Functions that read take the place in the text and return what follows, or NULL with the
   fault told. */
static const char *fail_at(struct reader *r, const char *at, const char *what)
{
    r->fault->what = what;
    r->fault->offset = (size_t)(at - r->tape->text);
    return NULL;
}

/* What stands at `at` is not what had to come: says so, or what is worse about it. */
static const char *fail(struct reader *r, const char *at, const char *what)
{
    if (at == r->end)
        return fail_at(r, at, "the text ends too early");
    if (*at == '\0')
        return fail_at(r, at, "a NUL byte");
    if (utf8_character(at, (size_t)(r->end - at)) == 0)
        return fail_at(r, at, "invalid UTF-8");
    return fail_at(r, at, what);
}

static uint64_t word(enum jsontape_type type, size_t len, size_t place)
{
    return (uint64_t)type | (uint64_t)len << JSONTAPE_TYPE_BITS |
           (uint64_t)place << JSONTAPE_PLACE_SHIFT;
}

/* Most texts have more than 8 bytes to a word. */
static bool grow(struct reader *r)
{
    struct jsontape *tape = r->tape;
    size_t count = (size_t)(r->to - tape->words);
    size_t cap = count != 0 ? count * 2 : (size_t)(r->end - tape->text) / 8 + 64;
    uint64_t *words = realloc(tape->words, cap * sizeof *words);

    if (words == NULL)
        return false;
    tape->words = words;
    r->to = words + count;
    r->full = words + cap;
    return true;
}

/* Adds the word of what ends at `after`. */
static inline const char *add(struct reader *r, uint64_t value, const char *after)
{
    if (r->to == r->full && !grow(r))
        return fail_at(r, after, "out of memory");
    *r->to++ = value;
    return after;
}

static inline const char *skip_space(const char *at)
{
    while (
        (unsigned char)*at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* The escape at `at`. */
static const char *take_escape(struct reader *r, const char *at)
{
    const char *wrong = NULL;
    uint32_t code = 0;

    at = jsonescape_read(&code, at, &wrong);
    r->nul = r->nul || code == 0;
    return wrong != NULL ? fail(r, at, wrong) : at;
}

/* The characters at `at` that are not ASCII. */
static const char *take_characters(struct reader *r, const char *at)
{
    while ((unsigned char)*at >= 0x80) {
        size_t size = utf8_character(at, (size_t)(r->end - at));

        if (size == 0)
            return fail(r, at, "invalid UTF-8");
        at += size;
    }
    return at;
}

/* What is not plain in a string. */
static const char *take_odd(struct reader *r, const char *at)
{
    if (*at == '\\')
        return take_escape(r, at);
    if ((unsigned char)*at < ' ')
        return fail(r, at, "a control character in a string");
    return take_characters(r, at);
}

static inline const char *add_string(
    struct reader *r, enum jsontape_type type, const char *start, const char *quote)
{
    size_t place = (size_t)(start - r->tape->text);

    return add(r, word(type, (size_t)(quote - start), place), quote + 1);
}

/* The string that starts at `start`, from its first byte that is not plain. */
static const char *take_odd_string(struct reader *r, const char *start, const char *at)
{
    struct jsontape *tape = r->tape;
    bool escaped = false;

    while (at != NULL && *at != '"') {
        escaped = escaped || *at == '\\';
        at = take_odd(r, at);
        if (at != NULL)
            at = jsonplain_skip(at, r->end);
    }
    if (at == NULL)
        return NULL;
    if (escaped && (size_t)(at - start) > tape->longest)
        tape->longest = (size_t)(at - start);
    return add_string(r, escaped ? JSONTAPE_ESCAPED : JSONTAPE_STRING, start, at);
}

/* The string whose quote is at `quote`. */
static inline const char *take_string(struct reader *r, const char *quote)
{
    const char *start = quote + 1;
    const char *at = jsonplain_skip(start, r->end);

    if (*at != '"')
        return take_odd_string(r, start, at);
    return add_string(r, JSONTAPE_STRING, start, at);
}

static const char *take_number(struct reader *r, const char *at)
{
    struct jsonnumber number;
    const char *wrong = NULL;
    uint64_t bits;

    at = jsonnumber_read(&number, at, &wrong);
    if (wrong != NULL)
        return fail(r, at, wrong);
    memcpy(&bits, &number.integer, sizeof bits); /* of either kind */
    if (add(r, word(number.whole ? JSONTAPE_INTEGER : JSONTAPE_REAL, 0, 0), at) == NULL)
        return NULL;
    return add(r, bits, at);
}

static const char *fail_literal(struct reader *r, const char *at, const char *name)
{
    const char *start = at;

    while (*at == *name) {
        at++;
        name++;
    }
    return fail(r, at == r->end ? at : start, "a value was expected");
}

static inline const char *take_literal(
    struct reader *r, const char *at, const char *name, enum jsontape_type type)
{
    size_t len = strlen(name);

    if ((size_t)(r->end - at) < len || memcmp(at, name, len) != 0)
        return fail_literal(r, at, name);
    return add(r, word(type, 0, 0), at + len);
}

static const char *take_list(struct reader *r, const char *at);
static const char *take_object(struct reader *r, const char *at);

static inline const char *take_any(struct reader *r, const char *at)
{
    switch (*at) {
    case '"':
        return take_string(r, at);
    case '{':
        return take_object(r, at);
    case '[':
        return take_list(r, at);
    case 't':
        return take_literal(r, at, "true", JSONTAPE_TRUE);
    case 'f':
        return take_literal(r, at, "false", JSONTAPE_FALSE);
    case 'n':
        return take_literal(r, at, "null", JSONTAPE_NULL);
    default:
        if (*at == '-' || (*at >= '0' && *at <= '9'))
            return take_number(r, at);
        return fail(r, at, "a value was expected");
    }
}

/* The value at `at`, blanks skipped. */
static inline const char *take_value(struct reader *r, const char *at)
{
    static_assert(JSONTAPE_DEPTH_MAX == 2048, "as the message says");
    if (r->depth == JSONTAPE_DEPTH_MAX)
        return fail(r, at, "nested deeper than 2048");
    return take_any(r, at);
}

/* A key and its colon. */
static inline const char *take_key(struct reader *r, const char *start)
{
    const char *at;

    if (*start != '"')
        return fail(r, start, "a key in quotes was expected");
    r->nul = false;
    at = take_string(r, start);
    if (at == NULL)
        return NULL;
    if (r->nul)
        return fail_at(r, start, "a key with a NUL");
    at = skip_space(at);
    return *at == ':' ? skip_space(at + 1) : fail(r, at, "':' was expected");
}

/* The list or object whose bracket is at `at`. Its word is completed at last. */
static inline const char *take_entries(
    struct reader *r, const char *at, enum jsontape_type type, char close)
{
    size_t place = (size_t)(r->to - r->tape->words), count = 0;

    if (add(r, 0, at) == NULL)
        return NULL;
    r->depth++;
    at = skip_space(at + 1);
    for (bool more = *at != close; more; count++) {
        if (type == JSONTAPE_OBJECT)
            at = take_key(r, at);
        if (at == NULL || (at = take_value(r, at)) == NULL)
            return NULL;
        at = skip_space(at);
        more = *at == ',';
        if (more)
            at = skip_space(at + 1);
    }
    r->depth--;
    r->tape->words[place] = word(type, count, 0);
    return at;
}

static const char *take_list(struct reader *r, const char *at)
{
    at = take_entries(r, at, JSONTAPE_LIST, ']');
    if (at == NULL)
        return NULL;
    return *at == ']' ? at + 1 : fail(r, at, "',' or ']' was expected");
}

static const char *take_object(struct reader *r, const char *at)
{
    at = take_entries(r, at, JSONTAPE_OBJECT, '}');
    if (at == NULL)
        return NULL;
    return *at == '}' ? at + 1 : fail(r, at, "',' or '}' was expected");
}

static const char *take_text(struct reader *r, const char *at)
{
    at = skip_space(at);
    if (at == r->end)
        return fail_at(r, r->tape->text, "the text is empty");
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0)
        return fail(r, at, "it starts with a byte order mark");
    at = take_value(r, at);
    if (at == NULL)
        return NULL;
    at = skip_space(at);
    return at < r->end ? fail(r, at, "more text after the value") : at;
}

/* Room to undo the escapes of any of the texts. */
static int make_scratch(struct reader *r)
{
    struct jsontape *tape = r->tape;

    if (tape->scratch != NULL || tape->longest == 0)
        return 0;
    tape->scratch = malloc(tape->longest);
    if (tape->scratch != NULL)
        return 0;
    fail_at(r, tape->text, "out of memory");
    return -1;
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
static void take_room(struct reader *r, size_t len)
{
    struct jsontape *tape = r->tape;

    if (len > JSONTAPE_ROOM)
        tape->room = NULL;
    if (tape->room == NULL)
        return;
    tape->words = r->to = tape->room->words;
    r->full = r->to + sizeof tape->room->words / sizeof *tape->words;
    tape->scratch = tape->room->text;
}

int jsontape_read(
    struct jsontape *tape, const char *text, size_t len, struct jsontape_fault *fault)
{
    struct reader r = {.tape = tape, .end = text + len, .fault = fault};

    assert(text[len] == '\0');
    tape->text = text;
    take_room(&r, len);
    if (len > JSONTAPE_TEXT_MAX)
        text = fail_at(&r, text, "the text is too long");
    if (text == NULL || take_text(&r, text) == NULL)
        return -1;
    tape->count = (size_t)(r.to - tape->words);
    return make_scratch(&r);
}

size_t jsontape_unescape(struct jsontape *tape, const char *text, size_t len)
{
    return jsonescape_undo(tape->scratch, text, len);
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
