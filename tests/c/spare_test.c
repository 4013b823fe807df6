#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/spare.h"

enum { BLOCKS = 300, STEPS = 200000, SMALL = 104, LARGE = 65537 };

#ifdef __SANITIZE_ADDRESS__
static const bool keeps = false;
#else
static const bool keeps = true;
#endif

static void a_block_given_back_serves_again(void **state)
{
    static const size_t sizes[] = {24, 40, SMALL, 2040, LARGE};

    (void)state;
    spare_start();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *block = spare_malloc(sizes[i]), *again;

        memset(block, 1, sizes[i]);
        spare_free(block);
        again = spare_calloc(1, sizes[i]);
        assert_true(!keeps || again == block);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(((char *)again)[at], 0);
        spare_free(again);
    }
}

static void what_malloc_made_is_kept_too(void **state)
{
    void *block = malloc(SMALL), *again;

    (void)state;
    spare_start();
    spare_free(block);
    again = spare_malloc(SMALL);
    assert_true(!keeps || again == block);
    free(again);
}

static void a_large_block_serves_large_requests(void **state)
{
    void *first = spare_malloc(LARGE), *second = spare_malloc(LARGE), *again;

    (void)state;
    spare_start();
    spare_free(first);
    spare_free(second);
    again = spare_malloc(SMALL);
    assert_ptr_not_equal(again, first);
    spare_free(again);
    again = spare_malloc(LARGE);
    assert_true(!keeps || again == first);
    spare_free(again);
}

static void a_crowd_s_blocks_are_not_all_kept(void **state)
{
    static void *blocks[4000];
    size_t before = mallinfo2().uordblks;

    (void)state;
    spare_start();
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        blocks[i] = spare_malloc(1000);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        spare_free(blocks[i]);
    assert_true(mallinfo2().uordblks < before + 512 * 1024);
}

static void *use_elsewhere(void *block)
{
    spare_free(block);
    return spare_malloc(SMALL);
}

static void another_thread_keeps_none(void **state)
{
    void *kept, *made;
    pthread_t thread;

    (void)state;
    spare_start();
    kept = spare_malloc(SMALL);
    spare_free(kept);
    assert_int_equal(pthread_create(&thread, NULL, use_elsewhere, malloc(SMALL)), 0);
    assert_int_equal(pthread_join(thread, &made), 0);
    assert_ptr_not_equal(made, kept);
    free(made);
    made = spare_malloc(SMALL);
    assert_true(!keeps || made == kept);
    free(made);
}

static void a_product_that_overflows_is_refused(void **state)
{
    (void)state;
    assert_null(spare_calloc(SIZE_MAX / 2, 3));
}

/* A block is full of its number. */
struct model {
    unsigned char *bytes;
    size_t size;
};

static void check(const struct model *model, unsigned char number, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(model->bytes[i], number);
}

static size_t any_size(void)
{
    static const size_t below[] = {64, 3000, 200000};
    int kind = rand() % 64;

    return (size_t)rand() % below[kind < 48 ? 0 : kind < 63 ? 1 : 2] + 1;
}

static void step(struct model *model, unsigned char number)
{
    size_t size = any_size(), before = model->size < size ? model->size : size;

    if (!model->bytes)
        model->bytes = spare_malloc(size);
    else if (rand() % 4 == 0)
        model->bytes = spare_realloc(model->bytes, size);
    else {
        spare_free(model->bytes);
        *model = (struct model){NULL, 0};
        return;
    }
    check(model, number, before);
    memset(model->bytes, number, size);
    model->size = size;
}

static void blocks_keep_their_bytes(void **state)
{
    static struct model models[BLOCKS];

    (void)state;
    spare_start();
    srand(1);
    for (int i = 0; i < STEPS; i++) {
        int number = rand() % BLOCKS;

        check(&models[number], (unsigned char)number, models[number].size);
        step(&models[number], (unsigned char)number);
    }
    for (int i = 0; i < BLOCKS; i++)
        spare_free(models[i].bytes);
}

static void texts_are_copied(void **state)
{
    char *copy = spare_strdup("a text");

    (void)state;
    assert_string_equal(copy, "a text");
    spare_free(copy);
    spare_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_given_back_serves_again),
        cmocka_unit_test(what_malloc_made_is_kept_too),
        cmocka_unit_test(a_large_block_serves_large_requests),
        cmocka_unit_test(a_crowd_s_blocks_are_not_all_kept),
        cmocka_unit_test(another_thread_keeps_none),
        cmocka_unit_test(a_product_that_overflows_is_refused),
        cmocka_unit_test(blocks_keep_their_bytes),
        cmocka_unit_test(texts_are_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
