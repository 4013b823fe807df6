#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/heap.h"

enum { BLOCKS = 200, ROUNDS = 200000, LARGEST = 1500 };

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static void check(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(block->bytes[i], block->mark);
}

/* Gives the block another size, perhaps none, and fills it. */
static void change(struct heap *heap, struct block *block, size_t size, unsigned char mark)
{
    size_t kept = size < block->size ? size : block->size;

    block->bytes = heap_alloc(heap, block->bytes, block->bytes ? block->size : 5, size);
    assert_true((block->bytes != NULL) == (size > 0));
    assert_int_equal((uintptr_t)block->bytes % 16, 0);
    check(block, kept);
    if (size)
        memset(block->bytes, mark, size);
    block->size = size;
    block->mark = mark;
}

static void blocks_keep_what_is_written_into_them(void **state)
{
    struct heap *heap = heap_new();
    struct block blocks[BLOCKS] = {{0}};

    (void)state;
    srand(1);
    for (int i = 0; i < ROUNDS; i++) {
        struct block *block = &blocks[rand() % BLOCKS];

        change(heap, block, (size_t)(rand() % 3 ? rand() % LARGEST : 0), (unsigned char)i);
    }
    for (int i = 0; i < BLOCKS; i++)
        change(heap, &blocks[i], 0, 0);
    heap_free(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_what_is_written_into_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
