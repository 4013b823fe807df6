#include "core/jsonnumber.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

enum {
    DIGITS_MAX = 19,      /* of which any fit 64 bits */
    SHORT_MAX = 18,       /* of which any fit 63 */
    POWER_MAX = 22,       /* 10^22 is the last power of ten that a double holds exactly */
    EXPONENT_MAX = 99999, /* beyond it all is 0 or infinite */
};

/* digits * 10^scale, exact unless there are more than DIGITS_MAX. */
struct decimal {
    uint64_t digits;
    int count; /* of the digits, zeros in front not counted */
    long scale;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *take_digits(struct decimal *d, const char *at)
{
    for (; is_digit(*at); at++) {
        if (d->count < DIGITS_MAX)
            d->digits = d->digits * 10 + (uint64_t)(*at - '0');
        d->count += d->digits != 0;
    }
    return at;
}

static const char *take_exponent(struct decimal *d, const char *at)
{
    bool negative = *at == '-';
    long exponent = 0;

    at += *at == '-' || *at == '+';
    for (; is_digit(*at); at++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    d->scale += negative ? -exponent : exponent;
    return at;
}

/* Both factors and so the one rounding are exact: W. D. Clinger, "How to Read Floating Point
   Numbers Accurately" (1990). */
static bool is_exact(const struct decimal *d)
{
    return FLT_EVAL_METHOD == 0 && d->count <= DIGITS_MAX &&
           d->digits <= 1ull << DBL_MANT_DIG && labs(d->scale) <= POWER_MAX;
}

static double exact(const struct decimal *d)
{
    static const double tens[POWER_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
        1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    return d->scale < 0 ? (double)d->digits / tens[-d->scale]
                        : (double)d->digits * tens[d->scale];
}

static double nearest(const char *text)
{
    static locale_t c_locale; /* glibc's own object: nothing is allocated */

    if (c_locale == (locale_t)0)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return strtod_l(text, NULL, c_locale);
}

static bool take_integer(struct jsonnumber *out, const struct decimal *d, bool negative)
{
    if (d->count > DIGITS_MAX || d->digits > (uint64_t)INT64_MAX + negative)
        return false;
    out->whole = true;
    out->integer = (int64_t)(negative ? 0 - d->digits : d->digits);
    return true;
}

static bool take_real(struct jsonnumber *out, const struct decimal *d, const char *text)
{
    out->whole = false;
    if (is_exact(d))
        out->real = *text == '-' ? -exact(d) : exact(d);
    else
        out->real = nearest(text);
    return isfinite(out->real);
}

static const char *take_fraction(struct decimal *d, const char *at)
{
    const char *end = take_digits(d, at);

    d->scale -= end - at;
    return end;
}

static const char *refuse(const char **wrong, const char *why, const char *at)
{
    *wrong = why;
    return at;
}

static const char *read_real(struct jsonnumber *out, struct decimal *d, const char *text,
    const char *at, const char **wrong)
{
    if (*at == '.') {
        const char *first = at + 1;

        at = take_fraction(d, first);
        if (at == first)
            return refuse(wrong, "a digit was expected", at);
    }
    if (*at == 'e' || *at == 'E') {
        at = take_exponent(d, at + 1);
        if (!is_digit(at[-1]))
            return refuse(wrong, "a digit was expected", at);
    }
    return take_real(out, d, text) ? at : refuse(wrong, "number too large", text);
}

/* A number that is no short integer; its first digits, those in front of `at`, are `digits`. */
static const char *read_any(struct jsonnumber *out, const char *text, const char *at,
    uint64_t digits, const char **wrong)
{
    const char *first = text + (*text == '-');
    struct decimal d = {.digits = digits, .count = digits != 0 ? (int)(at - first) : 0};

    at = take_digits(&d, at);
    if (at == first)
        return refuse(wrong, "a digit was expected", at);
    if (*first == '0' && at > first + 1)
        return refuse(wrong, "a number starts with 0", first);
    if (*at == '.' || *at == 'e' || *at == 'E')
        return read_real(out, &d, text, at, wrong);
    if (!take_integer(out, &d, *text == '-'))
        return refuse(wrong, "integer beyond 64 bits", text);
    return at;
}

/* Is a number that starts with the bytes from `first` to `end`, all digits, whole and right? */
static bool is_integer(const char *first, const char *end)
{
    return end > first && (*first != '0' || end == first + 1) && !is_digit(*end) &&
           *end != '.' && *end != 'e' && *end != 'E';
}

const char *jsonnumber_read(struct jsonnumber *out, const char *text, const char **wrong)
{
    const char *first = text + (*text == '-');
    const char *at = first;
    uint64_t digits = 0;

    for (; is_digit(*at) && at < first + SHORT_MAX; at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    if (!is_integer(first, at))
        return read_any(out, text, at, digits, wrong);
    out->whole = true;
    out->integer = first > text ? -(int64_t)digits : (int64_t)digits;
    return at;
}
