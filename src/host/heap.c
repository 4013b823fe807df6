#include "host/heap.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEP = 16, /* what malloc aligns to */
#ifdef __SANITIZE_ADDRESS__
    SMALL_MAX = 0,
#else
    SMALL_MAX = 512,
#endif
    SIZES = SMALL_MAX / STEP + 1,
    REGION = 64 * 1024,
};

struct spare {
    struct spare *next;
};

struct region {
    _Alignas(STEP) struct region *next;
    _Alignas(STEP) char bytes[];
};

struct heap {
    struct spare *spare[SIZES]; /* blocks given back, by their number of steps */
    char *uncut, *end;          /* of the newest region */
    struct region *regions;
};

struct heap *heap_new(void)
{
    return calloc(1, sizeof(struct heap));
}

void heap_free(struct heap *heap)
{
    if (heap == NULL)
        return;
    while (heap->regions != NULL) {
        struct region *next = heap->regions->next;
        free(heap->regions);
        heap->regions = next;
    }
    free(heap);
}

static size_t steps(size_t size)
{
    return (size + STEP - 1) / STEP;
}

static void keep(struct heap *heap, void *block, size_t count)
{
    struct spare *spare = block;
    spare->next = heap->spare[count];
    heap->spare[count] = spare;
}

/* What is left of the region before stays in use, as a block of its size. */
static int grow(struct heap *heap)
{
    struct region *region = malloc(sizeof *region + REGION);
    size_t left = (size_t)(heap->end - heap->uncut) / STEP;
    if (region == NULL)
        return -1;
    if (left > 0)
        keep(heap, heap->uncut, left);
    region->next = heap->regions;
    heap->regions = region;
    heap->uncut = region->bytes;
    heap->end = region->bytes + REGION;
    return 0;
}

static void *cut(struct heap *heap, size_t count)
{
    void *block;
    if ((size_t)(heap->end - heap->uncut) < count * STEP && grow(heap) != 0)
        return NULL;
    block = heap->uncut;
    heap->uncut += count * STEP;
    return block;
}

static inline void *take(struct heap *heap, size_t size)
{
    size_t count = steps(size);
    struct spare *spare;
    if (size > SMALL_MAX)
        return malloc(size);
    spare = heap->spare[count];
    if (spare == NULL)
        return cut(heap, count);
    heap->spare[count] = spare->next;
    __builtin_prefetch(spare->next); /* it is cold: what was given back was swept long ago */
    return spare;
}

static inline void give(struct heap *heap, void *block, size_t size)
{
    if (size > SMALL_MAX)
        free(block);
    else if (size > 0)
        keep(heap, block, steps(size));
}

/* Lua relies on it that a block can always be made smaller. */
static void *move(struct heap *heap, void *block, size_t old_size, size_t new_size)
{
    void *moved = take(heap, new_size);
    if (moved == NULL)
        return new_size < old_size ? block : NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    give(heap, block, old_size);
    return moved;
}

/* Kept out of heap_alloc, so that only this saves registers for what it calls. */
static __attribute__((noinline)) void *resize(
    struct heap *heap, void *block, size_t old_size, size_t new_size)
{
    if (old_size > SMALL_MAX && new_size > SMALL_MAX)
        return realloc(block, new_size);
    if (old_size <= SMALL_MAX && steps(old_size) == steps(new_size))
        return block;
    return move(heap, block, old_size, new_size);
}

void *heap_alloc(void *context, void *block, size_t old_size, size_t new_size)
{
    if (block == NULL) /* old_size is the kind of object then */
        return new_size > 0 ? take(context, new_size) : NULL;
    if (new_size > 0)
        return resize(context, block, old_size, new_size);
    give(context, block, old_size);
    return NULL;
}
