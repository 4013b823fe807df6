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

static struct block *spare[PLACES];
static size_t kept[PLACES]; /* bytes, about */
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

    if (place >= PLACES && usable >= LARGE_MIN && usable <= LARGE_MAX && !spare[LARGE])
        return LARGE;
    return place;
}

static void *take(size_t place)
{
    struct block *block = spare[place];

    if (block) {
        spare[place] = block->next;
        kept[place] -= place * STEP;
    }
    return block;
}

static void put(size_t place, struct block *block)
{
    block->next = spare[place];
    spare[place] = block;
    kept[place] += place * STEP;
}

static void *take_large(size_t size)
{
    bool fits = size >= LARGE_MIN && spare[LARGE] && malloc_usable_size(spare[LARGE]) >= size;

    return fits ? take(LARGE) : NULL;
}

void *spare_malloc(size_t size)
{
    size_t place = place_for(size);
    void *block = NULL;

    if (is_keeping)
        block = place < PLACES ? take(place) : take_large(size);
    return block ? block : allocate(NULL, size);
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

void spare_free(void *block)
{
    size_t place;

    if (!block)
        return;
    place = place_of(malloc_usable_size(block));
    if (is_keeping && place < PLACES && kept[place] < KEPT_MAX)
        put(place, block);
    else
        free(block);
}
