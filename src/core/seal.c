#include "core/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

enum { NONCE_BYTES = 12, TAG_BYTES = 16, DIGEST_BYTES = 32, SEALED_MAX = 1024 * 1024 };

static int failed(struct err *err)
{
    return err_set(err, ERR_CONFIG, "libcrypto failed");
}

/* Kept: libcrypto looks it up by its name each time otherwise, which costs more than a short
   text. */
static const EVP_MD *sha256(void)
{
    static EVP_MD *fetched;

    if (!fetched)
        fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    return fetched ? fetched : EVP_sha256();
}

int seal_fingerprint(
    char hex[SEAL_HEX_BYTES + 1], const void *bytes, size_t len, struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[DIGEST_BYTES];

    if (!EVP_Digest(bytes, len, digest, NULL, sha256(), NULL))
        return failed(err);
    for (int i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[SEAL_HEX_BYTES] = '\0';
    return 0;
}

static int derive(
    EVP_KDF_CTX *kdf, unsigned char *key, const void *secret, size_t len, const char *purpose)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, len),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_INFO, (void *)purpose, strlen(purpose)),
        OSSL_PARAM_construct_end(),
    };

    return kdf && EVP_KDF_derive(kdf, key, SEAL_KEY_BYTES, params) > 0 ? 0 : -1;
}

int seal_key(unsigned char key[SEAL_KEY_BYTES], const void *secret, size_t len,
    const char *purpose, struct err *err)
{
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *kdf = hkdf ? EVP_KDF_CTX_new(hkdf) : NULL;
    int bad = derive(kdf, key, secret, len, purpose);

    EVP_KDF_CTX_free(kdf);
    EVP_KDF_free(hkdf);
    return bad ? failed(err) : 0;
}

/* out: nonce (set already), then ciphertext, then tag. */
static int encrypt(EVP_CIPHER_CTX *aes, const unsigned char *key, unsigned char *out,
    const void *bytes, int len)
{
    int done, last;
    unsigned char *text = out + NONCE_BYTES;

    return aes && EVP_EncryptInit_ex(aes, EVP_aes_256_gcm(), NULL, key, out) &&
                   EVP_EncryptUpdate(aes, text, &done, bytes, len) &&
                   EVP_EncryptFinal_ex(aes, text + done, &last) &&
                   EVP_CIPHER_CTX_ctrl(aes, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, text + len)
               ? 0
               : -1;
}

static int decrypt(EVP_CIPHER_CTX *aes, const unsigned char *key, unsigned char *out,
    const unsigned char *sealed, int len)
{
    int done, last;
    const unsigned char *text = sealed + NONCE_BYTES;

    return aes && EVP_DecryptInit_ex(aes, EVP_aes_256_gcm(), NULL, key, sealed) &&
                   EVP_DecryptUpdate(aes, out, &done, text, len) &&
                   EVP_CIPHER_CTX_ctrl(
                       aes, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, (void *)(text + len)) &&
                   EVP_DecryptFinal_ex(aes, out + done, &last) > 0
               ? 0
               : -1;
}

int seal_close(struct buf *out, const unsigned char key[SEAL_KEY_BYTES], const void *bytes,
    size_t len, struct err *err)
{
    size_t total = NONCE_BYTES + len + TAG_BYTES;
    unsigned char *sealed;
    EVP_CIPHER_CTX *aes;
    int bad;

    if (len > SEALED_MAX)
        return err_set(err, ERR_USAGE, "too much to seal");
    sealed = malloc(total);
    if (!sealed)
        return err_no_memory(err);
    aes = EVP_CIPHER_CTX_new();
    bad = RAND_bytes(sealed, NONCE_BYTES) != 1 || encrypt(aes, key, sealed, bytes, (int)len)
              ? failed(err)
              : buf_add(out, sealed, total, err);
    EVP_CIPHER_CTX_free(aes);
    free(sealed);
    return bad;
}

int seal_open(struct buf *out, const unsigned char key[SEAL_KEY_BYTES], const void *sealed,
    size_t len, struct err *err)
{
    unsigned char *bytes;
    EVP_CIPHER_CTX *aes;
    size_t text_len = len - NONCE_BYTES - TAG_BYTES;
    int bad;

    if (len < NONCE_BYTES + TAG_BYTES || len > SEALED_MAX)
        return err_set(err, ERR_DECODE, "not a sealed file");
    bytes = malloc(text_len + 1);
    if (!bytes)
        return err_no_memory(err);
    aes = EVP_CIPHER_CTX_new();
    bad = decrypt(aes, key, bytes, sealed, (int)text_len)
              ? err_set(err, ERR_DECODE, "sealed with another key, or damaged")
              : buf_add(out, bytes, text_len, err);
    EVP_CIPHER_CTX_free(aes);
    explicit_bzero(bytes, text_len);
    free(bytes);
    return bad;
}

int seal_add_base64(struct buf *out, const void *bytes, size_t len, struct err *err)
{
    char *text;
    int bad;

    if (len > SEALED_MAX)
        return err_set(err, ERR_USAGE, "too much to encode");
    text = malloc(4 * ((len + 2) / 3) + 1);
    if (!text)
        return err_no_memory(err);
    bad = buf_add(
        out, text, (size_t)EVP_EncodeBlock((unsigned char *)text, bytes, (int)len), err);
    explicit_bzero(text, strlen(text));
    free(text);
    return bad;
}
