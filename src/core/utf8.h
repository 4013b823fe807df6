/* utf8: is this text UTF-8? Overlong forms, surrogates and code points above U+10FFFF are not.
 */
#pragma once
#include <stddef.h>

/* The number of leading bytes that are valid: `len` when all are. */
size_t utf8_valid(const char *text, size_t len);

/* The length of the character that `text` begins with, 0 when it begins with none. */
size_t utf8_character(const char *text, size_t len);
