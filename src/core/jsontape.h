/* jsontape: JSON text as a flat list of items in the order of the text, checked as a whole
   before anything is made of it. Of lists and objects the sizes are known at once. Texts stay
   where they are: the tape points into them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
    JSONTAPE_DEPTH_MAX = 2048,         /* values inside each other */
    JSONTAPE_TEXT_MAX = (1 << 30) - 1, /* bytes */
    JSONTAPE_ROOM = 1024,              /* bytes of text that `struct jsontape_room` is for */
};

/* Where a short text is read, so that nothing is allocated. */
struct jsontape_room {
    uint64_t words[JSONTAPE_ROOM + 1];
    char text[JSONTAPE_ROOM];
};

struct jsontape {
    struct jsontape_room *room; /* NULL: the heap */
    const char *text;           /* the caller's */
    uint64_t *words;
    size_t count;   /* of the words */
    size_t longest; /* bytes between the quotes of the longest text that has escapes */
    char *scratch;  /* for such texts, one at a time */
};

struct jsontape_fault {
    const char *what; /* static */
    size_t offset;    /* in bytes, from 0 */
};

enum jsontape_type {
    JSONTAPE_NULL,
    JSONTAPE_FALSE,
    JSONTAPE_TRUE,
    JSONTAPE_INTEGER,
    JSONTAPE_REAL,
    JSONTAPE_STRING,
    JSONTAPE_ESCAPED, /* on the tape only: items say JSONTAPE_STRING */
    JSONTAPE_LIST,
    JSONTAPE_OBJECT,
};

/* A word: the type, the length and the place in the text. A number has a second word. */
enum {
    JSONTAPE_TYPE_BITS = 4,
    JSONTAPE_LEN_BITS = 30,
    JSONTAPE_PLACE_SHIFT = JSONTAPE_TYPE_BITS + JSONTAPE_LEN_BITS,
};

struct jsontape_item {
    enum jsontape_type type;
    /* Bytes of a string; values of a list, which follow; or of an object, where each follows
       its key. */
    size_t len;
    union {
        const char *string; /* no NUL behind it; valid until the next item is read */
        int64_t integer;
        double real;
    };
};

/* An empty tape. With `room` (or NULL) texts of up to JSONTAPE_ROOM bytes never touch the
   heap. */
void jsontape_init(struct jsontape *tape, struct jsontape_room *room);

/* Frees the tape, after overwriting texts that stood in it. */
void jsontape_fini(struct jsontape *tape);

/* Reads `text`, which stays the caller's, outlives the tape and has a NUL at `len`. Takes up to
   eight times `len` of memory. Refused, with `fault`: what RFC 8259 does not allow, integers
   beyond 64 bits, reals beyond a double, invalid UTF-8, halves of a surrogate pair, keys with a
   NUL, a byte order mark, more than JSONTAPE_DEPTH_MAX values inside each other, more than
   JSONTAPE_TEXT_MAX bytes; or there was not enough memory. Once for a tape. */
MUST_USE int jsontape_read(
    struct jsontape *tape, const char *text, size_t len, struct jsontape_fault *fault);

/* For jsontape_next: writes a string with escapes to `tape->scratch` as what they mean and
   returns its length. */
size_t jsontape_unescape(struct jsontape *tape, const char *text, size_t len);

/* The item at `at`, first `tape->words`; returns where the next one starts. */
static inline const uint64_t *jsontape_next(
    struct jsontape *tape, const uint64_t *at, struct jsontape_item *item)
{
    uint64_t word = *at++;

    item->type = (enum jsontape_type)(word & ((1u << JSONTAPE_TYPE_BITS) - 1));
    item->len = word >> JSONTAPE_TYPE_BITS & ((1u << JSONTAPE_LEN_BITS) - 1);
    item->string = tape->text + (word >> JSONTAPE_PLACE_SHIFT);
    if (item->type == JSONTAPE_ESCAPED) {
        item->type = JSONTAPE_STRING;
        item->len = jsontape_unescape(tape, item->string, item->len);
        item->string = tape->scratch;
    } else if (item->type == JSONTAPE_INTEGER || item->type == JSONTAPE_REAL)
        item->integer = (int64_t)*at++; /* the bits of either */
    return at;
}

/* The value at `path`: names of fields joined by dots; a number is a place in a list, from 1.
   Of equal names the last one counts. False when there is none. */
bool jsontape_find(struct jsontape *tape, const char *path, struct jsontape_item *item);
