/* seal: the little cryptography that siterun needs, from libcrypto: fingerprints of
   credentials, and sealed files that only who has the credentials can read. */
#pragma once
#include <stddef.h>

#include "core/err.h"

struct buf;

enum { SEAL_KEY_BYTES = 32, SEAL_HEX_BYTES = 64 };

/* The SHA-256 of the bytes in lower-case hex, NUL-terminated. */
MUST_USE int seal_fingerprint(
    char hex[SEAL_HEX_BYTES + 1], const void *bytes, size_t len, struct err *err);

/* A key from secret material of any length, for one purpose (HKDF-SHA-256, RFC 5869). */
MUST_USE int seal_key(unsigned char key[SEAL_KEY_BYTES], const void *secret, size_t len,
    const char *purpose, struct err *err);

/* Appends the sealed bytes (AES-256-GCM: nonce, ciphertext, tag). */
MUST_USE int seal_close(struct buf *out, const unsigned char key[SEAL_KEY_BYTES],
    const void *bytes, size_t len, struct err *err);

/* Appends what seal_close had been given. ERR_DECODE when the key is another or a byte
   differs. */
MUST_USE int seal_open(struct buf *out, const unsigned char key[SEAL_KEY_BYTES],
    const void *sealed, size_t len, struct err *err);

/* Appends the bytes in base64 (RFC 4648 4). */
MUST_USE int seal_add_base64(struct buf *out, const void *bytes, size_t len, struct err *err);
