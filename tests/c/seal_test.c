#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/seal.h"

static struct err err;

static void make_key(unsigned char key[SEAL_KEY_BYTES], const char *secret, const char *purpose)
{
    assert_int_equal(seal_key(key, secret, strlen(secret), purpose, &err), 0);
}

static void fingerprints(void **state)
{
    char hex[SEAL_HEX_BYTES + 1];

    (void)state;
    assert_int_equal(seal_fingerprint(hex, "abc", 3, &err), 0); /* FIPS 180-4's example */
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void keys_depend_on_secret_and_purpose(void **state)
{
    unsigned char one[SEAL_KEY_BYTES], same[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];

    (void)state;
    make_key(one, "secret", "a");
    make_key(same, "secret", "a");
    assert_memory_equal(one, same, sizeof one);
    make_key(other, "secret", "b");
    assert_memory_not_equal(one, other, sizeof one);
    make_key(other, "secret2", "a");
    assert_memory_not_equal(one, other, sizeof one);
}

static void what_was_sealed_is_opened(void **state)
{
    unsigned char key[SEAL_KEY_BYTES];
    static const size_t lengths[] = {0, 1, 15, 16, 17, 1000, 100000};

    (void)state;
    make_key(key, "secret", "test");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t len = lengths[i];
        char *text = calloc(1, len + 1);
        struct buf sealed, opened;

        memset(text, 'x', len);
        buf_init(&sealed, SIZE_MAX / 2);
        buf_init(&opened, SIZE_MAX / 2);
        assert_int_equal(seal_close(&sealed, key, text, len, &err), 0);
        assert_true(sealed.len > len);
        assert_int_equal(seal_open(&opened, key, sealed.data, sealed.len, &err), 0);
        assert_int_equal(opened.len, len);
        assert_string_equal(buf_text(&opened), text);
        buf_fini(&sealed);
        buf_fini(&opened);
        free(text);
    }
}

static void no_two_are_alike(void **state)
{
    unsigned char key[SEAL_KEY_BYTES];
    struct buf one, two;

    (void)state;
    make_key(key, "secret", "test");
    buf_init(&one, 1000);
    buf_init(&two, 1000);
    assert_int_equal(seal_close(&one, key, "text", 4, &err), 0);
    assert_int_equal(seal_close(&two, key, "text", 4, &err), 0);
    assert_memory_not_equal(one.data, two.data, one.len);
    buf_fini(&one);
    buf_fini(&two);
}

static void assert_refused(const unsigned char *key, const struct buf *sealed, size_t len)
{
    struct buf opened;

    buf_init(&opened, 1000);
    assert_int_equal(seal_open(&opened, key, sealed->data, len, &err), -1);
    assert_int_equal(err.kind, ERR_DECODE);
    assert_int_equal(opened.len, 0);
    buf_fini(&opened);
}

static void every_changed_bit_and_length_is_noticed(void **state)
{
    unsigned char key[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];
    struct buf sealed;

    (void)state;
    make_key(key, "secret", "test");
    make_key(other, "secret", "other");
    buf_init(&sealed, 1000);
    assert_int_equal(seal_close(&sealed, key, "some text", 9, &err), 0);
    assert_refused(other, &sealed, sealed.len);
    for (size_t len = 0; len < sealed.len; len++)
        assert_refused(key, &sealed, len);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_refused(key, &sealed, sealed.len);
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_fini(&sealed);
}

static void base64(void **state)
{
    static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe", "//4="}}; /* RFC 4648 10 */
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&out);
        assert_int_equal(seal_add_base64(&out, rows[i][0], strlen(rows[i][0]), &err), 0);
        assert_string_equal(buf_text(&out), rows[i][1]);
    }
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(keys_depend_on_secret_and_purpose),
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(every_changed_bit_and_length_is_noticed),
        cmocka_unit_test(base64),
    };

    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
