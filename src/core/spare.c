#include "core/spare.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 16, /* between the sizes that malloc makes, of which the first is LEAST */
    LEAST = 24,
#ifdef __SANITIZE_ADDRESS__
    SMALL_MAX = 0,
    LARGE_MAX = 0,
#else
    SMALL_MAX = 2048,
    LARGE_MAX = 128 * 1024,
#endif
    PLACES = SMALL_MAX / STEP + 1,
    LARGE = 0, /* the place of one from LARGE_MIN: the buffer that an answer is received in */
    LARGE_MIN = 32 * 1024,
    KEPT_MAX = 16 * 1024, /* bytes in each place, so that a crowd leaves room for other sizes */
};

struct block {
    struct block *next;
};

/* Blocks of one size. */
static struct place {
    struct block *first;
    size_t kept; /* bytes, about */
} places[PLACES];
static _Thread_local bool is_keeping;

void spare_start(void)
{
    is_keeping = true;
}

/* Not malloc, whose failures the tests bring about: those are our own code's to survive, and
   libcurl doesn't survive all. */
static void *allocate(void *block, size_t size)
{
    return reallocarray(block, 1, size);
}

/* Those kept in a place have at least LEAST + (place - 1) * STEP bytes. */
static size_t place_for(size_t size)
{
    return size <= LEAST ? 1 : (size - LEAST + STEP - 1) / STEP + 1;
}

/* Where one of this size is kept; PLACES: nowhere. */
static size_t place_of(size_t usable)
{
    size_t place = usable < LEAST ? PLACES : (usable - LEAST) / STEP + 1;

    if (place >= PLACES && usable >= LARGE_MIN && usable <= LARGE_MAX && !places[LARGE].first)
        return LARGE;
    return place;
}

static void *take(size_t place)
{
    struct block *block = places[place].first;

    places[place].first = block->next;
    places[place].kept -= place * STEP;
    return block;
}

/* Apart, as the short way would save registers for it. */
static __attribute__((noinline)) void *make(size_t size)
{
    const struct block *large = is_keeping && size >= LARGE_MIN ? places[LARGE].first : NULL;

    return large && malloc_usable_size(places[LARGE].first) >= size ? take(LARGE)
                                                                    : allocate(NULL, size);
}

void *spare_malloc(size_t size)
{
    size_t place = place_for(size);

    return place < PLACES && is_keeping && places[place].first ? take(place) : make(size);
}

void *spare_calloc(size_t count, size_t size)
{
    void *block = size && count > SIZE_MAX / size ? NULL : spare_malloc(count * size);

    return block ? memset(block, 0, count * size) : NULL;
}

char *spare_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = spare_malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

void *spare_realloc(void *block, size_t size)
{
    size_t usable = block ? malloc_usable_size(block) : 0;
    void *moved;

    if (usable > SMALL_MAX)
        return allocate(block, size);
    if (block && size <= usable)
        return block;
    moved = spare_malloc(size);
    if (moved && block) {
        memcpy(moved, block, usable);
        spare_free(block);
    }
    return moved;
}

void spare_free(void *memory)
{
    struct block *block = memory;
    size_t place;

    if (!block)
        return;
    place = is_keeping ? place_of(malloc_usable_size(block)) : PLACES;
    if (place >= PLACES || places[place].kept >= KEPT_MAX) {
        free(block);
        return;
    }
    block->next = places[place].first;
    places[place].first = block;
    places[place].kept += place * STEP;
}
